"""A run of a plan: time jumps from one thing that happens to the next, until all is over and has settled."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gateway.config import Config
from simulator.campaign import books
from simulator.campaign.facts import Facts
from simulator.virtual.carrier import VirtualCarrier
from simulator.virtual.clock import Agenda, Clock
from simulator.virtual.people import Calls
from simulator.virtual.plan import DAY_MS, Plan
from simulator.virtual.rail import SHORTCODE, VirtualRail
from simulator.virtual.record import Record
from simulator.virtual.town import Town

SETTLE_DAYS = 8
QUIET_DAYS = 3
"""The last of them are left to what waits for an hour at which people may be told: a Sunday may meet a holiday."""
DAWN_MS = 300_000
MOMENT_MS = 1_000

NEXT_DUE = """
    SELECT MIN(MAX(due_at, lease_until)) FROM operations AS mine
    WHERE is_open AND state IN ('queued', 'waiting', 'uncertain') AND NOT EXISTS (
        SELECT 1 FROM operations AS earlier
        WHERE mine.lane <> '' AND earlier.lane = mine.lane AND earlier.is_open AND earlier.number < mine.number
    )
"""

Tell = Callable[[int], None]


@dataclass(frozen=True)
class Outcome:
    """What there is to judge, how often the gateway was killed, and what people typed and saw."""

    facts: Facts
    kills: int
    record: Record


async def lived(plan: Plan, data: Path, redis_url: str, tell: Tell = lambda _day: None) -> Outcome:
    """Run all of it on a fresh database in `data`; `tell` is given the day that has begun."""
    clock, agenda, record = Clock(plan.start), Agenda(), Record()
    town = Town(config_of(data, redis_url), data, clock, plan.deaths)
    town.rail = VirtualRail(plan, clock, agenda, town.told, town.told_meanwhile)
    town.carrier = VirtualCarrier(plan, clock)
    await town.open()
    try:
        calls = Calls(plan, town, clock, agenda, record)
        for act in plan.acts:
            agenda.add(act.at, partial(calls.begin, act))
        for day in range(plan.days + SETTLE_DAYS - QUIET_DAYS):
            agenda.add(plan.start + day * DAY_MS - 7 * 3_600_000 + DAWN_MS, partial(_dawn, town, tell, day))
        await _passed(town, clock, agenda, data, plan.end + SETTLE_DAYS * DAY_MS)
        findings = await town.findings()
    finally:
        await town.close()
    facts = Facts(
        heard=tuple(calls.heard),
        moved=tuple(town.rail.book),
        sms=tuple(town.carrier.delivered),
        books_findings=tuple(findings),
        unknown_screens=tuple(dict.fromkeys(calls.puzzles)),
        **(await books.read(books.url_of(data)))._asdict(),
    )
    return Outcome(facts, len(town.kills), record)


async def _dawn(town: Town, tell: Tell, day: int) -> None:
    tell(day)
    await town.dawned()


async def _passed(town: Town, clock: Clock, agenda: Agenda, data: Path, end: int) -> None:
    """Work, then jump to whatever comes next, until `end` or until nothing comes any more."""
    with closing(sqlite3.connect(f"{(data / books.FILE).absolute().as_uri()}?mode=ro", uri=True)) as database:
        while True:
            await town.work()
            due = database.execute(NEXT_DUE).fetchone()[0]
            coming = [moment for moment in (due, agenda.next_at) if moment is not None]
            if not coming or min(coming) > end:
                return
            clock.reach(min(coming) if min(coming) > clock() or due != min(coming) else clock() + MOMENT_MS)
            while agenda.next_at is not None and agenda.next_at <= clock():
                await agenda.pop()()


def config_of(data: Path, redis_url: str) -> Config:
    """The configuration as it is shipped, with what has to be filled in, and PINs that cost little."""
    account = {"consumer_key": "virtual", "consumer_secret": "virtual", "shortcode": SHORTCODE}
    return Config(
        server={"ops_token": "virtual-operator-token", "callback_token": "0123456789abcdef"},
        database={"url": f"sqlite+aiosqlite:///{data / books.FILE}"},
        redis={"url": redis_url},
        sessions={"secret": "virtual"},
        pins={"pepper": "virtual", "memory_kib": 8192, "time_cost": 1},
        providers={"africastalking": {"api_key": "virtual", "open_callbacks": True}},
        rails={
            "daraja": {
                "collection": account,
                "payout": account,
                "passkey": "virtual",
                "security_credential": "dmlydHVhbA==",
                "pull_msisdn": "254711000000",
            },
            "float": {"poll_minutes": 0},
        },
    )
