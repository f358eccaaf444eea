"""One payment that is told of through several doors, in every order and each twice, is credited once."""

import uuid
from collections.abc import Awaitable, Callable
from itertools import permutations

import pytest

from gateway.clock import DAY_MS
from gateway.reconciling.taking import Bounds, Shortcodes, Source, Taking
from gateway.statements.line import Line
from tests.gateway.rails_flow.office import Office
from tests.gateway.rails_flow.pretend_rail import SHORTCODE, Moved

OWED, PART = 2_160_00, 500_00
Door = Callable[[Office, str, Moved], Awaitable[None]]


async def result(office: Office, payment: str, _: Moved) -> None:
    """The answer to our own request, on its own path."""
    asked, token = office.rail.asked[-1], (await office.request(payment)).token
    await office.receive(office.rail.callback("stk", token, asked.result))


async def confirmation(office: Office, _: str, moved: Moved) -> None:
    """The shortcode is told of every payment, whoever asked for it."""
    await office.receive(office.rail.confirmation(moved))


async def query(office: Office, payment: str, _: Moved) -> None:
    """We ask what became of it, and look for it in the list of payments; nothing to do once it is settled."""
    office.rail.knows = office.rail.lists = True
    row = await office.operation(payment)
    office.clock.now = max(office.clock.now, row.due_at)
    await office.drained()
    office.rail.knows = office.rail.lists = False


async def by_itself(office: Office, _: str, moved: Moved) -> None:
    """The same again, hours later, from the rail's list of what was missed."""
    office.clock.turn(3_600_000)
    await office.receive(office.rail.confirmation(moved))


async def statement(office: Office, _: str, moved: Moved) -> None:
    """A line of the organisation's statement, as finance hands it in."""
    taking = Taking(office.shop.callbacks, office.shop.books, Shortcodes(SHORTCODE, "600998"), Bounds(0, DAY_MS))
    row = Line(
        2, moved.receipt, moved.at, "paid_in", moved.cents, "Completed", None, moved.account, "Pay Bill Online",
        moved.msisdn, f"Pay Bill from {moved.msisdn}",
    )  # fmt: skip
    source = Source(str(uuid.uuid4()), SHORTCODE, str(uuid.uuid4()), "1")
    async with office.store.begin() as connection:
        await taking.taken(connection, source, [row], office.clock())


DOORS: tuple[Door, ...] = (result, confirmation, query, by_itself)

ORDERS = [(*order[: number % 5], statement, *order[number % 5 :]) for number, order in enumerate(permutations(DOORS))]
"""Every order of four of them, and the statement at every place among them."""


class TestDoors:
    @pytest.mark.parametrize("order", ORDERS, ids=lambda order: "-".join(door.__name__ for door in order))
    async def test_it_is_credited_once(self, office: Office, order: tuple[Door, ...]) -> None:
        """Whatever comes first; and the receipt is known in the end."""
        loan = await office.lent()
        office.rail.answer, office.rail.tells = "lost", 0
        office.rail.knows = office.rail.lists = False
        payment = await office.prompt(loan, PART)
        office.clock.turn(3_000)
        await office.drained()
        moved = office.rail.book[-1]

        for door in order:
            await door(office, payment, moved)
            await door(office, payment, moved)
            await office.drained()
        await office.settled()

        assert await office.owed(loan) == OWED - PART
        assert [(row.receipt, row.amount_cents) for row in await office.payments()] == [(moved.receipt, PART)]
        assert (await office.operation(payment)).state == "done"
        assert (await office.templates())[-1] == "repay.paid"
        assert await office.cases() == []
        await office.prove()
