"""A back office with scheduled payments in it, and a calendar that the test turns."""

import uuid
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import update

from flows.turn import Operation, reference
from gateway.books import accounts as chart
from gateway.books.entry import Entry, Line
from gateway.books.integrity import check
from gateway.clock import EAT, local_date, milliseconds
from gateway.config import Config
from gateway.lending.portfolio import Portfolio
from gateway.operations import queue
from gateway.operations.outbox import Context
from gateway.playbooks.autorepay import AutoRepay
from gateway.playbooks.safety import Safety
from gateway.playbooks.savings import InterestTerms, Savings
from gateway.playbooks.scheduling import DAILY, LOOK, Patience, Scheduling
from gateway.playbooks.send import Sending
from gateway.playbooks.telling import Teller
from gateway.schedules import kept, runs
from gateway.schedules.kept import Schedule
from gateway.schedules.tables import schedules
from gateway.store.tables import customers
from gateway.wallet.claims import Claims
from gateway.wallet.limits import Limits
from tests.gateway.rails_flow.office import AMINA, BARAKA, Office

HOUR = 8


async def nothing_pledged(_connection: object, _customer_id: str) -> int:
    return 0


class Planned:
    """`TODAY` is 5 August 2026, a Wednesday; Amina and Baraka have 5,000 each."""

    def __init__(self, office: Office) -> None:
        self.office = office
        shop = office.shop
        wallet = Config().wallet
        limits = Limits(wallet, shop.books)
        self.scheduling = Scheduling(shop.books, shop.portfolio, limits, shop.outbox, Patience(HOUR, 3, 2))
        teller = Teller(shop.outbox)
        savings = Savings(shop.books, teller, InterestTerms((), 0), nothing_pledged)
        sending = Sending(
            shop.books, teller, shop.outbox, limits, Safety(), Claims(shop.books, shop.outbox),
            AutoRepay(shop.books, Portfolio({})), claim_days=None,
        )  # fmt: skip
        for playbook in (savings.saving(), sending.sending(), self.scheduling.daily(), self.scheduling.looking()):
            shop.playbooks[playbook.kind] = playbook

    async def made(self, kind: str = "save", shillings: int = 500, **more: Any) -> str:
        """As agreed to on a phone; its reference. Monthly on the 10th, first on 10 August, unless said otherwise."""
        identity = str(uuid.uuid4())
        about = {"to": BARAKA, "person": BARAKA} if kind == "send" else {}
        intent = {
            "kind": kind, "amount_cents": shillings * 100, "fee_cents": 0, "every": "month", "day": 10,
            "first": "2026-08-10", **about, **more,
        }  # fmt: skip
        operation = Operation(identity, "schedule.create", reference("SC", identity), AMINA, intent)
        async with self.office.store.begin() as connection:
            await self.scheduling.create(connection, operation, Context(AMINA, "s", self.office.clock()))
        return operation.reference

    async def stopped(self, named: str, by: str = AMINA) -> None:
        operation = Operation(str(uuid.uuid4()), "schedule.stop", "SCB2C3D", by, {"schedule": named})
        async with self.office.store.begin() as connection:
            await self.scheduling.stop(connection, operation, Context(by, "s", self.office.clock()))

    async def looked(self, day: str, hour: int = 9) -> None:
        """Come to that day and hour, and let the house work: once a day it looks at what is due."""
        self.office.clock.now = milliseconds(datetime.combine(date.fromisoformat(day), datetime.min.time(), EAT))
        self.office.clock.turn(hour * 3_600_000)
        identity = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{DAILY}:{day}:{hour}"))
        operation = Operation(identity, DAILY, reference("DY", identity), "", {"day": day})
        async with self.office.store.begin() as connection:
            await self.office.shop.outbox.put(connection, operation, is_ours=True)
        await self.office.drained()

    async def looked_daily(self, first: str, last: str) -> None:
        day = date.fromisoformat(first)
        while day <= date.fromisoformat(last):
            await self.looked(day.isoformat())
            day += timedelta(days=1)

    async def given(self, shillings: int) -> None:
        """So much more, or less, in Amina's wallet."""
        cents = shillings * 100
        lines = (Line(chart.OPENING, cents), Line(chart.wallet(AMINA), -cents))
        async with self.office.store.begin() as connection:
            entry = Entry(str(uuid.uuid4()), "given", "Given", lines)
            await self.office.shop.books.post(connection, entry, self.office.clock())

    async def is_now(self, customer: str = AMINA, **values: Any) -> None:
        async with self.office.store.begin() as connection:
            await connection.execute(update(customers).where(customers.c.id == customer).values(**values))

    async def breaks(self, named: str, **values: Any) -> None:
        """What a row says is changed behind the house's back."""
        async with self.office.store.begin() as connection:
            await connection.execute(update(schedules).where(schedules.c.reference == named).values(**values))

    async def stuck(self) -> list[str]:
        """The schedules at which a look stands still."""
        return [row.intent["schedule"] for row in await self.office.operations(LOOK) if row.state == "parked"]

    async def again(self) -> None:
        """Operators have what stands still tried again."""
        for row in await self.office.operations(LOOK):
            if row.state == "parked":
                async with self.office.store.begin() as connection:
                    await queue.again(connection, row.id, state="queued", now=self.office.clock())
        await self.office.drained()

    async def schedule(self, named: str) -> Schedule:
        async with self.office.store.read() as connection:
            found = await kept.by_reference(connection, named)
        assert found is not None
        return found

    async def days(self, named: str) -> dict[str, str]:
        """How each day of a schedule stands."""
        async with self.office.store.read() as connection:
            found = await runs.of_schedule(connection, (await self.schedule(named)).id, 50)
        return {row.due_on: row.state for row in reversed(found)}

    async def wallet(self, customer: str = AMINA) -> int:
        """In shillings."""
        return await self.office.balance(chart.wallet(customer)) // 100

    async def saved(self) -> int:
        return await self.office.balance(chart.savings(AMINA)) // 100

    async def told(self, customer: str = AMINA) -> list[str]:
        return [name for name in await self.office.templates(customer) if not name.startswith("schedule.set_")]

    async def prove(self) -> None:
        async with self.office.store.read() as connection:
            assert await check(connection) == []

    @property
    def today(self) -> date:
        return local_date(self.office.clock())
