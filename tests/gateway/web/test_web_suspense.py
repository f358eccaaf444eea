"""Money that nobody knows the owner of, through the whole house: by HTTP, from a terminal, with the rail."""

from pathlib import Path
from typing import Any

import pytest

from gateway.store import customers
from tests.gateway.playbooks.street import prove
from tests.gateway.web.test_web_rail_control import typed
from tests.house import OPS_TOKEN, House, Houses
from tests.servers import wait_until

AMINA = "+254711000001"
STRANGER = "+254722000007"
JANE = {"by": "jane", "why": "they called about it"}
OMAR = {"by": "omar", "why": "saw their SMS"}

WISHES: list[tuple[dict[str, Any], str]] = [
    ({"to": "loan", **JANE}, "loan: needed"),
    ({"to": "wallet", **JANE}, "phone: needed"),
    ({"to": "wallet", "phone": "911", **JANE}, "phone: not a Kenyan"),
    ({"to": "wallet", "phone": "0733000000", **JANE}, "phone: nobody has"),
    ({"to": "loan", "loan": "LN2222222", **JANE}, "loan: no loan"),
    ({"to": "bank", **JANE}, "to: "),
    ({"to": "refund", "by": "jane"}, "why: "),
    ({"to": "refund", "phone": "0733000000", **JANE}, "phone: M-PESA shows that another"),
]
"""What cannot be, and what the refusal names."""


async def paid(house: House, amount: int = 500, account: str = "KODI") -> str:
    """A stranger pays for an account that nobody knows; the receipt, once it is here."""
    body = {"phone": STRANGER, "amount": amount, "account": account}
    async with house.http.post(f"{house.standins_url}/control/c2b", json=body) as answer:
        assert answer.status == 200, await answer.text()
    receipt = (await house.outside.money()).movements[-1].receipt

    async def is_here() -> bool:
        return (await house.ops("GET", f"/api/mpesa/suspense/{receipt}"))[0] == 200

    await wait_until(is_here)
    return receipt


async def agreed(house: House, receipt: str, target: dict[str, Any]) -> dict[str, Any]:
    """Two people send it there; what is seen of it afterwards."""
    status, said = await house.ops("POST", f"/api/mpesa/suspense/{receipt}/assign", json={**target, **JANE})
    assert status == 202, said
    status, said = await house.ops("POST", f"/api/mpesa/suspense/{receipt}/confirm", json=OMAR)
    assert status == 200, said
    await wait_until(lambda: is_over(house, receipt))
    return dict((await house.ops("GET", f"/api/mpesa/suspense/{receipt}"))[1])


async def is_over(house: House, receipt: str) -> bool:
    """Whether the money has gone where two people said."""
    return bool((await house.ops("GET", f"/api/mpesa/suspense/{receipt}"))[1]["state"] != "asked")


class TestAssigning:
    async def test_a_held_payment_is_seen_assigned_and_booked(self, houses: Houses) -> None:
        """From the paybill to a wallet, with every name on the way."""
        house = await houses.build()
        before = await house.balance(f"wallet:{await _customer(house)}")
        receipt = await paid(house)
        _, page = await house.ops("GET", "/api/mpesa/suspense?state=held")

        found = await agreed(house, receipt, {"to": "wallet", "phone": "0711 000 001"})

        assert page["waiting"] == "500.00" and page["cursor"] is None
        [shown] = page["payments"]
        assert (shown["receipt"], shown["account"], shown["amount"], shown["state"]) == (
            receipt, "KODI", "500.00", "held",
        )  # fmt: skip
        assert (found["state"], found["assignment"]["by"], found["assignment"]["confirmedBy"]) == (
            "assigned", "jane", "omar",
        )  # fmt: skip
        assert await house.balance(f"wallet:{await _customer(house)}") == before + 500_00
        assert (await house.ops("GET", "/api/mpesa/suspense?state=held"))[1]["payments"] == []
        await prove(house)

    async def test_a_refund_is_paid_by_the_rail_once(self, house: House) -> None:
        """Back to the phone that paid."""
        receipt = await paid(house)

        found = await agreed(house, receipt, {"to": "refund", "phone": STRANGER})

        assert found["state"] == "refunded"
        [out] = [each for each in (await house.outside.money()).movements if each.kind == "b2c"]
        assert (out.phone, out.amount_cents) == (STRANGER, 500_00)
        await prove(house)

    async def test_from_a_terminal(self, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The same routes, typed by two people."""
        receipt = await paid(house)
        monkeypatch.setenv("NYOTA_SERVER__OPS_TOKEN", OPS_TOKEN)
        desk = ("--url", house.url)

        listed = await typed("suspense", "list", *desk)
        asked = await typed(
            "suspense", "assign", receipt, "--wallet", "0711000001", "--by", "jane", "--why", "they called", *desk
        )
        alone = await typed("suspense", "confirm", receipt, "--by", "jane", "--why", "sure", *desk)
        done = await typed("suspense", "confirm", receipt, "--by", "omar", "--why", "sure", *desk)
        await house.settled()

        assert (
            listed[0] == 0 and f"{receipt} " in listed[1] and "KES 500.00 from 2547 ***** 007 for 'KODI'" in listed[1]
        )
        assert asked[0] == 0 and "waits for a second person" in asked[1]
        assert alone[0] == 1 and "a second person decides" in alone[1]
        assert done[0] == 0 and "confirmed" in done[1]
        assert (await house.ops("GET", f"/api/mpesa/suspense/{receipt}"))[1]["state"] == "assigned"


class TestRefused:
    async def test_a_wish_that_cannot_be_is_refused_naming_the_field(self, house: House) -> None:
        """And the payment stays held."""
        receipt = await paid(house)

        for body, said in WISHES:
            status, answer = await house.ops("POST", f"/api/mpesa/suspense/{receipt}/assign", json=body)
            assert status == 422 and said in answer["detail"], (body, answer)

        assert (await house.ops("GET", f"/api/mpesa/suspense/{receipt}"))[1]["state"] == "held"

    async def test_unknown_receipts_and_pages(self, house: House) -> None:
        """Problems that say what is wrong; and nobody without the token."""
        unknown, _ = await house.ops("POST", "/api/mpesa/suspense/UA404/assign", json={"to": "refund", **JANE})
        undecided, _ = await house.ops("POST", "/api/mpesa/suspense/UA404/confirm", json=OMAR)
        state, _ = await house.ops("GET", "/api/mpesa/suspense?state=lost")
        cursor, _ = await house.ops("GET", "/api/mpesa/suspense?cursor=x")
        async with house.http.get(f"{house.url}/api/mpesa/suspense") as response:
            stranger = response.status

        assert (unknown, undecided, state, cursor, stranger) == (404, 404, 422, 422, 401)


async def _customer(house: House) -> str:
    async with house.gateway.store.read() as connection:
        found = await customers.on_line(connection, AMINA)
    assert found is not None
    return str(found.id)
