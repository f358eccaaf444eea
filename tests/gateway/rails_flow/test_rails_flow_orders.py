"""A standing order: asked for once, agreed to or not on the customer's phone, told once. Money moves by none of it."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from sqlalchemy import select

from flows.turn import Operation
from gateway.accounts.audit import Deed
from gateway.errors import NotACallback, Rejected, Unavailable, Uncertain
from gateway.operations import queue
from gateway.operations.claims import work_of
from gateway.orders import kept
from gateway.orders.kept import Order
from gateway.playbooks.ordering import KIND, RESULT, AskOrderStep, Orders
from gateway.playbooks.telling import Teller
from gateway.rails import pauses
from gateway.rails.callbacks import Callback
from gateway.rails.contract import Acknowledged
from gateway.rails.daraja_organisation import DarajaOrganisation
from gateway.rails.organisation import StandingOrder
from gateway.rails.steps import Addresses
from gateway.restoring import records
from gateway.store.tables import messages
from tests.gateway.rails_flow.office import AMINA, Office

REFERENCE = "STB4K7N"
HOUR_MS = 3_600_000


@dataclass
class PretendOrganisation:
    """Takes orders, or says what it is told to."""

    error: Exception | None = None
    asked: list[StandingOrder] = field(default_factory=list)

    async def order(self, request: StandingOrder) -> Acknowledged:
        self.asked.append(request)
        if self.error is not None:
            raise self.error
        return Acknowledged("12345-1")


class Counter:
    """An office that asks for standing orders."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.rail = PretendOrganisation()
        orders = Orders(Teller(office.shop.outbox), office.clock)
        self.step = AskOrderStep(
            cast("DarajaOrganisation", self.rail), office.store, Addresses("http://nyota", "token"), office.clock,
            rail="daraja", answer_ms=24 * HOUR_MS,
        )  # fmt: skip
        office.shop.playbooks[KIND] = orders.playbook(self.step)
        office.shop.callbacks.takers[RESULT] = orders.answered

    async def asks(self) -> None:
        async with self.office.store.begin() as connection:
            await kept.put(connection, self.new())
            await self.office.shop.outbox.put(connection, Operation("order-1", KIND, REFERENCE, AMINA, {}))
        await self.office.drained()

    def new(self) -> Order:
        return Order(
            "order-1", REFERENCE, AMINA, AMINA, 500_00, "monthly", "2026-09-05", "2027-03-05", "LN7K2QD", "jane",
            self.office.clock(),
        )  # fmt: skip

    async def order(self) -> Order:
        async with self.office.store.read() as connection:
            found = await kept.find(connection, "order-1")
        assert found is not None
        return found

    async def answers(self, code: str, status: str, token: str | None = None) -> str:
        """The customer's phone; the verdict it was kept with."""
        data = {"TransactionID": "UKL1", "responseCode": code, "Status": status}
        items = [{"name": name, "value": value} for name, value in data.items()]
        body = {"responseHeader": {"responseCode": code}, "responseBody": {"responseData": items}}
        return await self.says(body, (await self.order()).token if token is None else token)

    async def says(self, body: dict[str, Any], token: str) -> str:
        return await self.office.receive(Callback(RESULT, token, json.dumps(body), "127.0.0.1", self.office.clock()))

    async def state(self) -> tuple[str, str]:
        """The order's, and its operation's."""
        await self.office.drained()
        return (await self.order()).state, (await self.office.operation(REFERENCE)).state

    async def texts(self) -> list[str]:
        async with self.office.store.read() as connection:
            return list((await connection.execute(select(messages.c.text))).scalars())


@pytest.fixture
def counter(office: Office) -> Counter:
    return Counter(office)


class TestAsking:
    async def test_agreed_it_is_told_once(self, counter: Counter) -> None:
        """With the account that each payment will name; the answer comes twice."""
        await counter.asks()
        waits = await counter.state()
        verdicts = [await counter.answers("0", "OKAY") for _ in range(2)]

        assert waits == ("asked", "waiting")
        assert verdicts == ["applied", "repeated"]
        assert await counter.state() == ("agreed", "done")
        (text,) = await counter.texts()
        assert all(word in text for word in ("Ksh 500", "LN7K2QD", "5 Sep", "5 Mar", REFERENCE))
        (asked,) = counter.rail.asked
        assert (asked.name, asked.reference, asked.amount_cents) == (REFERENCE, "LN7K2QD", 500_00)
        assert asked.callback_url == f"http://nyota/api/public/pay/token/order/result/{(await counter.order()).token}"
        await counter.office.prove()

    async def test_not_agreed_nobody_is_told(self, counter: Counter) -> None:
        """The customer knows; the operator sees the code."""
        await counter.asks()
        await counter.answers("1032", "ERROR")

        assert await counter.state() == ("refused", "rejected")
        assert ((await counter.order()).code, await counter.texts()) == ("1032", [])

    async def test_what_the_rail_refuses_is_over(self, counter: Counter) -> None:
        """It has not even asked."""
        counter.rail.error = Rejected("bad request", "1051")

        await counter.asks()

        assert await counter.state() == ("refused", "rejected")

    async def test_one_of_before_a_restore_is_not_asked_for_again(self, counter: Counter) -> None:
        """The copy does not know whether it was: a second order would take the money twice."""
        async with counter.office.store.begin() as connection:
            await kept.put(connection, counter.new())
            await counter.office.shop.outbox.put(connection, Operation("order-1", KIND, REFERENCE, AMINA, {}))
        counter.office.clock.turn(1)
        async with counter.office.store.begin() as connection:
            await records.marked(connection, Deed("jane", "Jane", "disk lost", "", counter.office.clock()))

        await counter.office.drained()
        counter.office.clock.turn(25 * HOUR_MS)

        assert await counter.state() == ("asked", "parked")
        assert counter.rail.asked == []

    async def test_an_outage_is_waited_out(self, counter: Counter) -> None:
        """Provably nothing was asked."""
        counter.rail.error = Unavailable("away")
        await counter.asks()
        counter.rail.error = None
        counter.office.clock.turn(HOUR_MS)

        assert await counter.state() == ("asked", "waiting")
        assert len(counter.rail.asked) == 2

    async def test_in_doubt_it_is_never_asked_for_again(self, counter: Counter) -> None:
        """A person finds out; an answer that comes after all settles it."""
        counter.rail.error = Uncertain("no answer")
        await counter.asks()
        counter.office.clock.turn(25 * HOUR_MS)

        assert await counter.state() == ("asked", "parked")
        assert await counter.answers("0", "OKAY") == "applied"
        assert await counter.state() == ("agreed", "done")
        assert len(counter.rail.asked) == 1

    async def test_while_nothing_is_collected_nothing_is_asked_for(self, counter: Counter) -> None:
        """A pause is a pause."""
        async with counter.office.store.begin() as connection:
            await pauses.paused(connection, "daraja", "collect", Deed("jane", "Jane", "maintenance", "", 1))

        await counter.asks()

        assert await counter.state() == ("asked", "queued")
        assert counter.rail.asked == []


class TestAnswers:
    async def test_one_on_another_path_is_forged(self, counter: Counter) -> None:
        """Whoever does not know the path has not been asked."""
        await counter.asks()

        assert [await counter.answers("0", "OKAY", token) for token in ("", "guessed")] == ["forged", "forged"]
        assert await counter.state() == ("asked", "waiting")

    async def test_one_without_a_code_is_none(self, counter: Counter) -> None:
        """It is refused as no callback."""
        await counter.asks()

        with pytest.raises(NotACallback):
            await counter.says({"responseHeader": {}}, (await counter.order()).token)


class TestTwoWorkers:
    async def test_only_one_of_them_asks(self, each_office: Office) -> None:
        """One of them has lost its claim without knowing: the customer sees one order on the phone, and agrees once."""
        counter = Counter(each_office)
        async with each_office.store.begin() as connection:
            await kept.put(connection, counter.new())
            await each_office.shop.outbox.put(connection, Operation("order-1", KIND, REFERENCE, AMINA, {}))
            work = work_of(await queue.find(connection, "order-1"))

        await asyncio.gather(*(counter.step.attempt(work) for _ in range(4)))

        assert len(counter.rail.asked) == 1
