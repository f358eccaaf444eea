"""Money that staff take out of somebody's account: two people, once, with the limits of the owner's own phone."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gateway.accounts.tables import staff_actions
from gateway.store import customers
from tests.gateway.playbooks.street import AMINA, prove
from tests.house import House, Houses
from tests.servers import wait_until

WANTED = {"phone": "0711000001", "amount": "500.00", "by": "jane", "why": "came in person"}
YES = {"by": "omar"}


async def asked(house: House, account: str = "wallet", key: str = "", **body: Any) -> tuple[int, Any]:
    headers = {"Idempotency-Key": key} if key else {}
    return await house.ops("POST", f"/api/{account}/withdraw", json={**WANTED, **body}, headers=headers)


async def answered(house: House, reference: str, account: str = "wallet", **body: Any) -> tuple[int, Any]:
    return await house.ops("POST", f"/api/{account}/acts/{reference}/confirm", json={**YES, **body})


async def over(house: House, kind: str) -> str:
    """How the one operation of a kind ended."""

    async def is_over() -> bool:
        return any(not row.is_open for row in await house.operations(kind))

    await wait_until(is_over, 20)
    (row,) = await house.operations(kind)
    return str(row.state)


async def accounts(house: House) -> tuple[int, int]:
    """What Amina has in her wallet and in her savings."""
    async with house.gateway.store.read() as connection:
        amina = await customers.on_line(connection, AMINA)
    assert amina is not None
    return await house.balance(f"wallet:{amina.id}"), await house.balance(f"savings:{amina.id}")


class TestFromAWallet:
    async def test_it_goes_to_the_owners_line_once_a_second_person_agrees(self, house: House) -> None:
        """Nothing before; then as if asked on the phone, on record with both names, and told to the owner."""
        status, order = await asked(house)
        alone = [await answered(house, order["reference"], by=by) for by in ("jane", "amina wanjiru")]
        before = await accounts(house), await house.operations("wallet.withdraw"), await house.texts(AMINA)
        agreed = await answered(house, order["reference"])

        assert await over(house, "wallet.withdraw") == "done"
        money = await house.outside.money()
        assert (status, order["amount"], order["phone"]) == (202, "500.00", AMINA)
        assert ([status for status, _ in alone], before) == ([409, 409], ((5_000_00, 1_200_00), [], []))
        assert (agreed[0], agreed[1]["state"]) == (200, "approved")
        assert [(each.phone, each.amount) for each in money.movements] == [(AMINA, "500.00")]
        fee = round(float(order["fee"]) * 100)
        assert await accounts(house) == (4_500_00 - fee, 1_200_00)
        await prove(house)
        async with house.gateway.store.read() as connection:
            rows = await connection.execute(select(staff_actions).where(staff_actions.c.action == "account.order"))
            assert [(row.by, row.detail["account"]) for row in rows] == [("jane", "wallet"), ("omar", "wallet")]

    async def test_a_no_moves_nothing_and_tells_nobody(self, house: House) -> None:
        """The owner never asked for it. A second answer is too late."""
        _, order = await asked(house)

        await answered(house, order["reference"], decision="decline")

        assert await over(house, "account.order") == "rejected"
        assert (await answered(house, order["reference"], by="otis"))[0] == 409
        assert (await accounts(house), await house.texts(AMINA)) == ((5_000_00, 1_200_00), [])
        assert await house.operations("wallet.withdraw") == []

    async def test_a_key_makes_it_one(self, house: House) -> None:
        """Three at once, one order; another body under the key is refused."""
        same = await asyncio.gather(*(asked(house, key="7f3c") for _ in range(3)))
        other = await asked(house, key="7f3c", amount="600.00")

        assert same[0][0] == 202
        assert same == [same[0]] * 3
        assert (other[0], other[1]["type"]) == (409, "urn:nyota:problem:idempotency-key-reused")
        assert len(await house.operations("account.order")) == 1

    @pytest.mark.parametrize(
        ("body", "status", "kind"),
        [
            ({"amount": "500.50"}, 422, "invalid"),
            ({"amount": "5.005"}, 422, "invalid"),
            ({"phone": "12"}, 422, "invalid"),
            ({"by": "j"}, 422, "invalid"),
            ({"phone": "0711000003"}, 404, "no-such-customer"),
            ({"amount": "5001.00"}, 409, "insufficient-funds"),
        ],
    )
    async def test_what_cannot_be_is_said_at_once(
        self, house: House, body: dict[str, str], status: int, kind: str
    ) -> None:
        """And nobody is asked to agree to it."""
        found, answer = await asked(house, **body)

        assert (found, answer["type"]) == (status, f"urn:nyota:problem:{kind}")
        assert await house.operations("account.order") == []


class TestFromSavings:
    async def test_it_goes_to_the_owners_wallet(self, house: House) -> None:
        """Cents too; it is no order of the wallet's, and is told like any other move."""
        _, order = await asked(house, "savings", amount="200.50")
        elsewhere = await answered(house, order["reference"])
        await answered(house, order["reference"], "savings")

        assert await over(house, "savings.move") == "done"
        assert elsewhere[0] == 404
        assert (order["fee"], await accounts(house)) == ("0.00", (5_200_50, 999_50))
        await prove(house)

    async def test_no_more_than_there_is(self, house: House) -> None:
        """What is there is said."""
        status, answer = await asked(house, "savings", amount="1200.01")

        assert status == 409
        assert answer["detail"].endswith("1200.00 KES available")


class TestSavings:
    async def test_what_they_hold_and_what_has_moved(self, house: House) -> None:
        """By phone in any form; the newest movement first, page after page."""
        _, order = await asked(house, "savings", amount="200.00")
        await answered(house, order["reference"], "savings")
        await over(house, "savings.move")

        _, found = await house.ops("GET", "/api/savings/+254711000001")
        _, first = await house.ops("GET", "/api/savings/0711000001/transactions?limit=1")
        _, second = await house.ops("GET", f"/api/savings/0711000001/transactions?limit=1&cursor={first['cursor']}")

        assert found == {
            "phoneNumber": AMINA, "currency": "KES", "balance": "1000.00", "available": "1000.00",
            "pledged": "0.00", "goal": found["goal"],
        }  # fmt: skip
        rows = [*first["transactions"], *second["transactions"]]
        assert [(row["amount"], row["balance"]) for row in rows] == [("-200.00", "1000.00"), ("1200.00", "1200.00")]

    @pytest.mark.parametrize(
        ("path", "status"), [("12", 422), ("0711000003", 404), ("0711000001/transactions?limit=x", 422)]
    )
    async def test_what_cannot_be_read_is_said(self, house: House, path: str, status: int) -> None:
        """A problem, not a guess."""
        assert (await house.ops("GET", f"/api/savings/{path}"))[0] == status


class TestAtOnce:
    async def test_the_same_key_at_the_same_moment_is_one_order(
        self, tmp_path: Path, fresh_postgres: str, fresh_redis: str
    ) -> None:
        """All hear the same; one second person is asked. Another body under the key is refused, however close."""
        paid = {**WANTED, "amount": "300"}
        moved = {"from": "0711000001", "to": "0711000002", "amount": "10.00", "reason": "agreed"}
        headers = {"Idempotency-Key": "k1"}
        async with AsyncExitStack() as stack:
            house = await Houses(stack, tmp_path, fresh_postgres, fresh_redis).build(works=False)

            orders = await asyncio.gather(*(asked(house, key="k1") for _ in range(4)))
            payouts = await asyncio.gather(
                *(house.ops("POST", "/api/mpesa/b2c/pay", json=paid, headers=headers) for _ in range(4))
            )
            transfers = await asyncio.gather(
                *(house.ops("POST", "/api/wallet/transfer", json=moved, headers=headers) for _ in range(4)),
                house.ops("POST", "/api/wallet/transfer", json={**moved, "amount": "20.00"}, headers=headers),
            )

            for answers in (orders, payouts):
                assert [status for status, _ in answers] == [202] * 4, answers
                assert len({said["reference"] for _, said in answers}) == 1
            assert sorted(status for status, _ in transfers) in ([202] * 4 + [409], [202] + [409] * 4)
            for kind in ("account.order", "mpesa.pay", "wallet.transfer"):
                assert len(await house.operations(kind)) == 1
