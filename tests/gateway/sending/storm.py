"""Thousands of messages through kills, refusals, duplicates and late reports, counted at the carrier's end.

    python -m tests.gateway.sending.storm 20000 [seed]

Two worker processes on one PostgreSQL are killed with SIGKILL at random moments; the carrier's stand-in hangs, hangs
up, answers junk, sends reports twice and late. Then three promises are checked against what really reached phones: a
code or an offer at most once and a code never after its hour, a notice at least once, and every message closed with
a state that agrees with the carrier. Exit code 0 when all of them were kept.
"""

import asyncio
import json
import logging
import random
import shutil
import sys
import tempfile
import uuid
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog
from aiohttp import web
from aiohttp.test_utils import unused_port
from sqlalchemy import func, select, update

from flows.turn import Operation
from gateway import dialogue
from gateway.clock import local_date, system
from gateway.config import AfricasTalking, Config
from gateway.notices import values as say
from gateway.notices.values import typed
from gateway.operations.outbox import Outbox
from gateway.operations.playbook import Playbook
from gateway.operations.settle import Policy
from gateway.operations.worker import Pace, Worker
from gateway.playbooks import message
from gateway.providers.africastalking import Provider
from gateway.sending.carriers import Carriers
from gateway.sending.reports import Reports
from gateway.store.engine import Store
from gateway.store.migrate import migrate
from gateway.store.tables import deliveries, messages, operations
from gateway.web.sms import SmsRoutes
from simulator.standins import app as standins_app
from simulator.standins.faults import Fault
from simulator.standins.settings import Settings
from simulator.standins.world import WORLD, World
from tests.servers import Postgres, wait_until

WORKERS = 2
LEASE_MS = 3_000
HOUR_MS = 3_600_000
TEMPLATES = ("pin.code", "alert.text", "bulk.text", "alert.text")
LATE_ONE_OF = 25
"""So many codes have waited longer than they are good for."""
FAULTS = (
    ("timeout", 0.02, 1.5), ("http-500", 0.02, 0.0), ("drop", 0.02, 0.0), ("busy", 0.03, 0.0), ("slow", 0.02, 0.3),
    ("duplicate-callback", 0.1, 0.1), ("late-callback", 0.1, 1.0),
)  # fmt: skip
SHARES_LEFT = (0.8, 0.98)
"""From one kill to the next so much stays of what is open: there is always something in hand."""
READY = b"ready\n"


@dataclass(frozen=True, slots=True)
class Sent:
    """What was asked for: `text` is as it reaches a phone."""

    template: str
    phone: str
    text: str
    is_late: bool


def worker(url: str, standins: str) -> tuple[Store, Outbox, Worker, Provider]:
    """One process's share of the gateway: the queue and the sender of messages, no more."""
    catalogue = dialogue.catalogue_of(Config())
    store = Store(url, busy_seconds=30)
    settings = AfricasTalking.model_validate(
        {
            "api_key": "nyota-demo-sms-key", "sms_base_url": f"{standins}/africastalking/version1",
            "timeout_seconds": 0.8, "open_callbacks": True,
        }
    )  # fmt: skip
    provider = Provider(settings, ("*383#",))
    carriers = Carriers({provider.name: provider}, [provider.name], system)
    playbooks: dict[str, Playbook] = {}
    send = message.SendStep(carriers, store, lambda: catalogue, system)
    playbooks["sms.send"] = message.playbook(send)
    outbox = Outbox(store, playbooks, {}, system, recall_ms=1)
    pace = Pace(4, LEASE_MS, 0.05, together=50)
    return store, outbox, Worker(store, outbox, playbooks, system, Policy(1000, 50, 400), pace), provider


class Storm:
    """One run."""

    def __init__(self, directory: Path, database: str, count: int, seed: int, *, kills_most: int = 1000) -> None:
        self._directory, self._count = directory, count
        self._random = random.Random(seed)
        self._seed = seed
        self._url = database
        self._kills_most = kills_most
        self._running: list[asyncio.subprocess.Process] = []
        self.kills = 0

    async def run(self) -> list[str]:
        """What was broken; nothing is as it should be. The database is migrated and empty."""
        async with AsyncExitStack() as stack:
            port = unused_port()
            world = await standins_app.start(
                Settings(
                    data=self._directory / "standins", gateway_url=f"http://127.0.0.1:{port}", delivery_seconds=0.2
                )
            )
            stack.push_async_callback(world.stop)
            store, outbox, _, provider = worker(self._url, world.url)
            stack.push_async_callback(store.close)
            await self._listen(stack, SmsRoutes(Reports(store, system), {provider.name: provider}), port)
            for kind, rate, seconds in FAULTS:
                world.runner.app[WORLD].faults.put(Fault("sms", kind, rate, self._seed, seconds))
            asked = await self._asked(store, outbox)
            try:
                await self._through(store, world.url)
            finally:
                for process in self._running:
                    await _killed(process)
            await wait_until(lambda: _is_told(world.runner.app[WORLD]), 60)
            reached = Counter(row["text"] for row in world.runner.app[WORLD].book.all("SELECT text FROM messages"))
            return await self._judged(store, asked, reached)

    async def _listen(self, stack: AsyncExitStack, routes: SmsRoutes, port: int) -> None:
        """Where the carrier's reports go."""
        application = web.Application()
        application.add_routes(routes.table())
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", port).start()

    async def _asked(self, store: Store, outbox: Outbox) -> dict[str, Sent]:
        """Everything at once, as a bad morning would."""
        asked: dict[str, Sent] = {}
        catalogue, now = dialogue.catalogue_of(Config()), system()
        late = list[str]()
        async with store.begin() as connection:
            for number in range(self._count):
                template, phone = TEMPLATES[number % len(TEMPLATES)], f"+2547{20_000_000 + number % 997:08d}"
                said = f"{number:06d}"
                values = {"code": said, "by": say.clock(now)} if template == "pin.code" else {"said": f"Notice {said}"}
                identity = str(uuid.UUID(int=self._random.getrandbits(128)))
                intent = {"template": template, "to": phone, "values": values, "language": "en"}
                await outbox.put(connection, Operation(identity, "sms.send", f"SM{number:014d}", "", intent))
                is_late = template == "pin.code" and number // len(TEMPLATES) % LATE_ONE_OF == 0
                late += [identity] if is_late else []
                text = catalogue.message("en", template, typed(values, local_date(now)))
                asked[identity] = Sent(template, phone, text, is_late)
            columns = operations.c
            await connection.execute(
                update(operations).where(columns.id.in_(late)).values(created_at=now - HOUR_MS - 1000)
            )
        return asked

    async def _through(self, store: Store, standins: str) -> None:
        """Until nothing is open, with kills on the way."""
        self._running += await asyncio.gather(*(self._begun(standins) for _ in range(WORKERS)))
        while self.kills < self._kills_most and (left := await _open(store)):
            enough = int(left * self._random.uniform(*SHARES_LEFT))
            await wait_until(partial(_is_down_to, store, enough), 600)
            if await _open(store):
                await _killed(self._running.pop(self._random.randrange(WORKERS)))
                self.kills += 1
                self._running.append(await self._begun(standins))
        await wait_until(lambda: _is_over(store), 600)

    async def _begun(self, standins: str) -> asyncio.subprocess.Process:
        """A worker that has begun to work: its life counts from then."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.gateway.sending.storm", "--worker", self._url, standins,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        assert process.stdout is not None
        assert await process.stdout.readline() == READY
        return process

    async def _judged(self, store: Store, asked: dict[str, Sent], reached: Counter[str]) -> list[str]:
        found = ((sent, _miscounted(sent, reached[sent.text])) for sent in asked.values())
        broken = [f"{sent.template} {sent.text!r}: {wrong}" for sent, wrong in found if wrong]
        reported = select(deliveries.c.id).where(deliveries.c.provider_id == messages.c.provider_id).exists()
        query = select(
            operations.c.id, operations.c.state, operations.c.data, messages.c.state.label("told"),
            reported.label("is_reported"),
        )  # fmt: skip
        async with store.read() as connection:
            rows = list(await connection.execute(query.outerjoin(messages, messages.c.id == operations.c.id)))
        for row in rows:
            sent = asked[row.id]
            came = reached[sent.text]
            if row.state == "done" and not came:
                broken.append(f"{sent.template} {sent.text!r}: told as sent and never came")
            if row.state == "rejected" and row.data.get("refusal") != message.IN_DOUBT and came:
                broken.append(f"{sent.template} {sent.text!r}: told as refused and came")
            if row.state not in {"done", "rejected"}:
                broken.append(f"{sent.template} {sent.text!r}: {row.state} at the end")
            if row.told == "sent" and row.is_reported:
                broken.append(f"{sent.template} {sent.text!r}: its report has come and is not in it")
            if row.told == "delivered" and not came:
                broken.append(f"{sent.template} {sent.text!r}: told as delivered and never came")
        states = Counter(f"{row.state}/{row.told or 'unwritten'}" for row in rows)
        print(json.dumps({"seed": self._seed, "kills": self.kills, "asked": len(asked), "states": states}, indent=2))
        if sum(states.values()) != self._count:
            broken.append(f"{sum(states.values())} of {self._count} are in the report")
        return broken


def _miscounted(sent: Sent, came: int) -> str | None:
    """Which promise a message broke that reached its phone so often."""
    if sent.template == "alert.text":
        return None if came else "a notice never came"
    if sent.is_late and came:
        return "a code came after its hour"
    return f"came {came} times" if came > 1 else None


async def _killed(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.wait()


async def _open(store: Store) -> int:
    async with store.read() as connection:
        return int(await connection.scalar(select(func.count()).where(operations.c.is_open)) or 0)


async def _is_down_to(store: Store, left: int) -> bool:
    return await _open(store) <= left


async def _is_over(store: Store) -> bool:
    return await _is_down_to(store, 0)


def _is_told(world: World) -> bool:
    """No report of the carrier's is on its way any more."""
    return not world.book.value("SELECT count(*) FROM callbacks WHERE state IN ('pending', 'sending')")


async def _work(url: str, standins: str) -> None:
    _quiet()
    *_, working, _ = worker(url, standins)
    print(READY.decode(), end="", flush=True)
    await working.run()


def _quiet() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def main(arguments: Sequence[str]) -> int:
    if arguments[0] == "--worker":
        asyncio.run(_work(*arguments[1:]))
        return 0
    _quiet()
    count, seed = int(arguments[0]), int(arguments[1]) if len(arguments) > 1 else random.randrange(1_000_000)
    directory = Path(tempfile.mkdtemp(prefix="nyota-storm-"))
    directory.chmod(0o755)
    (directory / "postgres").mkdir()
    postgres = Postgres(directory / "postgres")
    try:
        postgres.start()
        with postgres.lent() as database:
            asyncio.run(migrate(database))
            broken = asyncio.run(Storm(directory, database, count, seed).run())
    finally:
        postgres.stop()
        shutil.rmtree(directory)
    for finding in broken:
        print(finding)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
