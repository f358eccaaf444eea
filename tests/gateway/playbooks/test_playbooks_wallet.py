"""The wallet through the whole house: money in by prompt, out by pay-out, and what is said of each."""

import re

import pytest

from gateway.books import accounts as chart
from gateway.clock import system
from gateway.demo import PEOPLE
from gateway.store import customers
from tests.gateway.playbooks.street import AMINA, PIN, control, dialled, fault, prompt_on, prove, topics
from tests.house import House, Houses
from tests.servers import wait_until

AMINAS = chart.wallet(PEOPLE[0].id)
QUICK = {"callback_seconds": 0.3, "ask_seconds": 0.1, "ask_max_seconds": 0.3}


async def deposited(house: House, shillings: int = 500) -> str:
    screen = await dialled(house, "6", "1", str(shillings), "1")
    found = re.search(r"Ref (DP\w+)", screen)
    assert found, screen
    return found[1]


async def withdrawn(house: House, shillings: int = 1_000) -> str:
    screen = await dialled(house, "6", "2", str(shillings), PIN)
    found = re.search(r"Request (WD\w+) received", screen)
    assert found, screen
    return found[1]


async def available(house: House) -> int:
    async with house.gateway.store.read() as connection:
        return (await house.gateway.books.balance(connection, AMINAS)).available_cents


class TestDeposit:
    async def test_a_paid_prompt_is_in_the_wallet_once(self, houses: Houses) -> None:
        """And told with the receipt and the new balance."""
        house = await houses.build()

        reference = await deposited(house)
        await house.settled()

        [moved] = (await house.outside.money()).movements
        [text] = await house.texts(AMINA)
        assert await house.balance(AMINAS) == 5_500_00
        assert text.startswith(f"{reference} Confirmed. Ksh 500 received from M-PESA 0711***001, ")
        assert f"M-PESA ref {moved.receipt}. Fee Ksh 0. Wallet Ksh 5,500" in text
        await prove(house)

    @pytest.mark.parametrize(
        ("answer", "said"),
        [
            ("cancel", "cancelled or not answered"),
            ("wrong-pin", "did not accept the M-PESA PIN"),
            ("insufficient", "balance too low"),
        ],
    )
    async def test_an_unpaid_prompt_is_told_in_the_words_of_its_reason(
        self, one_house: Houses, answer: str, said: str
    ) -> None:
        """No loan is named, for none is meant."""
        house = await one_house.build(standin_settings={"auto_answer_seconds": 30})
        await deposited(house)
        await control(house, f"stk/{await prompt_on(house)}/answer", {"answer": answer})
        await house.settled()

        [text] = await house.texts(AMINA)
        assert said in text
        assert "not deposited" in text
        assert "loan" not in text
        assert await house.balance(AMINAS) == 5_000_00

    async def test_paid_after_its_owner_has_left_it_waits_for_people(self, one_house: Houses) -> None:
        """From a closed wallet it could never leave again; whoever paid hears that it is safe."""
        house = await one_house.build(standin_settings={"auto_answer_seconds": 30})
        await deposited(house)
        prompt = await prompt_on(house)
        async with house.gateway.store.begin() as connection:
            await customers.changed(connection, PEOPLE[0].id, state="closed", msisdn="closed-1")
        await control(house, f"stk/{prompt}/answer", {"answer": "pay"})
        await house.settled()

        assert (await house.balance(AMINAS), await house.balance(chart.SUSPENSE)) == (5_000_00, 500_00)
        assert "It is safe" in (await house.texts(AMINA))[-1]
        await prove(house)

    async def test_a_second_deposit_shows_the_first(self, one_house: Houses) -> None:
        """One open deposit, however often it is pressed."""
        house = await one_house.build(standin_settings={"auto_answer_seconds": 30})
        await deposited(house)

        screen = await dialled(house)

        assert screen.startswith("Deposit DP")
        assert "to your wallet, is on its way." in screen
        assert len(await house.operations("wallet.deposit")) == 1

    @pytest.mark.parametrize("kind", ["lost-callback", "duplicate-callback", "callback-first"])
    async def test_it_is_credited_once_through_every_door(self, house: House, kind: str) -> None:
        """Callback, query, confirmation, list: one credit per receipt."""
        await fault(house, "stk", kind)

        await deposited(house)
        await house.settled()

        assert await house.balance(AMINAS) == 5_500_00
        assert len(await house.texts(AMINA)) == 1
        await prove(house)

    async def test_the_agreed_share_goes_on_to_the_loan(self, house: House) -> None:
        """One message says both."""
        async with house.gateway.store.begin() as connection:
            await customers.changed(connection, PEOPLE[0].id, auto_repay_percent=20)

        await deposited(house)
        await house.settled()

        [text] = await house.texts(AMINA)
        assert "Auto-repay Ksh 100 to LN7K2QD, you owe 2,060." in text
        assert await house.balance(AMINAS) == 5_400_00
        await prove(house)

    async def test_more_than_the_wallet_may_hold_is_refused_with_what_fits(self, house: House) -> None:
        """It never rounds by itself."""
        screen = await dialled(house, "6", "1", "250001")

        assert screen.startswith("Whole shillings only, 10 to 250,000")


class TestWithdrawal:
    async def test_sum_and_fee_leave_the_wallet_once(self, houses: Houses) -> None:
        """Told with receipt, fee and new balance; the fee is ours."""
        house = await houses.build()

        reference = await withdrawn(house)
        await house.settled()

        [moved] = (await house.outside.money()).movements
        [text] = await house.texts(AMINA)
        assert moved.amount_cents == 1_000_00
        assert text.startswith(f"{reference} Confirmed. Ksh 1,000 sent to your M-PESA 0711***001, ")
        assert f"M-PESA ref {moved.receipt}. Fee Ksh 15. Wallet Ksh 3,985" in text
        assert await house.balance(AMINAS) == 3_985_00
        assert await house.balance(chart.INCOME_FEES) == 15_00
        await prove(house)

    async def test_it_is_held_while_it_is_under_way(self, one_house: Houses) -> None:
        """Nothing else can spend it; a redial shows it instead of asking again."""
        house = await one_house.build()
        await fault(house, "b2c", "lost-callback")
        await fault(house, "status", "drop")
        await withdrawn(house)

        async def is_held() -> bool:
            return await available(house) == 3_985_00

        await wait_until(is_held)
        screen = await dialled(house)
        assert await house.balance(AMINAS) == 5_000_00
        assert "WD" in screen
        assert "Ksh 1,000" in screen

    async def test_refused_by_mpesa_both_are_free_again(self, house: House) -> None:
        """And the customer is told so."""
        await control(house, "people", {"phone": AMINA, "registered": False})

        reference = await withdrawn(house)
        await house.settled()

        [text] = await house.texts(AMINA)
        assert text.startswith(f"{reference}: M-PESA did not take Ksh 1,000.")
        assert "The money and the fee are back in your wallet: Ksh 5,000" in text
        assert await available(house) == 5_000_00
        await prove(house)

    async def test_it_takes_long_and_that_is_said_once(self, one_house: Houses) -> None:
        """The money stays held; nobody needs to repeat it."""
        house = await one_house.build(rails={"daraja": {**QUICK, "slow_seconds": 0.5}})
        await fault(house, "b2c", "lost-callback")
        await fault(house, "status", "drop")
        await withdrawn(house)

        async def is_slow() -> bool:
            return len(await house.texts(AMINA)) == 1

        await wait_until(is_slow)
        async with house.http.delete(f"{house.standins_url}/control/faults") as response:
            assert response.status == 200
        await house.settled()

        texts = await house.texts(AMINA)
        assert ["has not confirmed" in text for text in texts] == [True, False]
        await prove(house)

    @pytest.mark.parametrize("shillings", [4_986, 5_000])
    async def test_a_wallet_that_does_not_cover_the_fee_too_is_refused(self, house: House, shillings: int) -> None:
        """Said with the fee, and without the balance."""
        screen = await dialled(house, "6", "2", str(shillings))

        assert screen.startswith(f"Your wallet cannot cover Ksh {shillings:,} and the fee of Ksh 15")

    async def test_for_some_days_after_a_reset_no_money_leaves(self, house: House) -> None:
        """Deposits stay open."""
        async with house.gateway.store.begin() as connection:
            await customers.changed(connection, PEOPLE[0].id, outgoing_from=system() + 3 * 86_400_000)

        for digit in ("2", "3"):
            screen = await dialled(house, "6", digit)
            assert screen.startswith("For your safety this opens on ")
            assert "Call 0711000009" in screen
        assert "Deposit from M-PESA" in await dialled(house, "6", "1")
        assert await topics(house) == []
