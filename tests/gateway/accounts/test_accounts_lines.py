"""An account on another line: what goes with it."""

import pytest

from gateway.accounts import lines
from gateway.texting import stops
from tests.gateway.rails_flow.office import AMINA, Office

NEW = "+254722000007"


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
