"""The states of a request: those that are drawn are those there are."""

from pathlib import Path
from typing import get_args

import pytest

from gateway.rails.contract import Result
from gateway.rails.requests import settled
from gateway.rails.states import MOVES, SHOWN, Shown, drawing, shown_state
from tests.gateway.rails_flow.office import Office, office_on

DOCS = Path(__file__).parents[3] / "docs"


async def moved(office: Office, before: str, result: Result) -> Shown:
    """Where a request in this state is after the rail has said this."""
    named = await office.prompt(await office.lent(), 500_00)
    office.rail.tells = 0
    office.clock.turn(4_000)
    await office.drained()
    request = await office.request(named)
    async with office.store.begin() as connection:
        started = STARTS[before]
        if started is not None:
            await settled(connection, request, started, "callback", office.clock())
    request = await office.request(named)
    assert shown_state(request) == before
    async with office.store.begin() as connection:
        await settled(connection, request, result, "callback", office.clock())
    return shown_state(await office.request(named))


PAID = Result("done", "0", "paid", "paid", receipt="UA99", amount_cents=500_00)
STARTS: dict[str, Result | None] = {
    "PENDING": None,
    "COMPLETED": PAID,
    "CANCELLED": Result("refused", "1032", "cancelled", ""),
    "FAILED": Result("refused", "1", "low", ""),
    "EXPIRED": Result("refused", "expired", "timeout", ""),
}
SAID = (
    *(each for each in STARTS.values() if each is not None),
    Result("uncertain", "1037", "uncertain", ""), Result("pending", "", "uncertain", ""),
)  # fmt: skip


class TestMoves:
    @pytest.mark.parametrize("before", get_args(Shown))
    async def test_the_rail_moves_a_request_as_it_is_drawn_and_no_other_way(
        self, fresh_sqlite: str, before: str
    ) -> None:
        """Whatever it says, from every state."""
        drawn = {(start, end) for start, end, _ in MOVES} | {(before, before)}
        seen = set()
        async with office_on(fresh_sqlite) as office:
            office.rail.tells = 0
            for result in SAID:
                seen.add((before, await moved(office, before, result)))

        assert seen <= drawn
        assert {move for move in drawn if move[0] == before} <= seen | {(before, before)}

    def test_nothing_leads_away_from_money_that_moved(self) -> None:
        """It is never unsaid."""
        assert all(start != "COMPLETED" for start, _, _ in MOVES)
        assert {end for _, end, _ in MOVES} | {"PENDING"} == set(get_args(Shown)) == set(SHOWN.values())


def test_the_page_shows_the_drawing_as_the_code_draws_it() -> None:
    """Copied from `gateway.rails.states.drawing`."""
    assert f"```mermaid\n{drawing()}\n```" in (DOCS / "mpesa.md").read_text(encoding="utf-8")
