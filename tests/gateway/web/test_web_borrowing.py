"""Limits, duties and collateral over HTTP, and what people see of them on the phone."""

from typing import Any

from gateway.clock import local_date
from tests.gateway.playbooks.street import AMINA, PIN, borrow, dialled
from tests.house import House, Houses

EXCISE = {"name": "excise", "on": "fee", "percent": "20", "from": "2022-07-01"}


async def limit(house: House) -> dict[str, Any]:
    status, found = await house.ops("GET", f"/api/loans/limits/{AMINA}")
    assert status == 200
    return dict(found)


class TestLimits:
    async def test_what_somebody_may_owe_and_why(self, house: House) -> None:
        """The ceiling, what is in use, the score and its reasons."""
        found = await limit(house)

        assert (found["ceiling"], found["limit"], found["inUse"]) == ("5000.00", "5000.00", "2000.00")
        assert (found["score"], found["officerDecides"], found["refused"]) == (50, False, False)
        assert found["reasons"][0] == {"code": "next", "value": 600000}

    async def test_staff_set_it_and_say_why(self, house: House) -> None:
        """On the phone at once, and kept."""
        body = {"amount": "8000.00", "by": "jane", "why": "payslip seen"}

        status, found = await house.ops("PUT", f"/api/loans/limits/{AMINA}", json=body)

        assert (status, found["limit"]) == (200, "8000.00")
        [change] = found["changes"]
        assert (change["from"], change["to"], change["by"], change["why"]) == (
            "5000.00", "8000.00", "jane", "payslip seen",
        )  # fmt: skip
        assert "Your limit Ksh 8,000" in await dialled(house, "2")

    async def test_somebody_blocked_is_offered_nothing_of_the_house(self, house: House) -> None:
        """Until it is cleared; people may still be asked."""
        said = {"by": "jane", "why": "fraud"}

        _, found = await house.ops("POST", f"/api/loans/blocked/{AMINA}", json=said)
        blocked = await dialled(house, "2")
        _, after = await house.ops("POST", f"/api/loans/blocked/{AMINA}/clear", json=said)

        assert (found["limit"], found["refused"]) == ("0.00", True)
        assert "Quick" not in blocked
        assert (after["limit"], after["flags"][0]["clearedBy"]) == ("5000.00", "jane")
        assert "Quick" in await dialled(house, "2")

    async def test_what_is_wrong_is_said(self, house: House) -> None:
        """Nobody there, and no amount."""
        assert (await house.ops("GET", "/api/loans/limits/0711999999"))[0] == 404
        assert (await house.ops("PUT", f"/api/loans/limits/{AMINA}", json={"amount": "-1"}))[0] == 422
        assert (await house.ops("GET", "/api/loans/LNNOBODY/collateral"))[0] == 404
        assert (await house.ops("GET", "/api/books/taxes?month=August"))[0] == 422

    async def test_what_is_put_up_for_a_loan_is_on_record(self, house: House) -> None:
        """By its reference."""
        body = {"description": "A cow, brown", "value": "30000.00", "by": "jane"}

        status, _ = await house.ops("POST", "/api/loans/LN7K2QD/collateral", json=body)

        _, found = await house.ops("GET", "/api/loans/LN7K2QD/collateral")
        assert status == 201
        assert [(each["description"], each["value"]) for each in found["collateral"]] == [("A cow, brown", "30000.00")]


class TestTaxes:
    async def test_a_duty_from_the_screen_to_the_report(self, houses: Houses) -> None:
        """What is shown is what is paid, booked and reported."""
        house = await houses.build(taxes=[EXCISE])

        cost = await dialled(house, *borrow(2_000, PIN)[:-2])
        await dialled(house, *borrow(2_000, PIN))
        await house.settled()

        assert "Fee 20, duty 4, interest 160" in cost
        assert [moved.amount_cents for moved in (await house.outside.money()).movements] == [1_976_00]
        month = house.gateway.clock()
        _, found = await house.ops("GET", f"/api/books/taxes?month={_month(month)}")
        assert found["duties"] == [
            {"name": "excise", "on": "fee", "percent": "20", "loans": 1, "base": "20.00", "duty": "4.00"}
        ]
        assert (found["owed"], found["other"], found["remitted"]) == ("4.00", "0.00", "0.00")
        assert "duty 4" in (await house.texts(AMINA))[-1]


def _month(now: int) -> str:

    return f"{local_date(now):%Y-%m}"
