"""One suite for every core: what each promises about commands, repeats and readings."""

import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from gateway.clock import local_date
from gateway.errors import Rejected, Unavailable
from gateway.ledgers.contract import Cost, Key, Ledger, Movement, NewLoan, Person, Posted, Refusals
from gateway.ledgers.fineract import FineractLedger
from gateway.lending.offers import DEMO_PRODUCTS, parse_products
from gateway.lending.price import quote
from tests.gateway.ledgers.cores import Bank, embedded_at, fineract_at, fineract_config, http_at
from tests.gateway.ledgers.ushirika import ushirika_at
from tests.gateway.rails_flow.office import START, Hands

TODAY = local_date(START)
QUICK = parse_products(dict(DEMO_PRODUCTS))["quick"]
PRINCIPAL = 2_000_00


def new() -> str:
    return str(uuid.uuid4())


@dataclass
class Counter:
    """A core with a client, and what a test does at its counter."""

    ledger: Ledger
    bank: Bank | None
    person: Person
    client_id: str = ""

    async def opened(self) -> "Counter":
        self.client_id = (await self.ledger.create_client(self.person, TODAY, Key(new()))).id
        return self

    def application(self, external_id: str = "") -> NewLoan:
        return NewLoan(external_id or new(), self.client_id, "quick", QUICK.terms(PRINCIPAL, TODAY))

    async def lent(self) -> str:
        """A loan that was paid out, by the core's id."""
        loan_id = (await self.ledger.create_loan(self.application(), Key(new()))).id
        await self.ledger.approve_loan(loan_id, TODAY, PRINCIPAL, Key(new()))
        operation_id = new()
        movement = Movement(operation_id, TODAY, PRINCIPAL, "SCV1AB2CD3")
        await self.ledger.disburse_loan(loan_id, movement, Key(operation_id))
        return loan_id

    async def repaid(self, loan_id: str, cents: int, *, operation_id: str = "", receipt: str = "SCV9") -> Posted:
        operation_id = operation_id or new()
        movement = Movement(operation_id, TODAY, cents, receipt)
        return await self.ledger.repay_loan(loan_id, movement, Key(operation_id))

    async def savings_id(self) -> str:
        if self.bank is not None:
            return await self.bank.savings_account(self.client_id, TODAY)
        (account,) = await self.ledger.savings_of(self.client_id)
        return account.id


@pytest.fixture(params=["embedded", "http", "fineract", "ushirika"])
async def counter(request: pytest.FixtureRequest, tmp_path: Path, fresh_sqlite: str) -> AsyncIterator[Counter]:
    """The same counter in front of every core."""
    clock, person = Hands(), Person(new(), "+254711000001", "Amina Wanjiru")
    async with AsyncExitStack() as stack:
        if request.param == "fineract":
            ledger, bank = await stack.enter_async_context(fineract_at(tmp_path, clock))
            yield await Counter(ledger, bank, person).opened()
            return
        ledger = await stack.enter_async_context(embedded_at(fresh_sqlite, clock))
        if request.param == "http":
            ledger = await stack.enter_async_context(http_at(ledger))
        if request.param == "ushirika":
            ledger = await stack.enter_async_context(ushirika_at(ledger, tmp_path))
        yield await Counter(ledger, None, person).opened()


class TestClients:
    async def test_one_that_was_made_is_found_by_our_id_and_by_phone(self, counter: Counter) -> None:
        """Whichever of the two is known."""
        by_id = await counter.ledger.find_client(Person(counter.person.external_id, "+254722000000"))
        by_phone = await counter.ledger.find_client(Person(new(), counter.person.msisdn))

        assert by_id is not None
        assert by_id == by_phone == await counter.ledger.client(counter.client_id)
        assert (by_id.external_id, by_id.msisdn) == (counter.person.external_id, counter.person.msisdn)

    async def test_nobody_is_found_where_nobody_is(self, counter: Counter) -> None:
        """None, and no error."""
        assert await counter.ledger.find_client(Person(new(), "+254722000000")) is None

    async def test_a_second_one_with_the_same_phone_is_refused_as_a_duplicate(self, counter: Counter) -> None:
        """Whoever is told so looks who is there."""
        with pytest.raises(Rejected) as refused:
            await counter.ledger.create_client(Person(new(), counter.person.msisdn, "Other Name"), TODAY, Key(new()))

        assert refused.value.code == Refusals.DUPLICATE

    async def test_an_unknown_one_is_unknown(self, counter: Counter) -> None:
        """By the code that every core uses."""
        with pytest.raises(Rejected) as refused:
            await counter.ledger.client("999999")

        assert refused.value.code == Refusals.UNKNOWN


class TestLoans:
    async def test_the_schedule_is_ours_to_the_cent(self, counter: Counter) -> None:
        """What the customer was shown is what the core keeps."""
        loan = await counter.ledger.read_loan(await counter.lent())

        ours = [(row.number, row.due_on, row.owed) for row in quote(QUICK, PRINCIPAL, TODAY).schedule]
        assert [(row.number, row.due_on, row.due) for row in loan.schedule] == ours
        assert (loan.status, loan.product, loan.principal_cents) == ("active", "quick", PRINCIPAL)
        assert loan.client_id == counter.client_id

    async def test_a_loan_is_found_by_our_id(self, counter: Counter) -> None:
        """And one that was never asked for is not there."""
        external_id = new()
        loan_id = (await counter.ledger.create_loan(counter.application(external_id), Key(new()))).id

        found = await counter.ledger.find_loan(external_id)

        assert found is not None
        assert (found.id, found.external_id) == (loan_id, external_id)
        assert await counter.ledger.find_loan(new()) is None

    async def test_an_application_said_twice_with_its_key_is_one_loan(self, counter: Counter) -> None:
        """The answer to the first was lost, say."""
        loan, key = counter.application(), Key(new())
        first = await counter.ledger.create_loan(loan, key)

        again = await counter.ledger.create_loan(loan, key)

        assert again == Posted(first.id, is_repeat=True)

    async def test_our_id_used_twice_is_a_duplicate(self, counter: Counter) -> None:
        """Under another key it is another command."""
        loan = counter.application()
        await counter.ledger.create_loan(loan, Key(new()))

        with pytest.raises(Rejected) as refused:
            await counter.ledger.create_loan(loan, Key(new()))

        assert refused.value.code == Refusals.DUPLICATE

    async def test_the_payout_is_there_by_our_id_and_once(self, counter: Counter) -> None:
        """With the key it was said with, however often."""
        loan_id = (await counter.ledger.create_loan(counter.application(), Key(new()))).id
        await counter.ledger.approve_loan(loan_id, TODAY, PRINCIPAL, Key(new()))
        operation_id = new()
        movement = Movement(operation_id, TODAY, PRINCIPAL, "SCV1AB2CD3")

        for _ in range(2):
            await counter.ledger.disburse_loan(loan_id, movement, Key(operation_id))

        loan = await counter.ledger.read_loan(loan_id)
        payouts = [each for each in loan.bookings if each.kind == "disbursement"]
        assert [(each.external_id, each.amount_cents, each.on) for each in payouts] == [
            (operation_id, PRINCIPAL, TODAY)
        ]

    async def test_a_second_payout_is_refused(self, counter: Counter) -> None:
        """Another key is another command, and the loan has its money."""
        loan_id = await counter.lent()

        with pytest.raises(Rejected):
            await counter.ledger.disburse_loan(loan_id, Movement(new(), TODAY, PRINCIPAL), Key(new()))

    async def test_an_unknown_loan_is_unknown(self, counter: Counter) -> None:
        """To read or to repay."""
        with pytest.raises(Rejected) as refused:
            await counter.ledger.read_loan("999999")
        with pytest.raises(Rejected):
            await counter.repaid("999999", 100_00)

        assert refused.value.code == Refusals.UNKNOWN


class TestRepayments:
    async def test_one_lowers_what_is_owed_by_exactly_as_much(self, counter: Counter) -> None:
        """Cents included."""
        loan_id = await counter.lent()
        before = await counter.ledger.read_loan(loan_id)

        await counter.repaid(loan_id, 500_25)

        after = await counter.ledger.read_loan(loan_id)
        assert before.owed_cents - after.owed_cents == 500_25

    async def test_one_said_twice_with_its_key_counts_once(self, counter: Counter) -> None:
        """And the repeat says that it is one."""
        loan_id, operation_id = await counter.lent(), new()
        first = await counter.repaid(loan_id, 500_00, operation_id=operation_id)

        again = await counter.repaid(loan_id, 500_00, operation_id=operation_id)

        loan = await counter.ledger.read_loan(loan_id)
        assert again == Posted(first.id, is_repeat=True)
        assert [each.amount_cents for each in loan.bookings if each.kind == "repayment"] == [500_00]

    async def test_it_is_found_by_our_id_with_its_receipt(self, counter: Counter) -> None:
        """That is how a doubt is settled."""
        loan_id, operation_id = await counter.lent(), new()
        posted = await counter.repaid(loan_id, 500_00, operation_id=operation_id, receipt="SCV7")

        booking = (await counter.ledger.read_loan(loan_id)).booking(operation_id)

        assert booking is not None
        assert (booking.id, booking.on, booking.receipt, booking.is_reversed) == (posted.id, TODAY, "SCV7", False)

    async def test_the_last_one_closes_the_loan(self, counter: Counter) -> None:
        """Nothing is owed any more."""
        loan_id = await counter.lent()

        await counter.repaid(loan_id, (await counter.ledger.read_loan(loan_id)).owed_cents)

        loan = await counter.ledger.read_loan(loan_id)
        assert (loan.status, loan.owed_cents) == ("closed", 0)

    async def test_none_is_taken_for_a_loan_without_its_money(self, counter: Counter) -> None:
        """It owes nothing yet."""
        loan_id = (await counter.ledger.create_loan(counter.application(), Key(new()))).id

        with pytest.raises(Rejected):
            await counter.repaid(loan_id, 100_00)


class TestSavings:
    async def test_deposits_and_withdrawals_move_the_balance(self, counter: Counter) -> None:
        """Of the account that the client has."""
        account = await counter.savings_id()
        deposit, withdrawal = new(), new()

        await counter.ledger.deposit(account, Movement(deposit, TODAY, 700_00), Key(deposit))
        await counter.ledger.withdraw(account, Movement(withdrawal, TODAY, 200_50), Key(withdrawal))

        (found,) = await counter.ledger.savings_of(counter.client_id)
        assert (found.id, found.account, found.balance_cents, found.is_active) == (account, "savings", 499_50, True)

    async def test_a_deposit_is_found_by_our_id_and_another_is_not(self, counter: Counter) -> None:
        """Before it is said and after."""
        account, movement = await counter.savings_id(), Movement(new(), TODAY, 700_00)
        before = await counter.ledger.find_movement(account, movement)
        posted = await counter.ledger.deposit(account, movement, Key(movement.external_id))

        found = await counter.ledger.find_movement(account, movement)

        assert before is None
        assert found is not None
        assert found.id == posted.id
        assert await counter.ledger.find_movement(account, Movement(new(), TODAY, 700_00)) is None

    async def test_a_deposit_said_twice_with_its_key_counts_once(self, counter: Counter) -> None:
        """There is no id of ours to refuse it by on every core, so the key has to."""
        account, movement = await counter.savings_id(), Movement(new(), TODAY, 700_00)

        for _ in range(2):
            await counter.ledger.deposit(account, movement, Key(movement.external_id))

        (found,) = await counter.ledger.savings_of(counter.client_id)
        assert found.balance_cents == 700_00

    async def test_more_than_there_is_is_refused(self, counter: Counter) -> None:
        """And nothing moves."""
        account, movement = await counter.savings_id(), Movement(new(), TODAY, 700_00)

        with pytest.raises(Rejected):
            await counter.ledger.withdraw(account, movement, Key(movement.external_id))


class TestReadings:
    async def test_changes_name_a_loan_that_was_made(self, counter: Counter) -> None:
        """From an empty cursor on, page after page."""
        loan_id = await counter.lent()

        found, cursor, has_more = set[str](), "", True
        while has_more:
            changes = await counter.ledger.changes(cursor)
            found |= set(changes.loan_ids)
            cursor, has_more = changes.cursor, changes.has_more

        assert loan_id in found

    async def test_nothing_that_is_configured_is_missing(self, counter: Counter) -> None:
        """The start may go on."""
        assert list(await counter.ledger.missing()) == []


@pytest.fixture
async def fineract(tmp_path: Path) -> AsyncIterator[Counter]:
    clock, person = Hands(), Person(new(), "+254711000001", "Amina Wanjiru")
    async with fineract_at(tmp_path, clock) as (ledger, bank):
        yield await Counter(ledger, bank, person).opened()


class TestWhatOnlyFineractDoes:
    async def test_a_repayment_is_taken_back_and_stays_visible(self, fineract: Counter) -> None:
        """The loan owes it again."""
        loan_id = await fineract.lent()
        before = await fineract.ledger.read_loan(loan_id)
        posted = await fineract.repaid(loan_id, 500_00)

        await fineract.ledger.undo(loan_id, posted.id, TODAY, Key(new()))

        loan = await fineract.ledger.read_loan(loan_id)
        assert loan.owed_cents == before.owed_cents
        assert [each.is_reversed for each in loan.bookings if each.kind == "repayment"] == [True]

    async def test_a_penalty_is_put_on_a_loan_and_found(self, fineract: Counter) -> None:
        """Under our own id."""
        loan_id, cost = await fineract.lent(), Cost(new(), TODAY, 50_00, "penalty")

        posted = await fineract.ledger.charge_loan(loan_id, cost, Key(cost.external_id))

        found = await fineract.ledger.find_charge(loan_id, cost.external_id)
        assert found is not None
        assert found.id == posted.id
        assert (await fineract.ledger.read_loan(loan_id)).schedule[0].due.penalty == 50_00

    async def test_what_is_overpaid_is_said(self, fineract: Counter) -> None:
        """It is the customer's money."""
        loan_id = await fineract.lent()

        await fineract.repaid(loan_id, 2_200_00)

        loan = await fineract.ledger.read_loan(loan_id)
        assert (loan.status, loan.overpaid_cents) == ("overpaid", 40_00)

    async def test_missing_products_and_payment_types_are_named_by_key(self, fineract: Counter) -> None:
        """So that whoever starts us knows where to look."""
        assert fineract.bank is not None
        config = fineract_config(fineract.bank.url, payment_type=9, office=4, savings={"savings": 7})
        ledger = FineractLedger(config, timeout_seconds=1)

        absent = await ledger.missing()

        assert list(absent) == [
            "ledger.fineract.office: 4", "ledger.fineract.payment_type: 9", "ledger.fineract.savings: 7",
        ]  # fmt: skip
        await ledger.close()

    async def test_wrong_credentials_are_an_outage_and_no_refusal(self, fineract: Counter) -> None:
        """A password that has run out must not park everything."""
        assert fineract.bank is not None
        ledger = FineractLedger(fineract_config(fineract.bank.url, password="old"), timeout_seconds=1)

        with pytest.raises(Unavailable):
            await ledger.create_client(Person(new(), "+254711000002", "Baraka Otieno"), TODAY, Key(new()))

        await ledger.close()

    async def test_a_client_written_with_a_nought_is_found(self, fineract: Counter) -> None:
        """Others write numbers in their own way."""
        assert fineract.bank is not None
        made = await fineract.bank.post(
            "clients", officeId=1, legalFormId=1, fullname="Baraka Otieno", mobileNo="0711000002", active=True,
            activationDate=date(2026, 8, 1).isoformat(),
        )  # fmt: skip

        found = await fineract.ledger.find_client(Person(new(), "+254711000002"))

        assert found is not None
        assert found.id == str(made["clientId"])

    async def test_two_clients_with_one_number_are_refused(self, fineract: Counter) -> None:
        """Written in two ways they may be two people; nobody guesses."""
        assert fineract.bank is not None
        await fineract.bank.post(
            "clients", officeId=1, legalFormId=1, fullname="Other Person", mobileNo="0711000001", active=True,
            activationDate=TODAY.isoformat(),
        )  # fmt: skip

        with pytest.raises(Rejected) as refused:
            await fineract.ledger.find_client(Person(new(), "+254711000001"))

        assert refused.value.code == Refusals.AMBIGUOUS
