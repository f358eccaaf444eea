"""Money that reaches the paybill by itself: whose it is, and who is told what."""

import pytest
from sqlalchemy import update

from gateway.books import accounts as chart
from gateway.playbooks.unowned import as_typed
from gateway.rails.contract import Received
from gateway.store.tables import customers
from menus.gsm import is_gsm, septets
from tests.gateway.rails_flow.office import AMINA, BARAKA, Office

STRANGER = "+254722000007"
HASHED = "a1" * 32
MASKED = "2547 ***** 126"
HAD = 5_000_00


async def paid(office: Office, cents: int, account: str, payer: str = AMINA) -> None:
    """Somebody pays by the M-PESA menu, and M-PESA tells us."""
    office.rail.pay_paybill(payer, cents, account)
    moved = office.rail.book[-1]
    news = Received(moved.receipt, office.rail.shortcode, cents, account, payer, moved.at)
    assert await office.receive(office.rail.callback("confirmation", "", news)) == "applied"
    await office.settled()


async def agreed(office: Office, percent: int) -> None:
    async with office.store.begin() as connection:
        await connection.execute(update(customers).values(auto_repay_percent=percent))


class TestToALoan:
    @pytest.mark.parametrize("typed", ["{}", " {} ", "{:.2} {:.5}", "{}-", "{} "])
    async def test_its_number_is_found_however_it_is_typed(self, office: Office, typed: str) -> None:
        """In any case, with spaces and dashes."""
        loan = await office.lent()
        account = typed.format(loan, loan[2:]).lower()

        await paid(office, 500_00, account, BARAKA)

        assert await office.owed(loan) == 1_660_00
        assert (await office.templates())[-1] == "repay.paid"
        assert await office.templates(BARAKA) == []
        await office.prove()

    @pytest.mark.parametrize(
        "account", ["0711000001", "O7ll OOOOO1", "0711 000 001", "254711000001", "+254 711-000-001", "711000001"]
    )
    async def test_a_phone_in_any_form_is_its_owners_oldest_due_loan(self, office: Office, account: str) -> None:
        """Whoever pays."""
        old = await office.lent(500_00)
        office.clock.turn(86_400_000)
        young = await office.lent(500_00)

        await paid(office, 100_00, account, STRANGER)

        assert await office.owed(old) == 440_00
        assert await office.owed(young) == 540_00

    async def test_too_much_is_the_customers_and_said(self, office: Office) -> None:
        """In the wallet."""
        loan = await office.lent(500_00)

        await paid(office, 600_00, loan)

        assert await office.balance(chart.wallet(AMINA)) == HAD + 60_00
        assert "Ksh 60 was extra" in (await office.texts())[-1]


class TestToAWallet:
    async def test_without_a_loan_it_is_a_deposit(self, office: Office) -> None:
        """Told with who paid, shown masked."""
        await paid(office, 500_00, "0711000001", STRANGER)

        assert await office.balance(chart.wallet(AMINA)) == HAD + 500_00
        [text] = await office.texts()
        assert "Ksh 500 received from M-PESA 0722***007" in text
        assert "Wallet Ksh 5,500" in text

    @pytest.mark.parametrize("payer", [HASHED, MASKED, ""])
    async def test_a_payer_that_the_rail_hides_is_not_named(self, office: Office, payer: str) -> None:
        """The money is there all the same."""
        await paid(office, 500_00, "0711000001", payer)

        [text] = await office.texts()
        assert "Ksh 500 received from M-PESA, " in text

    async def test_the_number_of_a_loan_that_is_paid_is_its_owners_wallet(self, office: Office) -> None:
        """Not suspense: it is known whose it is."""
        loan = await office.lent(500_00)
        await paid(office, 540_00, loan)

        await paid(office, 100_00, loan)

        assert await office.balance(chart.wallet(AMINA)) == HAD + 100_00
        assert await office.balance(chart.SUSPENSE) == 0

    async def test_money_for_a_loan_is_sent_for_a_purpose_and_no_share_is_taken_of_it(self, office: Office) -> None:
        """All of it goes where it was sent."""
        await agreed(office, 50)
        old = await office.lent(500_00)
        office.clock.turn(86_400_000)
        young = await office.lent(500_00)

        await paid(office, 600_00, young)

        assert await office.owed(old) == 540_00
        assert await office.balance(chart.wallet(AMINA)) == HAD + 60_00


class TestHeld:
    async def test_an_unknown_account_is_kept_and_the_payer_told(self, office: Office) -> None:
        """In their own language, if they are a customer."""
        await paid(office, 500_00, "07110", BARAKA)

        assert await office.balance(chart.SUSPENSE) == 500_00
        [text] = await office.texts(BARAKA)
        assert "akaunti 07110 haijulikani" in text

    async def test_a_stranger_is_told_too(self, office: Office) -> None:
        """In the language of the house."""
        await paid(office, 500_00, "KODI", STRANGER)

        [text] = await office.texts(STRANGER)
        assert "account KODI is not known" in text

    @pytest.mark.parametrize("payer", [HASHED, MASKED, ""])
    async def test_a_hidden_payer_cannot_be_told(self, office: Office, payer: str) -> None:
        """The money is kept, nobody is written to."""
        await paid(office, 500_00, "KODI", payer)

        assert await office.balance(chart.SUSPENSE) == 500_00
        assert await office.operations("sms.send") == []

    @pytest.mark.parametrize("account", ["", "€" * 40, "a\nb", "日本語", "x" * 500, "{reference}"])
    def test_what_was_typed_is_repeated_in_a_few_plain_characters(self, account: str) -> None:
        """Anybody may type anything there."""
        said = as_typed(account)

        assert said
        assert is_gsm(said)
        assert "\n" not in said
        assert septets(said) <= 10


class TestTheShare:
    async def test_one_message_says_what_came_and_what_was_paid_of_it(self, office: Office) -> None:
        """Money for a loan that is over is the customer's, and they have agreed to a share for the other one."""
        over = await office.lent(500_00)
        await paid(office, 540_00, over)
        running = await office.lent(2_000_00)
        await agreed(office, 20)

        await paid(office, 500_00, over, STRANGER)

        assert await office.owed(running) == 2_060_00
        assert await office.balance(chart.wallet(AMINA)) == HAD + 400_00
        text = (await office.texts())[-1]
        assert "Ksh 500 received, 5 Aug 10:42, M-PESA ref UA" in text
        assert f"Auto-repay Ksh 100 to {running}, you owe 2,060. Wallet 5,400" in text
        assert (await office.templates()).count("auto.receipt") == 1
        await office.prove()


class TestAClosedAccount:
    async def test_the_number_of_an_old_loan_does_not_bring_money_there(self, office: Office) -> None:
        """It could never leave again: it waits for people, and whoever paid knows."""
        loan = await office.lent(500_00)
        await paid(office, 540_00, loan)
        had = await office.balance(chart.wallet(AMINA))
        async with office.store.begin() as connection:
            await connection.execute(
                update(customers).where(customers.c.id == AMINA).values(state="closed", msisdn="closed-1")
            )

        await paid(office, 100_00, loan, STRANGER)

        assert (await office.balance(chart.wallet(AMINA)), await office.balance(chart.SUSPENSE)) == (had, 100_00)
        assert "Ksh 100" in (await office.texts(STRANGER))[-1]
        await office.prove()

    async def test_nor_does_a_prompt_that_is_paid_too_late(self, office: Office) -> None:
        """The loan was repaid otherwise, and its owner has left: whoever paid hears that it is safe."""
        loan = await office.lent(500_00)
        payment = await office.prompt(loan, 100_00)
        await office.from_wallet(loan, 540_00)
        await office.drained()
        async with office.store.begin() as connection:
            await connection.execute(update(customers).where(customers.c.id == AMINA).values(state="closed"))

        await office.settled()

        assert (await office.operation(payment)).state == "done"
        assert await office.balance(chart.wallet(AMINA)) == HAD - 540_00
        assert await office.balance(chart.SUSPENSE) == 100_00
        await office.prove()
