"""Wallets for operators: what one holds, what moved on it, and moving money once per key."""

from typing import Any

import pytest

from gateway.books import accounts as chart
from gateway.clock import local_date, system
from gateway.demo import PEOPLE
from tests.gateway.playbooks.street import AMINA, PIN, dialled
from tests.house import House

AMINAS, BARAKAS = (chart.wallet(person.id) for person in PEOPLE[:2])
BODY = {"from": "0711000001", "to": "+254 711 000 002", "amount": "500.50", "reason": "sent to the wrong person"}


async def transfer(house: House, key: str | None = "key-1", **changes: Any) -> tuple[int, Any]:
    headers = {"Authorization": "Bearer 0123456789abcdef"} | ({"Idempotency-Key": key} if key else {})
    async with house.http.post(
        f"{house.url}/api/wallet/transfer", json={**BODY, **changes}, headers=headers
    ) as response:
        return response.status, await response.json(content_type=None)


class TestWallet:
    async def test_it_says_what_is_there_and_what_may_still_move(self, house: House) -> None:
        """Amounts are strings with two decimals."""
        status, answer = await house.ops("GET", "/api/wallet/0711000001")

        assert status == 200
        assert answer == {
            "phoneNumber": AMINA,
            "currency": "KES",
            "balance": "5000.00",
            "available": "5000.00",
            "held": "0.00",
            "tier": 2,
            "outgoingFrom": None,
            "limits": {
                "mostHeld": "500000.00",
                "deposit": {"least": "10.00", "mostNow": "250000.00"},
                "withdraw": {"least": "10.00", "mostNow": "250000.00"},
                "send": {"least": "10.00", "mostNow": "100000.00"},
            },
        }

    @pytest.mark.parametrize(("phone", "status"), [("12345", 422), ("0799999999", 404)])
    async def test_a_phone_that_is_none_or_nobodys_is_a_problem(self, house: House, phone: str, status: int) -> None:
        """Said as one."""
        found, answer = await house.ops("GET", f"/api/wallet/{phone}")

        assert found == status
        assert answer["type"].startswith("urn:nyota:problem:")

    async def test_only_operators_may_look(self, house: House) -> None:
        """Without a token, nothing."""
        async with house.http.get(f"{house.url}/api/wallet/0711000001") as response:
            assert response.status == 401


class TestTransactions:
    async def test_pages_follow_each_other_without_gaps(self, house: House) -> None:
        """The newest first, each with the balance after it."""
        for shillings in ("100", "200", "300"):
            await dialled(house, "6", "3", "0711000002", shillings, PIN)
            await house.settled()
        seen: list[Any] = []
        cursor = ""
        while cursor is not None:
            path = f"/api/wallet/0711000001/transactions?limit=2&cursor={cursor}"
            status, page = await house.ops("GET", path)
            assert status == 200
            seen += page["transactions"]
            cursor = page["cursor"]

        assert [each["amount"] for each in seen] == ["-300.00", "-200.00", "-100.00", "5000.00"]
        assert [each["balance"] for each in seen] == ["4400.00", "4700.00", "4900.00", "5000.00"]
        assert [(each["kind"], each["about"]) for each in seen[:3]] == [("person", "Baraka Otieno")] * 3
        assert seen[3]["kind"] == "opening"

    async def test_days_are_chosen_as_they_are_in_nairobi(self, house: House) -> None:
        """Both ends included."""
        today = local_date(system()).isoformat()
        for days, count in ((f"from={today}&to={today}", 1), ("to=2020-01-01", 0), ("from=2199-01-01", 0)):
            status, page = await house.ops("GET", f"/api/wallet/0711000001/transactions?{days}")
            assert status == 200
            assert len(page["transactions"]) == count
            assert page["cursor"] is None

    @pytest.mark.parametrize("query", ["limit=x", "cursor=abc", "cursor=1-x", "from=5.8.2026", "to=never"])
    async def test_what_cannot_be_read_is_said(self, house: House, query: str) -> None:
        """A problem, not a guess."""
        status, answer = await house.ops("GET", f"/api/wallet/0711000001/transactions?{query}")

        assert (status, answer["type"]) == (422, "urn:nyota:problem:invalid")


class TestTransfer:
    async def test_it_moves_once_per_key(self, house: House) -> None:
        """The same request again answers what has become of the first; both people are told."""
        status, answer = await transfer(house)
        assert status == 202
        assert (answer["amount"], answer["currency"], answer["to"]) == ("500.50", "KES", "+254711000002")
        await house.settled()

        status, again = await transfer(house)

        assert (status, again["reference"], again["state"]) == (200, answer["reference"], "done")
        assert (await house.balance(AMINAS), await house.balance(BARAKAS)) == (4_499_50, 12_500_50)
        assert "Nyota moved Ksh 500.50 from your wallet to BARAKA O." in (await house.texts(AMINA))[0]

    async def test_the_same_key_with_another_body_is_refused(self, house: House) -> None:
        """Whichever part of it differs."""
        await transfer(house)
        for changes in ({"amount": "1.00"}, {"reason": "another one"}, {"from": "0711000002", "to": "0711000001"}):
            status, answer = await transfer(house, **changes)
            assert (status, answer["type"]) == (409, "urn:nyota:problem:idempotency-key-reused")

    @pytest.mark.parametrize(
        ("key", "changes", "status", "name"),
        [
            (None, {}, 400, "idempotency-key-missing"),
            ("k", {"amount": "0"}, 422, "invalid"),
            ("k", {"amount": "1.005"}, 422, "invalid"),
            ("k", {"amount": "-5"}, 422, "invalid"),
            ("k", {"reason": " "}, 422, "invalid"),
            ("k", {"colour": "red"}, 422, "invalid"),
            ("k", {"to": "123"}, 422, "invalid"),
            ("k", {"to": "0711000003"}, 404, "no-such-customer"),
            ("k", {"to": "0711000001"}, 422, "same-wallet"),
            ("k", {"amount": "5000.01"}, 409, "insufficient-funds"),
        ],
    )
    async def test_what_cannot_be_is_said_and_moves_nothing(
        self, house: House, key: str | None, changes: dict[str, str], status: int, name: str
    ) -> None:
        """As a problem with a stable type."""
        found, answer = await transfer(house, key, **changes)

        assert (found, answer["type"]) == (status, f"urn:nyota:problem:{name}")
        assert await house.balance(AMINAS) == 5_000_00
        assert await house.operations("wallet.transfer") == []
