"""The life of a loan of the house, from the application to the grade: who has to say yes, and what is kept of it."""

import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from flows.loans import quoted as as_values
from flows.turn import Operation
from gateway.approvals import decisions, pledges
from gateway.books import accounts as chart
from gateway.books.entry import Entry, Line
from gateway.borrowing import collateral, duties, records
from gateway.borrowing.credit import Credit
from gateway.borrowing.limits import Change, Ladder
from gateway.clock import local_date
from gateway.facts.loans import LoanFacts, quoted
from gateway.facts.people import PeopleFacts
from gateway.lending.taxes import Tax
from gateway.operations.outbox import Context
from gateway.playbooks.approving import Approving
from gateway.playbooks.grade import Grading
from gateway.playbooks.lend import KIND, Lending
from gateway.playbooks.telling import Teller
from gateway.store import customers
from gateway.store.tables import loan_events
from tests.gateway.rails_flow.office import AMINA, BARAKA, Office, office_on

DAY_MS = 86_400_000
JANE = "jane"
EXCISE = Tax("excise", "fee", Decimal(20), date(2020, 1, 1))
LEVY = Tax("levy", "interest", Decimal(10), date(2020, 1, 1), inside=True)


@pytest.fixture
async def office(fresh_sqlite: str) -> AsyncIterator[Office]:
    """With an officer, and with loans graded when they are repaid."""
    async with office_on(fresh_sqlite) as office:
        shop = office.shop
        grading = Grading(shop.portfolio, shop.outbox, Teller(shop.outbox), Ladder(raise_percent=0))
        shop.portfolio.witnesses.append(grading.repaid)
        shop.playbooks[grading.playbook().kind] = grading.playbook()
        await office.hired(JANE, "+254711000009")
        yield office


def judging(office: Office, **settings: Any) -> None:
    """Lend by these rules from now on."""
    shop = office.shop
    disburse: Any = shop.playbooks[KIND].step("disburse")
    credit = Credit(**settings)
    lending = Lending(shop.books, shop.portfolio, Teller(shop.outbox), answer_ms=DAY_MS, credit=credit)
    shop.playbooks[KIND] = lending.playbook(disburse)


def offers(office: Office, key: str = "quick", **changes: Any) -> None:
    """The product is another from now on."""
    products: Any = office.shop.portfolio.products
    products[key] = replace(products[key], **changes)


async def moved(office: Office) -> None:
    """Everything that is due now and what follows from it; the clock stands still."""
    for _ in range(3):
        await office.drained()
        await office.told()


async def applied(office: Office, cents: int = 2_000_00, key: str = "quick", count: int = 1, **intent: Any) -> str:
    """Ask for a loan; its reference, once everything that needs nobody's answer is done."""
    product = office.shop.portfolio.products[key]
    quote = as_values(quoted(product, cents, local_date(office.clock()), count))
    named = await office.put(KIND, {"product": key, "quote": quote, **intent}, prefix="LN")
    await moved(office)
    return named


async def question(office: Office, kind: str = "officer") -> Any:
    async with office.store.read() as connection:
        [row] = await decisions.page(connection, {"state": "open", "kind": kind}, before=None, limit=5)
        return row


async def answered(office: Office, answer: str, row: Any, by: str = JANE, **intent: Any) -> None:
    """As a turn on a phone does it, and then all that follows."""
    handler = Approving(office.shop.books, officer_limit_cents=50_000_00).instants()[f"approval.{answer}"]
    operation = Operation(str(uuid.uuid4()), f"approval.{answer}", "AP", by, {"request": row.id, **intent})
    async with office.store.begin() as connection:
        await handler(connection, operation, Context("", "s", office.clock()))
    await moved(office)


async def life(office: Office, loan: str) -> list[str]:
    """What became of a loan, in order."""
    row = await office.operation(loan)
    async with office.store.read() as connection:
        query = select(loan_events.c.kind).where(loan_events.c.loan_id == row.id).order_by(loan_events.c.id)
        return [event.kind for event in await connection.execute(query)]


async def history(office: Office) -> Any:
    async with office.store.read() as connection:
        person = await customers.get(connection, AMINA)
        held = await office.shop.portfolio.held(connection, AMINA, local_date(office.clock()))
        return await records.history(connection, person, held, office.clock())


async def ceiling(office: Office) -> int:
    return int((await history(office)).ceiling_cents)


async def saved(office: Office, customer: str, cents: int) -> None:
    async with office.store.begin() as connection:
        lines = (Line(chart.OPENING, cents), Line(chart.savings(customer), -cents))
        await office.shop.books.post(
            connection, Entry(f"{customer}-saved", "opening", "Savings", lines), office.clock()
        )


class TestLife:
    async def test_what_needs_nobody_is_paid_out_at_once(self, office: Office) -> None:
        """Each step is kept, with what was found on the way."""
        loan = await applied(office)

        assert await life(office, loan) == ["applied", "verified", "approved", "paid_out"]
        assert await office.loan_state(loan) == "active"
        await office.prove()

    async def test_growth_waits_for_an_officer(self, office: Office) -> None:
        """Six months; nothing moves before the yes, and then all of it."""
        loan = await applied(office, 12_000_00, "growth", 6)
        assert await office.loan_state(loan) == "verified"
        assert office.rail.book == []
        row = await question(office)
        assert (row.detail["product"], row.detail["term"], row.detail["score"]) == ("Growth", 6, 50)

        await answered(office, "approve", row)

        assert await office.loan_state(loan) == "active"
        assert await office.owed(loan) == 13_291_10
        assert "Repay 5 x 2,215 from" in (await office.texts())[-1]
        await office.prove()

    @pytest.mark.parametrize(
        ("reason", "template"), [("savings", "borrow.declined_savings"), ("other", "borrow.declined_other")]
    )
    async def test_a_no_has_its_reason(self, office: Office, reason: str, template: str) -> None:
        """And owes nothing."""
        loan = await applied(office, 12_000_00, "growth", 6)

        await answered(office, "decline", await question(office), reason=reason)

        assert await office.loan_state(loan) == "declined"
        assert (await office.templates())[-1] == template
        assert office.rail.book == []
        await office.prove()

    async def test_silence_is_told_too(self, office: Office) -> None:
        """When the day of the answer is over."""
        loan = await applied(office, 12_000_00, "growth", 6)

        office.clock.turn(2 * DAY_MS)
        await office.settled()

        assert await office.loan_state(loan) == "cancelled"
        assert (await office.templates())[-1] == "borrow.expired"

    async def test_uneven_instalments_are_told_as_they_are(self, office: Office) -> None:
        """First and last of them."""
        offers(office, "growth", amortization="equal_principal", approval="auto")

        loan = await applied(office, 12_000_00, "growth", 6)

        assert (await office.templates())[-1] == "borrow.paid_uneven"
        assert "6 payments, first 2,360 " in (await office.texts())[-1]
        assert await office.owed(loan) == 13_260_00

    async def test_an_added_fee_moves_with_the_day_of_the_payout(self, office: Office) -> None:
        """Agreed today, paid tomorrow: the charge is that of the first day of the loan."""
        offers(office, fee_mode="added")
        office.rail.knows, office.rail.tells = False, 0
        loan = await applied(office)
        office.clock.turn(DAY_MS)
        office.rail.knows = True
        await office.settled()

        assert await office.loan_state(loan) == "active"
        assert await office.owed(loan) == 2_180_00
        await office.prove()


class TestRecord:
    async def test_somebody_blocked_gets_nothing(self, office: Office) -> None:
        """Told without a word about why: a person may ask."""
        async with office.store.begin() as connection:
            await records.flag(connection, "f1", AMINA, "blocked", {"why": "fraud"}, office.clock(), by=JANE)

        loan = await applied(office)

        assert (await office.operation(loan)).state == "rejected"
        assert await office.templates() == ["borrow.declined_other"]
        assert await life(office, loan) == []

    async def test_few_points_wait_for_an_officer_although_the_product_does_not(self, office: Office) -> None:
        """The case needs it."""
        judging(office, officer_below=60)

        loan = await applied(office)

        assert await office.loan_state(loan) == "verified"
        assert [code for code, _ in (await question(office)).detail["reasons"]][:1] == ["top"]

    async def test_another_loan_that_is_late_comes_first(self, office: Office) -> None:
        """Also where the screen was older than the debt."""
        await office.lent()
        office.clock.turn(40 * DAY_MS)

        second = await applied(office, 500_00)

        assert (await office.operation(second)).state == "rejected"
        assert (await office.templates())[-1] == "borrow.late"

    async def test_another_name_at_m_pesa_opens_a_case_and_the_next_loan_waits(self, office: Office) -> None:
        """Once an officer has looked, the name is known."""
        office.rail.receiver = "PETER MWANGI"
        first = await applied(office)
        assert await office.loan_state(first) == "active"
        assert await office.cases() == ["payout name"]

        second = await applied(office)
        assert await office.loan_state(second) == "verified"
        await answered(office, "approve", await question(office))
        third = await applied(office)

        assert [await office.loan_state(loan) for loan in (second, third)] == ["active", "active"]
        assert await office.cases() == ["payout name"]
        assert not (await history(office)).name_differs

    async def test_the_own_name_is_nothing_to_look_at(self, office: Office) -> None:
        """In capitals and with a third one."""
        office.rail.receiver = "WANJIRU AMINA NYAMBURA"

        await applied(office)

        assert await office.cases() == []


class TestGrade:
    async def test_a_loan_on_time_raises_the_limit_by_a_step(self, office: Office) -> None:
        """Once, and it is kept why."""
        before = await ceiling(office)
        async with office.store.begin() as connection:
            await records.limit_changed(connection, "c1", AMINA, Change(4_000_00, "staff"), office.clock(), by=JANE)
        loan = await office.lent(2_000_00)
        office.clock.turn(20 * DAY_MS)

        await office.from_wallet(loan, 2_160_00)
        await office.settled()

        assert before == 100_000_00
        assert await ceiling(office) == 5_000_00
        assert (await history(office)).on_time == 1
        async with office.store.read() as connection:
            newest, oldest = await records.changes(connection, AMINA)
        assert (newest.reason, newest.from_cents, newest.to_cents) == ("on_time", 4_000_00, 5_000_00)
        assert (oldest.reason, oldest.by) == ("staff", JANE)
        assert "borrow.limit_up" not in await office.templates()  # nobody asked to be told

    async def test_a_late_one_lowers_it(self, office: Office) -> None:
        """By a step, with penalties paid or not."""
        async with office.store.begin() as connection:
            await records.limit_changed(connection, "c1", AMINA, Change(4_000_00, "staff"), office.clock(), by=JANE)
        loan = await office.lent(2_000_00)
        office.clock.turn(40 * DAY_MS)

        await office.from_wallet(loan, 5_000_00)
        await office.settled()

        assert await ceiling(office) == 3_000_00
        assert (await history(office)).late == 1

    async def test_whoever_wants_offers_is_told(self, office: Office) -> None:
        """It says to borrow only what is needed."""
        async with office.store.begin() as connection:
            await customers.changed(connection, AMINA, offers=True, limit_cents=4_000_00)
        loan = await office.lent(2_000_00)
        office.clock.turn(20 * DAY_MS)

        await office.from_wallet(loan, 2_160_00)
        await office.settled()

        assert f"You repaid {loan} on time: your limit is now Ksh 5,000." in "".join(await office.texts())


class TestSecurity:
    async def test_savings_that_secure_a_loan_are_not_free(self, office: Office) -> None:
        """As long as it runs."""
        offers(office, secured_percent=50)
        await saved(office, AMINA, 1_500_00)

        loan = await applied(office)

        async with office.store.read() as connection:
            free = await pledges.free_cents(connection, office.shop.books, AMINA)
        assert (await office.loan_state(loan), free) == ("active", 500_00)

    async def test_without_the_savings_there_is_no_loan(self, office: Office) -> None:
        """Told, and nothing is owed."""
        offers(office, secured_percent=50)

        loan = await applied(office)

        assert await office.loan_state(loan) == "cancelled"
        assert (await office.templates())[-1] == "borrow.unsecured"

    async def test_no_more_is_offered_than_savings_can_secure(self, office: Office) -> None:
        """In whole shillings; too little to secure the least is no offer."""
        offers(office, secured_percent=50)
        await saved(office, AMINA, 1_250_50)

        assert await offered_most(office) == [2_501_00]
        offers(office, secured_percent=50, min_cents=3_000_00)
        assert await offered_most(office) == []

    async def test_guarantors_are_asked_and_all_have_to_agree(self, office: Office) -> None:
        """Their yes ties up their savings, and the loan goes on."""
        offers(office, guarantors=1)
        await saved(office, BARAKA, 3_000_00)
        loan = await applied(office, guarantors=[BARAKA])
        assert await office.loan_state(loan) == "verified"

        await answered(office, "approve", await question(office, "guarantee"), by=BARAKA)

        async with office.store.read() as connection:
            pledged = await pledges.pledged_cents(connection, BARAKA)
        assert (await office.loan_state(loan), pledged) == ("active", 2_000_00)

    async def test_a_guarantors_no_is_told_as_that_and_not_by_whom(self, office: Office) -> None:
        """Nothing is tied up; another may be named. Their silence is told in the same words."""
        offers(office, guarantors=1)
        await saved(office, BARAKA, 3_000_00)
        declined = await applied(office, guarantors=[BARAKA])
        await answered(office, "decline", await question(office, "guarantee"), by=BARAKA)
        told = await office.templates()

        silent = await applied(office, guarantors=[BARAKA])
        office.clock.turn(5 * DAY_MS)
        await office.settled()

        async with office.store.read() as connection:
            assert await pledges.pledged_cents(connection, BARAKA) == 0
        assert (await office.loan_state(declined), told[-1]) == ("declined", "borrow.unguaranteed")
        assert (await office.loan_state(silent), (await office.templates())[-1]) == ("cancelled", "borrow.unguaranteed")

    async def test_an_officers_no_about_a_guaranteed_loan_has_its_own_reason(self, office: Office) -> None:
        """The guarantor agreed; it is not for them that there is no loan."""
        offers(office, guarantors=1, approval="officer")
        await saved(office, BARAKA, 3_000_00)
        await applied(office, guarantors=[BARAKA])
        await answered(office, "approve", await question(office, "guarantee"), by=BARAKA)

        await answered(office, "decline", await question(office, "officer"), reason="savings")

        assert (await office.templates())[-1] == "borrow.declined_savings"

    @pytest.mark.parametrize("named", [[], [AMINA], [BARAKA, BARAKA]])
    async def test_too_few_guarantors_are_none(self, office: Office, named: Sequence[str]) -> None:
        """Nobody stands in for themselves, and nobody twice."""
        offers(office, guarantors=2)

        loan = await applied(office, guarantors=named)

        assert await office.loan_state(loan) == "cancelled"
        assert (await office.templates())[-1] == "borrow.unsecured"

    async def test_collateral_has_to_be_on_record_before_the_money_leaves(self, office: Office) -> None:
        """The officer's yes alone is not enough."""
        offers(office, collateral=True)
        loan = await applied(office)
        await answered(office, "approve", await question(office))
        assert await office.loan_state(loan) == "verified"

        row = await office.operation(loan)
        async with office.store.begin() as connection:
            await collateral.recorded(connection, "k1", row.id, "A cow, brown", 30_000_00, JANE, office.clock())
        await office.settled()

        assert await office.loan_state(loan) == "active"


async def offered_most(office: Office) -> list[int]:
    """The most of each product secured by savings that Amina may have now."""
    facts = LoanFacts(office.shop.books, office.shop.portfolio, PeopleFacts(frozenset()), office.clock)
    async with office.store.read() as connection:
        borrowing = await facts.borrowing(connection, AMINA)
    return [product.max_cents for product in borrowing.products if product.secured_percent]


class TestDuties:
    @pytest.mark.parametrize(
        ("mode", "paid", "owed", "income", "tax"),
        [("from_payout", 1_976_00, 2_160_00, 20_00, 18_55), ("added", 2_000_00, 2_184_00, 20_00, 18_55)],
    )
    async def test_a_duty_is_owed_to_the_state_from_the_payout_on(
        self, office: Office, mode: str, paid: int, owed: int, income: int, tax: int
    ) -> None:
        """4.00 on the fee, and 14.55 inside the interest: that much less is ours in the end."""
        offers(office, fee_mode=mode, taxes=(EXCISE, LEVY))
        loan = await applied(office)
        assert office.rail.cents("b2c") == paid
        assert await office.owed(loan) == owed
        assert await office.balance(chart.TAX_PAYABLE) == tax
        await office.prove()

        await office.from_wallet(loan, 1_00)
        await office.settled()
        await office.prove()
        await office.from_wallet(loan, owed)
        await office.settled()

        ours = await office.balance(chart.INCOME_FEES) + await office.balance(chart.INCOME_INTEREST)
        assert ours == income + 160_00 - 14_55
        assert await office.balance(chart.loan_fees((await office.operation(loan)).id)) == 0
        assert await office.balance(chart.TAX_PAYABLE) == tax
        await office.prove()

    async def test_the_message_names_it(self, office: Office) -> None:
        """Beside the fee."""
        offers(office, taxes=(EXCISE,))

        await applied(office)

        assert "Fee 20, duty 4." in (await office.texts())[-1]

    async def test_a_month_is_reported_by_duty(self, office: Office) -> None:
        """Two loans; what the books owe is what was registered."""
        offers(office, taxes=(EXCISE, LEVY))
        await applied(office)
        await applied(office, 1_000_00)

        now = office.clock()
        async with office.store.read() as connection:
            month = await duties.between(connection, now - DAY_MS, now + DAY_MS)
            later = await duties.between(connection, now + DAY_MS, now + 2 * DAY_MS)

        assert [(row.name, row.loans, row.base_cents, row.duty_cents) for row in month.rows] == [
            ("excise", 2, 30_00, 6_00),
            ("levy", 2, 218_18, 21_82),
        ]
        assert (month.booked_cents, month.other_cents, month.remitted_cents) == (27_82, 0, 0)
        assert (list(later.rows), later.booked_cents) == ([], 0)
