"""What a customer owes beside any loan, for operators: seen, and taken from the wallet by two of them."""

from typing import Any

from gateway.books import accounts as chart
from gateway.books.entry import Entry, Line
from gateway.store import customers
from tests.gateway.playbooks.street import AMINA
from tests.house import House
from tests.servers import wait_until

WANTED = {"phone": "0711000001", "amount": "600.00", "by": "jane", "why": "agreed by phone"}


async def owes(house: House, cents: int) -> str:
    """Amina owes this: it left for her, and her wallet did not cover it."""
    async with house.gateway.store.begin() as connection:
        amina = await customers.on_line(connection, AMINA)
        assert amina is not None
        lines = (Line(chart.receivable(amina.id), cents), Line(chart.OPENING, -cents))
        await house.gateway.books.post(connection, Entry("spent", "paid", "Paid out", lines), house.gateway.clock())
    return str(amina.id)


async def collect(house: House, **body: Any) -> tuple[int, Any]:
    return await house.ops("POST", "/api/owed/collect", json={**WANTED, **body})


class TestOwed:
    async def test_two_people_take_it_from_the_wallet(self, house: House) -> None:
        """Not one, not more than is owed; then nobody owes anything, and the customer knows."""
        amina = await owes(house, 600_00)

        _, listed = await house.ops("GET", "/api/owed")
        too_much = await collect(house, amount="600.01")
        status, order = await collect(house)
        alone = await house.ops("POST", f"/api/owed/acts/{order['reference']}/confirm", json={"by": "jane"})
        agreed = await house.ops("POST", f"/api/owed/acts/{order['reference']}/confirm", json={"by": "omar"})

        async def is_told() -> bool:
            return any("that you owed" in text for text in await house.texts(AMINA))

        await wait_until(is_told)
        assert listed == {
            "debts": [{"phone": AMINA, "customer": amina, "owed": "600.00", "currency": "KES"}], "cursor": None,
        }  # fmt: skip
        assert (too_much[0], status, alone[0], agreed[0]) == (409, 202, 409, 200)
        assert await house.ops("GET", "/api/owed") == (200, {"debts": [], "cursor": None})
        assert await house.balance(chart.wallet(amina)) == 4_400_00
