"""Standing orders over HTTP, with the pretend M-PESA: asked by an operator, agreed on the phone, listed."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from gateway.clock import local_date
from gateway.store.tables import loans
from tests.gateway.playbooks.street import LOAN
from tests.house import House
from tests.meddling import AMINA, BARAKA, said
from tests.servers import wait_until

PATH = "/api/standing-orders"


@pytest.fixture
def wanted(house: House) -> dict[str, Any]:
    today = local_date(house.gateway.clock())
    return {
        "phoneNumber": "0711000001", "amount": "500", "frequency": "monthly", "startsOn": today.isoformat(),
        "endsOn": (today + timedelta(days=180)).isoformat(), "by": "jane", "reason": "asked for it on the phone",
    }  # fmt: skip


async def asked(house: House, body: dict[str, Any], key: str = "k1") -> tuple[int, Any]:
    return await house.ops("POST", PATH, json=body, headers={"Idempotency-Key": key} if key else {})


class TestOrders:
    async def test_asked_for_agreed_to_and_listed(self, house: House, wanted: dict[str, Any]) -> None:
        """The account is the customer's own phone; the same key again is the same order."""
        status, order = await asked(house, wanted)
        again, same = await asked(house, wanted)

        async def is_agreed() -> bool:
            _, found = await house.ops("GET", f"{PATH}/{order['reference']}")
            return bool(found["state"] == "agreed")

        await wait_until(is_agreed)
        await house.settled()
        _, listed = await house.ops("GET", f"{PATH}?phone=0711000001&state=agreed")
        assert (status, again, same["reference"]) == (202, 200, order["reference"])
        assert (order["state"], order["account"], order["amount"]) == ("asked", "0711000001", "500.00")
        assert [each["reference"] for each in listed["standingOrders"]] == [order["reference"]]
        assert len(await said(house, AMINA, "by itself", order["reference"])) == 1
        _, acts = await house.ops("GET", "/api/staff/actions")
        assert "order.asked" in str(acts)

    async def test_the_same_key_is_the_same_order_also_when_no_new_one_could_be_asked_for(
        self, house: House, wanted: dict[str, Any]
    ) -> None:
        """The loan that it pays is over by then."""
        _, order = await asked(house, {**wanted, "loan": LOAN})
        async with house.gateway.store.begin() as connection:
            await connection.execute(update(loans).values(state="closed"))

        assert (await asked(house, {**wanted, "loan": LOAN}, "k2"))[0] == 404
        assert (await asked(house, {**wanted, "loan": LOAN}))[1]["reference"] == order["reference"]

    async def test_for_a_loan_of_the_customer(self, house: House, wanted: dict[str, Any]) -> None:
        """Nobody else's."""
        _, listed = await house.ops("GET", f"/api/loans?phone={AMINA[1:]}")
        loan = listed["loans"][0]["reference"]

        mine = await asked(house, {**wanted, "loan": loan})
        theirs = await asked(house, {**wanted, "loan": loan, "phoneNumber": BARAKA}, "k2")

        assert (mine[0], mine[1]["account"]) == (202, loan)
        assert theirs[0] == 404

    async def test_pages(self, house: House, wanted: dict[str, Any]) -> None:
        """The newest first."""
        made = [(await asked(house, wanted, f"k{number}"))[1]["reference"] for number in range(3)]

        _, first = await house.ops("GET", f"{PATH}?limit=2")
        _, rest = await house.ops("GET", f"{PATH}?limit=2&cursor={first['cursor']}")

        assert {each["reference"] for each in (*first["standingOrders"], *rest["standingOrders"])} == set(made)
        assert (len(first["standingOrders"]), rest["cursor"]) == (2, None)

    async def test_what_cannot_be_asked_for_is_refused(self, house: House, wanted: dict[str, Any]) -> None:
        """By the field that is wrong."""
        wrong: list[tuple[dict[str, Any], int]] = [
            ({"amount": "500.50"}, 422),
            ({"frequency": "hourly"}, 422),
            ({"startsOn": "2020-01-01"}, 422),
            ({"endsOn": "2020-01-01"}, 422),
            ({"phoneNumber": "0799999999"}, 404),
            ({"phoneNumber": "nobody"}, 404),
            ({"loan": "LN2B3C4"}, 404),
        ]
        await asked(house, wanted, "used")

        assert [(await asked(house, {**wanted, **change}))[0] for change, _ in wrong] == [code for _, code in wrong]
        assert (await asked(house, {**wanted, "amount": "600"}, "used"))[0] == 409
        assert (await asked(house, wanted, ""))[0] == 400
        assert (await house.ops("GET", f"{PATH}/ST2B3C4"))[0] == 404
        assert (await house.ops("GET", f"{PATH}?limit=x"))[0] == 422
        assert (await house.ops("GET", f"{PATH}?phone=1"))[0] == 422
        assert (await house.ops("GET", f"{PATH}?phone=0711999999"))[0] == 404
