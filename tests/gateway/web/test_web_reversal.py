"""A payment given back by two people, through the whole house."""

from typing import Any

from tests.gateway.playbooks.street import prove
from tests.gateway.web.test_web_suspense import STRANGER, paid
from tests.house import House, Houses
from tests.servers import wait_until

JANE = {"by": "jane", "why": "paid twice, case CS6R2KD"}
OMAR = {"by": "omar", "why": "seen both SMS"}


async def proposed(house: House, receipt: str) -> str:
    status, said = await house.ops("POST", "/api/mpesa/reversal", json={"receipt": receipt, **JANE})
    assert status == 202, said
    return str(said["reference"])


async def confirmed(house: House, named: str, by: dict[str, Any] = OMAR, act: str = "confirm") -> int:
    return (await house.ops("POST", f"/api/mpesa/reversal/{named}/{act}", json=by))[0]


async def is_over(house: House, named: str) -> bool:
    return not (await house.operation(named)).is_open


async def held(house: House, receipt: str) -> str:
    return str((await house.ops("GET", f"/api/mpesa/suspense/{receipt}"))[1]["state"])


class TestReversing:
    async def test_a_held_payment_goes_back_once(self, houses: Houses) -> None:
        """Set aside, sent, proved, booked; nobody can be given it afterwards."""
        house = await houses.build()
        receipt = await paid(house)
        named = await proposed(house, receipt)
        alone = await confirmed(house, named, {**OMAR, "by": "jane"})

        done = await confirmed(house, named)
        await wait_until(lambda: is_over(house, named))

        assert (alone, done) == (409, 200)
        _, said = await house.ops("GET", f"/api/mpesa/query/{named}")
        assert [(each["kind"], each["state"]) for each in said["requests"]] == [("reversal", "COMPLETED")]
        assert await held(house, receipt) == "refunded"
        moved = [(each.kind, each.amount_cents) for each in (await house.outside.money()).movements]
        assert moved == [("c2b", 500_00), ("reversal", 500_00)]
        assert await house.balance("suspense") == await house.balance("mpesa.collection") == 0
        again, _ = await house.ops("POST", "/api/mpesa/reversal", json={"receipt": receipt, **JANE})
        assert again == 409

    async def test_what_is_in_a_wallet_is_taken_from_there_and_its_owner_is_told(self, house: House) -> None:
        """A payment that was meant for somebody else."""
        before = await house.balance("mpesa.collection")
        body = {"phone": STRANGER, "amount": 300, "account": "0711000002"}
        async with house.http.post(f"{house.standins_url}/control/c2b", json=body) as answer:
            assert answer.status == 200

        async def is_here() -> bool:
            return await house.balance("mpesa.collection") == before + 300_00

        await wait_until(is_here)
        named = await proposed(house, (await house.outside.money()).movements[-1].receipt)
        await confirmed(house, named)
        await wait_until(lambda: is_over(house, named))
        await house.settled()

        assert (await house.operation(named)).state == "done"
        assert await house.balance("mpesa.collection") == before
        assert "zimerudishwa kwa M-PESA zilikotoka" in (await house.texts("+254711000002"))[-1]

    async def test_declined_it_stays_where_it_is(self, house: House) -> None:
        """And may be assigned to somebody."""
        receipt = await paid(house)
        named = await proposed(house, receipt)
        wish = {"to": "refund", "phone": STRANGER, **JANE}
        taken, _ = await house.ops("POST", f"/api/mpesa/suspense/{receipt}/assign", json=wish)

        status = await confirmed(house, named, act="decline")
        await wait_until(lambda: is_over(house, named))

        assert (taken, status, await held(house, receipt)) == (409, 200, "held")
        await prove(house)


class TestRefused:
    async def test_bad_input_is_a_problem_that_names_the_field(self, house: House) -> None:
        """Unknown, malformed, without a reason."""
        for body, status in (
            ({"receipt": "UA404NOBODY", **JANE}, 404),
            ({"receipt": "; drop", **JANE}, 422),
            ({"receipt": "UA12BC34DE", "by": "jane"}, 422),
            ({**JANE}, 422),
        ):
            found, said = await house.ops("POST", "/api/mpesa/reversal", json=body)
            assert found == status and said["detail"].split(":")[0] in {"receipt", "why"}, said
        assert await confirmed(house, "RV404") == 404
