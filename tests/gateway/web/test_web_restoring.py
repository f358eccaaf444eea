"""What operators see of a restore by HTTP."""

from gateway.accounts.audit import Deed
from gateway.restoring import records
from tests.house import House
from tests.servers import wait_until

SAID = {"by": "jane", "why": "the statement is in"}
RESUME = {"direction": "disburse", "by": "jane", "why": "in need"}


class TestRestoring:
    async def test_a_database_that_was_never_restored_has_nothing_to_say(self, house: House) -> None:
        """Neither what became of it nor anything to ask again; health is well."""
        shown, problem = await house.ops("GET", "/api/restore")
        again, _ = await house.ops("POST", "/api/restore/catch-up", json=SAID)
        nonsense, _ = await house.ops("POST", "/api/restore/catch-up", json={"by": "jane"})
        _, health = await house.ops("GET", "/healthz")

        assert (shown, problem["type"]) == (404, "urn:nyota:problem:not-found")
        assert (again, nonsense) == (404, 422)
        assert health["checks"]["restore"] == {"status": "ok"}

    async def test_payouts_are_let_go_when_it_is_caught_up_with_or_in_need(self, house: House) -> None:
        """Before, health says so and resuming is refused unless it is said to be meant."""
        now = house.gateway.clock()
        async with house.gateway.store.begin() as connection:
            await records.marked(connection, Deed("jane", "jane", "the disk died", "", now))
        _, health = await house.ops("GET", "/healthz")
        early, problem = await house.ops("POST", "/api/rails/all/resume", json=RESUME)
        status, _ = await house.ops("POST", "/api/rails/all/resume", json={**RESUME, "anyway": True})
        await house.ops("POST", "/api/restore/catch-up", json=SAID)

        async def is_caught_up() -> bool:
            _, body = await house.ops("GET", "/api/restore")
            return bool(body["state"] == "caught_up")

        await wait_until(is_caught_up)
        assert health["checks"]["restore"]["status"] == "degraded"
        assert (early, problem["type"]) == (409, "urn:nyota:problem:not-caught-up")
        assert status == 200
