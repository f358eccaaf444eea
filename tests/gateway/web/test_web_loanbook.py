"""The reports on the loan book as operators read them."""

import json

from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from gateway.web.loanbook import LoanBookRoutes
from tests.gateway.lending.test_lending_portfolio import DAY_MS, desk_on
from tests.gateway.rails_flow.office import START


class TestRows:
    async def test_a_late_loan_is_shown_with_its_amounts(self, database_url: str) -> None:
        """Thirty-three days after the pay-out it is three days late."""
        async with desk_on(database_url) as desk:
            await desk.lend()
            routes = LoanBookRoutes(desk.store, desk.portfolio, lambda: START + 33 * DAY_MS)

            ageing = await routes.ageing(make_mocked_request("GET", "/"))
            par = await routes.par(make_mocked_request("GET", "/?format=csv"))

        rows = {row["band"]: row for row in _json(ageing)["rows"]}
        assert (rows["1-30"]["loans"], rows["1-30"]["principal"]) == (1, "2000.00")
        assert rows["current"]["principal"] == "0.00"
        assert (par.text or "").splitlines()[1:3] == ["quick,1,2000.00,2000.00,100.00", "quick,30,0.00,2000.00,0.00"]


def _json(response: web.Response) -> dict[str, list[dict[str, object]]]:
    found: dict[str, list[dict[str, object]]] = json.loads(response.text or "")
    return found
