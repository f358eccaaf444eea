"""What must hold for every loan, whatever its terms and whatever happens to it."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gateway.lending.allocation import PARTS, Order, Owing, Parts, allocate
from gateway.lending.duedates import Closed
from gateway.lending.events import Charge, EndOfDay, Event, Repayment, Reversal
from gateway.lending.loan import Loan, owing
from gateway.lending.payoff import payoff
from gateway.lending.penalties import LatePenalty
from gateway.lending.replay import replay
from gateway.lending.schedule import schedule
from gateway.lending.terms import (
    AMORTIZATIONS,
    DAY_COUNTS,
    INTEREST_METHODS,
    INTEREST_PERIODS,
    ROUNDINGS,
    Amortization,
    InterestMethod,
    Terms,
    parse_terms,
    terms_mapping,
)

# A busy machine is not a failing test.
PAID_OUT_ON = date(2026, 1, 31)
ORDERS = st.permutations(PARTS).map(tuple)
PART_CENTS = st.integers(0, 500_000)
OWING = st.builds(
    Owing,
    st.integers(1, 9),
    st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    st.builds(Parts, PART_CENTS, PART_CENTS, PART_CENTS, PART_CENTS),
)
OWINGS = st.lists(OWING, max_size=6, unique_by=lambda owing: owing.number)
PAYMENTS = st.integers(0, 5_000_000)
TODAY = date(2026, 6, 30)


@st.composite
def any_terms(draw: st.DrawFn) -> Terms:
    method = draw(st.sampled_from(INTEREST_METHODS))
    count = draw(st.integers(1, 40))
    every = draw(st.integers(1, 3))
    first_in = draw(st.none() | st.integers(1, 90))
    return Terms(
        principal_cents=draw(st.integers(1, 10**9)),
        annual_rate_percent=draw(st.decimals(0, 400, places=2)),
        interest_method=method,
        amortization=draw(st.sampled_from(AMORTIZATIONS)),
        interest_period=draw(st.sampled_from(INTEREST_PERIODS[:1] if method == "flat" else INTEREST_PERIODS)),
        day_count=draw(st.sampled_from(DAY_COUNTS)),
        number_of_repayments=count,
        repayment_every=every,
        repayment_unit=draw(st.sampled_from(("days", "weeks", "months"))),
        disbursed_on=PAID_OUT_ON,
        first_repayment_on=None if first_in is None else PAID_OUT_ON + timedelta(days=first_in),
        closed=Closed(draw(st.frozensets(st.integers(1, 7), max_size=6))),
        principal_grace_periods=draw(st.integers(0, count - 1)),
        interest_payment_grace_periods=draw(st.integers(0, count - 1)),
        interest_free_periods=draw(st.integers(0, count)),
        installment_multiple_cents=draw(st.sampled_from((1, 5, 100, 500, 1000))),
        rounding=draw(st.sampled_from(ROUNDINGS)),
        allocation=draw(ORDERS),
        allocation_in_advance=draw(ORDERS),
        late_penalty=draw(st.none() | st.builds(LatePenalty, st.integers(1, 10_000))),
    )


@st.composite
def any_events(draw: st.DrawFn) -> tuple[Event, ...]:
    days = st.integers(0, 900).map(lambda days: PAID_OUT_ON + timedelta(days=days))
    event = st.one_of(
        st.builds(Repayment, days, st.integers(1, 10**9)),
        st.builds(Charge, days, st.integers(1, 100_000), st.sampled_from(("fee", "penalty"))),
        st.builds(EndOfDay, days),
    )
    return tuple(draw(st.lists(event, max_size=8)))


def played(terms: Terms, events: tuple[Event, ...]) -> Loan:
    return replay(replace(terms, events=events))


class TestSchedule:
    @given(any_terms())
    def test_the_principal_is_repaid_exactly_and_no_cell_is_negative(self, terms: Terms) -> None:
        """Principal sums to the loan, each balance follows from the last one, and the final one is zero."""
        rows = schedule(terms)

        balances = [terms.principal_cents, *(row.balance_after_cents for row in rows)]
        assert [before - after for before, after in pairwise(balances)] == [row.principal_cents for row in rows]
        assert balances[-1] == 0
        assert min(min(row.principal_cents, row.interest_cents, row.accrued_cents) for row in rows) >= 0

    @given(any_terms())
    def test_periods_follow_each_other_and_collect_all_that_accrued(self, terms: Terms) -> None:
        """No day between two rows is lost, and no interest either."""
        rows = schedule(terms)

        assert rows[0].start_on == terms.disbursed_on
        assert all(before.due_on == after.start_on for before, after in pairwise(rows))
        assert all(row.days > 0 for row in rows)
        assert sum(row.interest_cents for row in rows) == sum(row.accrued_cents for row in rows)

    @given(any_terms())
    def test_equal_instalments_are_multiples(self, terms: Terms) -> None:
        """Without grace, a row that repays some but not all of the balance is due a whole multiple."""
        plain = replace(
            terms,
            amortization="equal_installments",
            principal_grace_periods=0,
            interest_payment_grace_periods=0,
            interest_free_periods=0,
        )
        for row in schedule(plain):
            if row.principal_cents and row.balance_after_cents:
                assert row.due_cents % plain.installment_multiple_cents == 0

    @given(
        st.sampled_from(INTEREST_METHODS),
        st.sampled_from(AMORTIZATIONS),
        st.integers(1, 60),
        st.decimals(0, 200, places=2),
        st.decimals("0.01", 50, places=2),
    )
    def test_a_higher_rate_never_costs_less(
        self,
        method: InterestMethod,
        amortization: Amortization,
        count: int,
        rate: Decimal,
        more: Decimal,
    ) -> None:
        """On a loan so large that cents round nothing away, growing the rate raises the interest."""
        terms = Terms(
            principal_cents=10**15,
            annual_rate_percent=rate,
            interest_method=method,
            amortization=amortization,
            number_of_repayments=count,
            repayment_unit="months",
            disbursed_on=PAID_OUT_ON,
        )
        dearer = replace(terms, annual_rate_percent=rate + more)

        cheap, dear = (sum(row.interest_cents for row in schedule(some)) for some in (terms, dearer))

        assert dear > cheap

    @given(any_terms(), any_events())
    def test_terms_survive_being_stored(self, terms: Terms, events: tuple[Event, ...]) -> None:
        """The JSON written with a loan reads back as the same agreement and the same events."""
        whole = replace(terms, events=events)

        assert parse_terms(terms_mapping(whole)) == whole


class TestAllocation:
    @given(OWINGS, PAYMENTS, ORDERS, ORDERS)
    def test_parts_sum_to_the_payment_and_never_exceed_what_is_owed(
        self, owings: list[Owing], paid: int, order: Order, in_advance: Order
    ) -> None:
        """Every cent is either on an instalment or over, and nothing is over while something is owed."""
        split = allocate(owings, paid, TODAY, order, in_advance)

        owed = {owing.number: owing.parts for owing in owings}
        assert split.parts.total + split.overpayment_cents == paid
        for share in split.shares:
            assert all(0 <= share.parts.of(part) <= owed[share.number].of(part) for part in PARTS)
        assert split.overpayment_cents == max(0, paid - sum(parts.total for parts in owed.values()))

    @given(OWINGS, PAYMENTS, PAYMENTS, ORDERS, ORDERS)
    def test_one_payment_equals_two_that_sum_to_it(
        self, owings: list[Owing], one: int, two: int, order: Order, in_advance: Order
    ) -> None:
        """a + b on one day leaves what a and then b leave."""

        def left_by(owings: list[Owing], cents: int) -> list[Owing]:
            shares = {share.number: share.parts for share in allocate(owings, cents, TODAY, order, in_advance).shares}
            return [replace(owing, parts=owing.parts.minus(shares.get(owing.number, Parts()))) for owing in owings]

        assert left_by(owings, one + two) == left_by(left_by(owings, one), two)


class TestReplay:
    @given(any_terms(), any_events())
    def test_money_is_conserved(self, terms: Terms, events: tuple[Event, ...]) -> None:
        """Paid plus over is what came in; owed is what was lent, earned and charged; nothing is negative."""
        loan = played(terms, events)

        came_in = sum(event.amount_cents for event in events if isinstance(event, Repayment))
        charged = sum(event.amount_cents for event in events if isinstance(event, Charge))
        late = sum(charge.amount_cents for charge in loan.late_penalties)
        assert loan.paid.total + loan.overpaid_cents == came_in
        assert loan.owed.principal == terms.principal_cents
        assert loan.owed.fee + loan.owed.penalty == charged + late
        assert all(row.outstanding.of(part) >= 0 for row in loan.rows for part in PARTS)

    @given(any_terms(), any_events(), st.integers(1, 10**9), st.integers(0, 900))
    def test_repay_then_reverse_leaves_every_balance_as_before(
        self, terms: Terms, events: tuple[Event, ...], cents: int, day: int
    ) -> None:
        """A payment that is taken back changes nothing."""
        on = PAID_OUT_ON + timedelta(days=day)
        repaid_and_reversed = (Repayment(on, cents, "X"), Reversal(on, reference="X"))

        assert played(terms, events + repaid_and_reversed).rows == played(terms, events).rows

    @given(any_terms(), st.integers(1, 10**8), st.integers(1, 10**8), st.integers(0, 900))
    def test_same_day_payments_may_come_in_any_order(self, terms: Terms, one: int, two: int, day: int) -> None:
        """Two payments of one day owe and leave the same either way round, and the same as their sum."""
        on = PAID_OUT_ON + timedelta(days=day)
        first, second = Repayment(on, one), Repayment(on, two)

        rows = played(terms, (first, second)).rows

        assert rows == played(terms, (second, first)).rows
        assert rows == played(terms, (Repayment(on, one + two),)).rows

    @given(any_terms(), any_events())
    def test_the_daily_job_is_idempotent(self, terms: Terms, events: tuple[Event, ...]) -> None:
        """Ending the last day again, or every day before it too, changes nothing."""
        last = PAID_OUT_ON + timedelta(days=900)
        often = tuple(EndOfDay(PAID_OUT_ON + timedelta(days=day)) for day in range(0, 900, 50))

        once = played(terms, (*events, EndOfDay(last)))

        assert played(terms, (*events, EndOfDay(last), EndOfDay(last))) == once
        assert played(terms, (*often, *events, EndOfDay(last))) == once


class TestPayoff:
    @given(any_terms(), any_events(), st.integers(0, 60))
    def test_a_payoff_is_never_more_than_paying_to_the_end(
        self, terms: Terms, events: tuple[Event, ...], days: int
    ) -> None:
        """What it saves and what it costs add up to what is outstanding, and it covers all but interest."""
        loan = played(terms, events)

        price = payoff(loan, loan.as_of + timedelta(days=days), "by_day")

        assert price.total_cents + price.saved_cents == loan.outstanding.total
        assert 0 <= price.interest_cents <= loan.outstanding.interest

    @given(any_terms(), st.integers(0, 1000), st.integers(0, 60))
    def test_waiting_never_makes_a_payoff_cheaper(self, terms: Terms, day: int, later: int) -> None:
        """Interest to the day only grows."""
        loan = played(terms, ())
        on = PAID_OUT_ON + timedelta(days=day)

        prices = [payoff(loan, when, "by_day").total_cents for when in (on, on + timedelta(days=later))]

        assert prices == sorted(prices)


def test_an_allocation_walks_every_instalment_of_a_loan() -> None:
    """What a loan hands to the allocation is all that it owes."""
    loan = replay(
        Terms(
            principal_cents=100_000,
            annual_rate_percent=Decimal(12),
            interest_method="flat",
            number_of_repayments=4,
            repayment_unit="weeks",
            disbursed_on=PAID_OUT_ON,
        )
    )

    assert sum(owed.parts.total for owed in owing(loan.rows)) == loan.outstanding.total
