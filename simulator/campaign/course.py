"""The course of a campaign: break everything at once, then mend it, let it settle, and judge what is left.

Nothing is kept unless the judge finds something, or a directory was named for it.
"""

import asyncio
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import aiohttp

from simulator.campaign import books, report
from simulator.campaign.crowd import Crowd, Owners
from simulator.campaign.diary import Diary
from simulator.campaign.facts import Facts, Moved, Sms
from simulator.campaign.outside import WholeOutside
from simulator.campaign.plan import FAULTS, Plan, Span, drawn
from simulator.campaign.stage import Servers, Stage
from simulator.errors import SimulatorError
from simulator.load.child import ChildError, end_on_sigterm

PROMPT_SECONDS = 4.0
FINISH_SECONDS = 120.0
SETTLE_SECONDS = 180.0
CONTROL_SECONDS = 30.0
"""These are for a machine that has much else to do; nobody waits for longer than it takes."""
LOOK_SECONDS = 0.25
LOOKS_AT_REST = 4
AIM_SECONDS_MAX = 3.0


def run(seconds: float, seed: int, customers: int, out: Path | None, servers: Servers | None = None) -> int:
    """Run a whole campaign, on SQLite or on `servers`. Exit code 0 when every promise was kept, 1 otherwise."""
    directory = out or Path(tempfile.mkdtemp(prefix="nyota-campaign-"))
    directory.mkdir(parents=True, exist_ok=True)
    if any(directory.iterdir()):
        print(f"{directory} is not empty; name a new directory", file=sys.stderr)
        return 1
    plan = drawn(seed, customers, seconds)
    print(f"campaign: seed {seed}, {customers} customers, {seconds:g} s", flush=True)
    try:
        facts = asyncio.run(_campaign(plan, seconds, directory, servers))
    except (ChildError, SimulatorError) as error:
        print(f"campaign could not run (seed {seed}): {error}; kept in {directory}", file=sys.stderr)
        return 1
    except asyncio.CancelledError:
        print(f"campaign was ended before its time (seed {seed}); kept in {directory}", file=sys.stderr)
        return 1
    differences = report.told(plan, seconds, facts, directory)
    if differences or out:
        print(f"kept in {directory}")
    else:
        shutil.rmtree(directory)
    return 1 if differences else 0


async def _campaign(plan: Plan, seconds: float, directory: Path, servers: Servers | None) -> Facts:
    end_on_sigterm()
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    with Diary(directory / "driver.jsonl") as diary:
        async with aiohttp.ClientSession(connector=connector) as http:
            stage = Stage(directory, http, servers)
            try:
                await stage.open()
                outside = WholeOutside(http, stage.outside_url, timeout_seconds=CONTROL_SECONDS)
                await _arrange(outside, plan)
                with report.progress(seconds + SETTLE_SECONDS) as tell:
                    await _broken(
                        stage, Crowd(plan, http, stage.url, diary), Owners(plan, outside), plan, seconds, tell
                    )
                    await _settled(stage, outside, tell)
                return await _collected(stage, outside, diary)
            finally:
                stage.close()


async def _arrange(outside: WholeOutside, plan: Plan) -> None:
    """Prompts wait for their owners; some people have no M-PESA; everything that can go wrong does."""
    await outside.change(autoAnswer=False, promptSeconds=PROMPT_SECONDS, callbackSeconds=0.3, deliverySeconds=0.0)
    for person in plan.people:
        if not person.has_mpesa:
            await outside.without_mpesa(person.phone)
    for fault in FAULTS:
        await outside.breaks(fault, seed=plan.seed)


async def _broken(stage: Stage, crowd: Crowd, owners: Owners, plan: Plan, seconds: float, tell: report.Tell) -> None:
    """People dial and gateways die, until time is up; then the people finish their calls."""
    answering = asyncio.create_task(owners.run())
    dialling = asyncio.create_task(crowd.run())
    try:
        await _killing(stage, crowd, plan, seconds, tell)
        crowd.stopping.set()
        await asyncio.wait_for(dialling, FINISH_SECONDS)
    finally:
        for task in (dialling, answering):
            task.cancel()
        await asyncio.gather(dialling, answering, return_exceptions=True)


async def _killing(stage: Stage, crowd: Crowd, plan: Plan, seconds: float, tell: report.Tell) -> None:
    """Each gateway lives as long as the plan says; the last one lives on."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    for number, life in enumerate(plan.lives):
        left = deadline - loop.time()
        tell(f"breaking, gateway {number + 1}", seconds - left)
        await asyncio.sleep(max(0.0, min(life.seconds, left)))
        if loop.time() >= deadline:
            return
        await _aimed(crowd, life)
        stage.kill(stage.victims(plan.chance(number)))
        await stage.revive()


async def _aimed(crowd: Crowd, life: Span) -> None:
    """Wait for what the kill is aimed at, though not for ever, and a moment more."""
    if life.aim == "anywhere":
        return
    moment = crowd.confirming if life.aim == "confirming" else crowd.confirmed
    moment.clear()
    with suppress(TimeoutError):
        async with asyncio.timeout(AIM_SECONDS_MAX):
            await moment.wait()
    if life.aim_seconds:
        await asyncio.sleep(life.aim_seconds)


async def _settled(stage: Stage, outside: WholeOutside, tell: report.Tell) -> None:
    """No more faults; wait until nothing is under way on either side, or until patience ends and the judge says so."""
    await outside.heal()
    await outside.change(autoAnswer=True, autoAnswerSeconds=0.2)
    loop = asyncio.get_running_loop()
    started, at_rest = loop.time(), 0
    while at_rest < LOOKS_AT_REST and loop.time() - started < SETTLE_SECONDS:
        tell("settling", None)
        await asyncio.sleep(LOOK_SECONDS)
        resting = (await outside.pending()).is_nothing and not await books.unsettled(stage.database)
        at_rest = at_rest + 1 if resting else 0


async def _collected(stage: Stage, outside: WholeOutside, diary: Diary) -> Facts:
    """What each side has written down."""
    money, messages = await outside.money(), await outside.all_messages()
    await stage.retire()
    findings = await stage.books_findings()
    kept = await books.read(stage.database)
    return Facts(
        heard=diary.heard,
        lives=tuple(stage.lives),
        moved=tuple(
            Moved(
                moved.receipt,
                moved.kind,
                moved.phone,
                moved.amount_cents,
                moved.reference,
                moved.shortcode,
                moved.at.timestamp(),
            )
            for moved in money.movements
        ),
        sms=tuple(Sms(message.phone, message.text, message.at.timestamp()) for message in messages),
        books_findings=findings,
        unknown_screens=tuple(diary.unknown_screens),
        **kept._asdict(),
    )
