"""Auto-repay as its customer meets it: agreed to on the phone, taken of what comes in, told in one message, stopped."""

from tests.gateway.playbooks.street import AMINA, BARAKA, BARAKA_PIN, PIN, dialled, owed, prove
from tests.house import House

AGREE = ("8", "3", "20", PIN)
STOP = ("8", "3", "2", PIN)
DEPOSIT = ("6", "1", "500", "1")
SEND = ("6", "3", "0711000001", "500", BARAKA_PIN)


class TestOnThePhone:
    async def test_a_deposit_is_shared_until_it_is_stopped(self, house: House) -> None:
        """Twenty percent of the first, nothing of the second."""
        assert "Auto-repay of 20% is on" in await dialled(house, *AGREE)

        await dialled(house, *DEPOSIT)
        await house.settled()

        [text] = await house.texts(AMINA)
        assert "Ksh 500 received" in text
        assert "Auto-repay Ksh 100 to LN7K2QD, you owe 2,060. Wallet 5,400" in text
        assert "Auto-repay is off" in await dialled(house, *STOP)

        await dialled(house, *DEPOSIT)
        await house.settled()

        assert await owed(house) == 2_060_00
        assert "Auto-repay" not in (await house.texts(AMINA))[-1]
        await prove(house)

    async def test_what_a_friend_sends_is_shared_too(self, house: House) -> None:
        """The friend is told nothing of it."""
        await dialled(house, *AGREE)

        await dialled(house, *SEND, phone=BARAKA)
        await house.settled()

        [text] = await house.texts(AMINA)
        assert "BARAKA O." in text
        assert "LN7K2QD" in text
        assert await owed(house) == 2_060_00
        told = await house.texts(BARAKA)
        assert told
        assert not any("LN7K2QD" in each or "2,060" in each for each in told)
