"""Scheduled payments at the operators' desk."""

import re

from tests.gateway.playbooks.street import PIN, dialled
from tests.house import House
from tests.meddling import AMINA, said

PATH = "/api/schedules"


class TestSchedules:
    async def test_made_on_the_phone_listed_and_stopped_on_record(self, house: House) -> None:
        """The customer is told; a second time there is nothing left to stop."""
        screen = await dialled(house, "7", PIN, "6", "500", "2", "31", PIN)
        found = re.search(r"(SC\w+) is set", screen)
        assert found, screen
        named = found[1]

        _, listed = await house.ops("GET", f"{PATH}?phone=0711000001&state=active&limit=1")
        why = {"by": "jane", "reason": "asked for it at the desk"}
        status, stopped = await house.ops("POST", f"{PATH}/{named}/stop", json=why)
        again, _ = await house.ops("POST", f"{PATH}/{named}/stop", json=why)
        _, one = await house.ops("GET", f"{PATH}/{named.lower()}")
        await house.settled()

        [seen] = listed["schedules"]
        assert (seen["reference"], seen["kind"], seen["every"], seen["day"]) == (named, "save", "month", 31)
        assert (seen["amount"], seen["currency"], seen["phoneNumber"]) == ("500.00", "KES", AMINA)
        assert (status, stopped["state"], stopped["why"], stopped["nextOn"], again) == (
            200, "stopped", "staff", None, 409,
        )  # fmt: skip
        assert one == {**stopped, "runs": []}
        assert len(await said(house, AMINA, named, "was stopped by Nyota")) == 1
        _, acts = await house.ops("GET", "/api/staff/actions")
        assert "schedule.stopped" in str(acts)

    async def test_what_is_asked_for_badly_is_said(self, house: House) -> None:
        """Each by its own problem; nobody without the token sees anything."""
        statuses = [
            (await house.ops("GET", f"{PATH}?{query}"))[0]
            for query in ("limit=x", "cursor=x", "state=lost", "phone=0711000077")
        ]
        unknown, _ = await house.ops("GET", f"{PATH}/SC99999")
        gone, _ = await house.ops("POST", f"{PATH}/SC99999/stop", json={"by": "jane", "reason": "no more"})
        nobody, _ = await house.ops("POST", f"{PATH}/SC99999/stop", json={"reason": "no more"})

        assert (statuses, unknown, gone, nobody) == ([422, 422, 422, 404], 404, 404, 422)
        async with house.http.get(f"{house.url}{PATH}") as response:
            assert response.status == 401
