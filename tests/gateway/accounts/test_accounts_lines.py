"""An account on another line: what goes with it."""

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation
from gateway.accounts import lines
from gateway.operations.outbox import Context
from gateway.store import customers
from gateway.texting import stops
from tests.gateway.rails_flow.office import AMINA, Office

NEW, NEWER = "+254722000007", "+254722000008"


class TestStops:
    @pytest.mark.parametrize("is_stopped", [True, False])
    async def test_who_wants_no_reminders_wants_none_on_the_new_line(self, office: Office, is_stopped: bool) -> None:
        """And whoever has the old line next has said nothing."""
        async with office.store.begin() as connection:
            if is_stopped:
                await stops.stopped(connection, AMINA, "word", office.clock())

            await lines.moved(
                connection, AMINA, NEW, why="changed", operation_id="op", now=office.clock(), cool_ms=0
            )  # fmt: skip

            assert await stops.among(connection, [AMINA, NEW]) == (frozenset([NEW]) if is_stopped else frozenset())

    async def test_what_the_carrier_has_told_stays_with_the_line(self, office: Office) -> None:
        """It holds there until START; whoever left wants none on the new line either."""
        async with office.store.begin() as connection:
            await stops.stopped(connection, AMINA, stops.CARRIER, office.clock())

            await lines.moved(
                connection, AMINA, NEW, why="changed", operation_id="op", now=office.clock(), cool_ms=0
            )  # fmt: skip
            both = await stops.among(connection, [AMINA, NEW])
            await lines.moved(
                connection, AMINA, NEWER, why="lost", operation_id="op-2", now=office.clock(), cool_ms=0
            )  # fmt: skip

            assert both == {AMINA, NEW}
            assert await stops.among(connection, [AMINA, NEW, NEWER]) == {AMINA, NEWER}

    @pytest.mark.parametrize("order", [(stops.WORD, stops.CARRIER), (stops.CARRIER, stops.WORD)])
    async def test_said_in_words_and_by_the_carrier_it_stays_with_the_line(
        self, each_office: Office, order: tuple[str, str]
    ) -> None:
        """In either order."""
        office = each_office
        async with office.store.begin() as connection:
            for why in order:
                await stops.stopped(connection, AMINA, why, office.clock())

            await stops.left(connection, AMINA, office.clock())

            assert await stops.is_stopped(connection, AMINA)

    @pytest.mark.parametrize(
        ("who", "why", "is_later", "is_stopped"),
        [
            ("another", stops.WORD, False, False),
            ("the same", stops.WORD, False, True),
            ("another", stops.CARRIER, False, True),
            ("another", stops.WORD, True, True),
        ],
    )
    async def test_whoever_opens_an_account_on_the_line_of_another_has_said_nothing(
        self, office: Office, who: str, why: str, is_later: bool, is_stopped: bool
    ) -> None:
        """Who comes back has; so has whoever said it after the other had left, and the carrier speaks for the line."""
        async with office.store.begin() as connection:
            await customers.changed(connection, AMINA, national_id="12345678")
            if not is_later:
                await stops.stopped(connection, AMINA, why, office.clock())
            amina = await customers.get(connection, AMINA)
            await lines.given_up(connection, amina, "closing", office.clock())
            office.clock.turn(1_000)
            if is_later:
                await stops.stopped(connection, AMINA, why, office.clock())

            await opened(connection, AMINA, "12345678" if who == "the same" else "87654321", office.clock())

            assert await stops.is_stopped(connection, AMINA) is is_stopped


async def opened(connection: AsyncConnection, msisdn: str, national_id: str, now: int) -> None:
    """An account on a line, and what follows from it."""
    await customers.added(
        connection, "new", msisdn=msisdn, name="Neema", language="en", state="active", national_id=national_id,
        created_at=now,
    )  # fmt: skip
    operation = Operation("registration", "customer.register", "RG2B4K7", "", {})
    await lines.joined(connection, operation, "new", Context(msisdn, "session", now))
