"""Every callback sent one to twenty times, half of them in parallel, some before our own call returned.

    python -m tests.gateway.rails_flow.storm 10000

Half of them are payments that come by themselves, half results of pay-outs. Whatever the order, each has exactly one
effect and every repeat is answered alike.
"""

import asyncio
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from gateway.books import accounts as chart
from gateway.errors import BrokenInvariant
from gateway.rails.callbacks import Callback
from gateway.sources import Sources
from gateway.spool import Spool
from gateway.store import customers
from gateway.store.migrate import migrate
from gateway.web.rails import Gate, RailRoutes
from tests.gateway.rails_flow.office import START, Office, office_on

TOKEN = "fedcba9876543210"
TIMES_MAX = 20
AT_ONCE = 40
PAID, LENT, NET = 100_00, 500_00, 495_00


@dataclass
class Storm:
    """What was sent, and what is wrong."""

    callbacks: int = 0
    sent: int = 0
    early: int = 0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)


async def storm(office: Office, folder: Path, count: int, seed: int) -> Storm:
    """`count` callbacks in all."""
    chance, found = random.Random(seed), Storm()
    async with _web(office, folder) as client:
        callbacks = [
            *await _pay_outs(office, client, count // 2, chance, found),
            *_payments(office, count - count // 2),
        ]
        found.callbacks = len(callbacks) + found.early
        started = time.perf_counter()
        answers = await _sent(client, callbacks, chance, found)
        found.seconds = time.perf_counter() - started
    await office.settled()
    found.wrong += [f"{purpose}: {said}" for purpose, said in answers.items() if len(said) != 1]
    await _counted(office, count, found)
    return found


def _web(office: Office, folder: Path) -> "TestClient[web.Request, web.Application]":
    spool = Spool(folder / "spool", Callback)
    routes = RailRoutes(office.shop.callbacks, spool, Gate((TOKEN,), Sources(), 65_536), office.clock)
    application = web.Application()
    application.add_routes(routes.table())
    return TestClient(TestServer(application))


def _payments(office: Office, count: int) -> list[Callback]:
    """From strangers, to no account that we know."""
    return [office.rail.pay_paybill(f"+2547{number:08}", PAID, f"nobody {number}") for number in range(count)]


async def _pay_outs(
    office: Office, client: "TestClient[web.Request, web.Application]", count: int, chance: random.Random, found: Storm
) -> list[Callback]:
    """Loans that were paid out; one result in ten came while our own call was still under way."""
    for number in range(count):
        phone = f"+2541{number:08}"
        async with office.store.begin() as connection:
            await customers.added(
                connection, phone, msisdn=phone, name="Chebet Lelei", language="en", state="active",
                limit_cents=LENT, created_at=START,
            )  # fmt: skip
        await _borrowed(office, phone)
    late: list[Callback] = []

    async def interrupted() -> None:
        newest = office.rail.outbox.pop()
        if chance.random() < 0.1:
            found.early += 1
            await _post(client, newest)
        else:
            late.append(newest)

    office.rail.hook, office.rail.early = interrupted, True
    await office.drained()
    office.rail.hook, office.rail.early = None, False
    return late


async def _borrowed(office: Office, phone: str) -> None:
    """Among thousands two may draw the same reference: whoever comes second asks again."""
    while True:
        try:
            await office.borrow(LENT, phone)
        except BrokenInvariant:
            continue
        return


async def _sent(
    client: "TestClient[web.Request, web.Application]", callbacks: Sequence[Callback], chance: random.Random,
    found: Storm,
) -> dict[str, Counter[str]]:  # fmt: skip
    """The answers by purpose: each kind must have one only."""
    deliveries = [each for each in callbacks for _ in range(chance.randint(1, TIMES_MAX))]
    chance.shuffle(deliveries)
    found.sent = len(deliveries)
    answers: dict[str, Counter[str]] = defaultdict(Counter)
    alone, together = deliveries[: len(deliveries) // 2], deliveries[len(deliveries) // 2 :]
    for each in alone:
        answers[each.purpose][await _post(client, each)] += 1
    for start in range(0, len(together), AT_ONCE):
        some = together[start : start + AT_ONCE]
        for each, said in zip(some, await asyncio.gather(*(_post(client, each) for each in some)), strict=True):
            answers[each.purpose][said] += 1
    return answers


async def _post(client: "TestClient[web.Request, web.Application]", callback: Callback) -> str:
    path = "/".join(part for part in (f"/api/public/pay/{TOKEN}", callback.purpose, callback.token) if part)
    async with client.post(path, data=callback.body) as response:
        return f"{response.status} {await response.text()}"


async def _counted(office: Office, count: int, found: Storm) -> None:
    """One effect each, to the cent, and books that prove themselves."""
    lent, paid = count // 2, count - count // 2
    receipts = [row.receipt for row in await office.payments()]
    expected = {
        "payments": (len(receipts), paid),
        "receipts": (len(set(receipts)), paid),
        "loans": (Counter([row.state for row in await office.operations("loan.disburse")]), Counter(done=lent)),
        "collected": (await office.balance(chart.COLLECTION), paid * PAID),
        "paid out": (await office.balance(chart.PAYOUT), -lent * NET),
        "in transit": (await office.balance(chart.TRANSIT), 0),
    }
    found.wrong += [f"{what}: {ours}, not {right}" for what, (ours, right) in expected.items() if ours != right]
    await office.prove()


async def main(count: int, seed: int) -> int:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{folder}/nyota.db"
        await migrate(url)
        async with office_on(url) as office:
            found = await storm(office, Path(folder), count, seed)
    print(f"seed {seed}: {found.callbacks} callbacks ({found.early} of them early), sent {found.sent} times")
    print(f"{found.sent / found.seconds:.0f} a second; differences: {len(found.wrong)}")
    print(*found.wrong, sep="\n")
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(10**6))))
