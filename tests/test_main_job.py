"""The main job from end to end: through the carrier's callback alone, with the rail's own truth beside ours."""

import re
from decimal import Decimal

import pytest

from gateway.books import accounts as chart
from tests.house import House
from tests.servers import wait_until

NEWCOMER = "+254711000003"
PIN = "8264"

WORDS = {
    "en": {"menu": "1 Balance", "received": r"Request (LN\w+) received", "paid": "Confirmed. Ksh 1,980 sent to your",
           "cleared": "is fully paid", "stk": "M-PESA will now ask", "wallet": "Wallet Ksh 0"},
    "sw": {"menu": "1 Salio", "received": r"Ombi (LN\w+) limepokelewa", "paid": "Imethibitishwa. Ksh 1,980 zimetumwa",
           "cleared": "umelipwa wote", "stk": "M-PESA sasa itakuuliza", "wallet": "Pochi Ksh 0"},
}  # fmt: skip


class TestTheMainJob:
    """A person dials, registers, borrows, is paid, gets an SMS, repays, and sees the balance."""

    @pytest.mark.parametrize("language", ["en", "sw"])
    async def test_a_newcomer_registers_borrows_is_paid_and_repays(self, house: House, language: str) -> None:
        """Balance, books and the rail's own truth agree to the cent, in both languages."""
        words, line = WORDS[language], house.line(NEWCOMER)

        await register(house, "1" if language == "en" else "2")
        await line.dial("*383#")
        assert words["menu"] in line.screen
        for answer in ("2", "1", "2000", "1", PIN):
            await line.send(answer)
        accepted = re.search(words["received"], line.screen)
        assert accepted, line.screen
        assert not line.open
        loan = accepted[1]
        await told(house, NEWCOMER, loan, words["paid"])
        await line.dial("*383#")
        for answer in ("3", "1", "2", "2"):
            await line.send(answer)
        await line.send("1")
        assert words["stk"] in line.screen
        await told(house, NEWCOMER, loan, words["cleared"])
        await house.settled()
        await line.dial("*383#")
        await line.send("1")
        await line.send(PIN)

        assert words["wallet"] in line.screen
        money = await house.outside.money()
        paid_out, paid_in = Decimal(money.totals.out), Decimal(money.totals.into)
        assert (paid_out, paid_in) == (Decimal("1980.00"), Decimal("2160.00"))
        assert await house.balance(chart.PAYOUT) == -1980_00
        assert await house.balance(chart.COLLECTION) == 2160_00
        assert await house.balance(chart.TRANSIT) == 0
        assert await house.balance(chart.INCOME_FEES) == 20_00
        assert await house.balance(chart.INCOME_INTEREST) == 160_00


async def register(house: House, language: str, phone: str = NEWCOMER, pin: str = PIN) -> None:
    line = house.line(phone)
    await line.dial("*383#")
    for answer in (language, "1", "1", "34567812", "Zawadi Achieng", "1", pin, pin):
        await line.send(answer)
    assert not line.open
    assert "Zawadi" in line.screen


async def told(house: House, phone: str, *words: str) -> str:
    """Wait for an SMS on the phone that says all of `words`."""
    found: list[str] = []

    async def came() -> bool:
        found[:] = [
            text.text for text in await house.outside.messages(phone) if all(word in text.text for word in words)
        ]
        return bool(found)

    await wait_until(came, 20)
    return found[0]
