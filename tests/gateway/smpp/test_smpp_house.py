"""The whole gateway behind a carrier's centre: sessions, texts both ways, reports."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.config import SmppLink
from gateway.store.tables import messages, session_ends
from simulator.standins.faults import Fault
from simulator.standins.smsc import ANSWERS, API, Smsc
from tests.house import House, Houses
from tests.meddling import AMINA, BORROW
from tests.servers import wait_until

PHONE = AMINA.removeprefix("+")


@pytest.fixture
async def house(
    tmp_path: Path, fresh_sqlite: str, fresh_redis: str, centre: Smsc, account: SmppLink
) -> AsyncIterator[House]:
    """Its texts leave through the centre, and people dial through it."""
    link = account.model_dump() | {"password": "secret"}
    async with AsyncExitStack() as stack:
        houses = Houses(stack, tmp_path, fresh_sqlite, fresh_redis)
        house = await houses.build(smpp={"links": {"mno": link}}, messages={"carriers": ["mno"]})
        await wait_until(lambda: centre.is_bound)
        yield house


async def message_states(house: House) -> list[str]:
    async with house.gateway.store.read() as connection:
        rows = await connection.execute(select(messages.c.provider, messages.c.state).where(messages.c.msisdn == AMINA))
        return [row.state for row in rows if row.provider == "mno"]


class TestSessions:
    async def test_somebody_walks_to_the_wallet(self, house: House, centre: Smsc) -> None:
        """Each answer leads on from the screen before."""
        call = centre.call(PHONE)

        home = await call.dial("*383#")
        wallet = await call.answer("6")

        assert home.text.startswith("Nyota: Amina\n1 Balance")
        assert "Deposit" in wallet.text
        assert home.goes_on
        assert wallet.goes_on

    async def test_a_hop_that_comes_twice_is_one_answer(self, house: House, centre: Smsc) -> None:
        """The centre repeats what it saw no acknowledgement of; the screen is the same."""
        call = centre.call(PHONE)
        await call.dial("*383#")
        shown = await call.answer("6")

        assert await call.again(ANSWERS, "6") == shown

    async def test_a_loan_is_taken_and_its_sms_is_reported(self, house: House, centre: Smsc) -> None:
        """Money moves as over any carrier; the text leaves by the same link and its report is kept."""
        call = centre.call(PHONE)
        screen = await call.dial("*383#")
        for answer in BORROW:
            screen = await call.answer(answer)
        assert not screen.goes_on
        await house.settled()
        await wait_until(lambda: centre.reached)

        async def delivered() -> bool:
            return "delivered" in await message_states(house)

        await wait_until(delivered)
        assert all(reached.phone == PHONE for reached in centre.reached)

    async def test_a_caller_who_hung_up_is_noted(self, house: House, centre: Smsc) -> None:
        """With the place where they stood."""
        call = centre.call(PHONE)
        await call.dial("*383#")

        await call.hang_up()

        async def noted() -> bool:
            async with house.gateway.store.read() as connection:
                rows = list(await connection.execute(select(session_ends.c.provider, session_ends.c.flow)))
            return [tuple(row) for row in rows] == [("mno", "menu")]

        await wait_until(noted)


class TestTexts:
    async def test_who_writes_is_answered(self, house: House, centre: Smsc) -> None:
        """A text in parts that came in the wrong order is one text."""
        await centre.write(PHONE, "SALIO", size=3)

        await wait_until(lambda: centre.reached)
        assert centre.reached[0].phone == PHONE

    async def test_a_throttled_text_leaves_later(self, house: House, centre: Smsc) -> None:
        """It is not lost."""
        centre.faults.put(Fault(API, "busy", 1.0, 1, 0.0))
        await centre.write(PHONE, "SALIO")

        async def waits() -> bool:
            rows = await house.operations("sms.send")
            return bool(rows) and rows[0].attempts > 0

        await wait_until(waits)
        centre.faults.clear()

        await wait_until(lambda: centre.reached)
