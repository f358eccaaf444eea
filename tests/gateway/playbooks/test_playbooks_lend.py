"""Being paid a loan through the whole house: the money leaves once or not at all, and what is said is true."""

import re
from typing import Any

import pytest

from flows.turn import Operation
from gateway.books import accounts as chart
from tests.gateway.playbooks.street import (
    AMINA,
    PIN,
    borrow,
    control,
    dialled,
    fault,
    loan_state,
    owed,
    prove,
    speaks,
    topics,
)
from tests.house import House, Houses
from tests.servers import wait_until

QUICK = {"callback_seconds": 0.3, "ask_seconds": 0.1, "ask_max_seconds": 0.3}


async def borrowed(house: House, shillings: int = 1_000) -> str:
    """Ask for a loan on the phone; its reference."""
    screen = await dialled(house, *borrow(shillings, PIN))
    accepted = re.search(r"Request (LN\w+) received|Ombi (LN\w+) limepokelewa", screen)
    assert accepted, screen
    return accepted[1] or accepted[2]


class TestPaid:
    @pytest.mark.parametrize(
        ("api", "kind", "seconds"),
        [
            ("b2c", "lost-callback", None),
            ("b2c", "duplicate-callback", 0.05),
            ("b2c", "late-callback", 1.0),
            ("b2c", "callback-first", 5.0),
            ("b2c", "timeout", 20.0),
            ("b2c", "http-500", None),
            ("b2c", "queue-timeout", 0.3),
            ("b2c", "wrong-amount", None),
            ("status", "http-500", None),
        ],
    )
    async def test_the_money_leaves_once_and_is_told_once(
        self, house: House, api: str, kind: str, seconds: float | None
    ) -> None:
        """A time-out is no failure, and a probe with our own id pays nothing twice."""
        await fault(house, api, kind, seconds=seconds)

        loan = await borrowed(house)
        await house.settled()

        [moved] = (await house.outside.money()).movements
        texts = await house.texts(AMINA)
        assert moved.amount_cents == 990_00
        assert await loan_state(house, loan) == "active"
        assert await owed(house, loan) == 1_080_00
        assert len(texts) == 1
        assert moved.receipt in texts[0]
        await prove(house)

    async def test_neither_an_answer_nor_a_callback(self, house: House) -> None:
        """Probed with our own id, then asked about."""
        await fault(house, "b2c", "timeout", seconds=20)
        await fault(house, "b2c", "lost-callback")

        loan = await borrowed(house)
        await house.settled()

        assert len((await house.outside.money()).movements) == 1
        assert await loan_state(house, loan) == "active"
        assert len(await house.texts(AMINA)) == 1
        await prove(house)

    async def test_it_takes_long_and_that_is_said_once(self, one_house: Houses) -> None:
        """Nobody needs to ask again."""
        house = await one_house.build(rails={"daraja": {**QUICK, "slow_seconds": 0.5}})
        await fault(house, "b2c", "lost-callback")
        await fault(house, "status", "drop")
        loan = await borrowed(house)

        async def is_slow() -> bool:
            return len(await house.texts(AMINA)) == 1

        await wait_until(is_slow)
        async with house.http.delete(f"{house.standins_url}/control/faults") as response:
            assert response.status == 200
        await house.settled()

        texts = await house.texts(AMINA)
        assert ["has not confirmed" in text for text in texts] == [True, False]
        assert await loan_state(house, loan) == "active"
        await prove(house)


class TestRefused:
    @pytest.mark.parametrize(("person", "language"), [({"registered": False}, "en"), ({"balance": "499999.00"}, "sw")])
    async def test_a_phone_that_cannot_receive_it_owes_nothing_and_is_told(
        self, house: House, person: dict[str, object], language: str
    ) -> None:
        """Not registered with M-PESA, or its wallet is too full."""
        await speaks(house, language)
        await control(house, "people", {"phone": AMINA, **person})

        loan = await borrowed(house)
        await house.settled()

        [text] = await house.texts(AMINA)
        assert ("You owe nothing" if language == "en" else "Huna deni") in text
        assert ("not registered, or full" if language == "en" else "haijasajiliwa au imejaa") in text
        assert await loan_state(house, loan) == "cancelled"
        assert (await house.outside.money()).movements == ()
        await prove(house)

    async def test_a_float_that_is_too_low_is_not_the_customers_fault(self, house: House) -> None:
        """It is cancelled and told, and the next try is free to come."""
        await control(house, "float", {"amount": "100.00"})

        first = await borrowed(house)
        await house.settled()
        await control(house, "float", {"amount": "100000.00"})
        second = await borrowed(house)
        await house.settled()

        texts = await house.texts(AMINA)
        assert (await loan_state(house, first), await loan_state(house, second)) == ("cancelled", "active")
        assert "not registered" not in texts[0]
        assert "You owe nothing" in texts[0]
        assert len(texts) == 2
        await prove(house)

    async def test_over_the_limit_by_the_time_it_is_worked(self, houses: Houses) -> None:
        """Two loans were asked for while there was room for one: the second is refused before anything moves."""
        house = await houses.build(works=False)
        first = await borrowed(house, 3_000)
        row = (await house.operations("loan.disburse"))[0]
        second = await again(house, row)

        async def is_over() -> bool:
            await house.gateway.worker.drain()
            return not (await house.operation(second)).is_open

        await wait_until(is_over)

        assert (await house.operation(first)).state == "done"
        assert (await house.operation(second)).state == "rejected"
        assert len((await house.outside.money()).movements) == 1
        assert await house.balance(chart.TRANSIT) == 0
        assert await topics(house) == []


async def again(house: House, row: Any) -> str:
    """The same wish once more, as a second phone would make it."""
    wish = Operation("second", "loan.disburse", "LNSECOND", row.customer_id, row.intent)
    async with house.gateway.store.begin() as connection:
        await house.gateway.outbox.put(connection, wish)
    return wish.reference
