"""After a default, charges stop at the principal then owing; a cure ends it; the day of the rule counts."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.lending.events import Charge, EndOfDay, Event, Repayment, Waiver
from gateway.lending.in_duplum import InDuplum
from gateway.lending.offers import DEMO_PRODUCTS, parse_products
from gateway.lending.penalties import LatePenalty
from gateway.lending.replay import replay
from gateway.lending.terms import Terms

PAID_OUT = date(2026, 1, 5)
RULE = InDuplum(date(2022, 3, 18), 90)
QUICK = parse_products(dict(DEMO_PRODUCTS))["quick"]


def terms(*events: Event, penalty_cents: int = 50_00) -> Terms:
    bare = QUICK.terms(2_000_00, PAID_OUT)
    return replace(bare, late_penalty=LatePenalty(penalty_cents), events=events)


def day(number: int) -> date:
    return PAID_OUT + timedelta(days=number)


class TestInDuplum:
    def test_charges_after_the_default_stop_at_the_principal_then_owing(self) -> None:
        """Twenty years of penalties: 2,000.00 and as much again, the interest and penalties that were late among it."""
        loan = replay(terms(EndOfDay(day(7300)), penalty_cents=300_00), day(7300), RULE)
        without = replay(terms(EndOfDay(day(7300)), penalty_cents=300_00), day(7300))

        assert loan.is_capped
        assert loan.default is not None
        assert loan.outstanding.total == 4_000_00
        assert without.owed.penalty > loan.owed.penalty

    def test_it_counts_from_the_day_of_the_rule(self) -> None:
        """A loan late long before has its default on that day."""
        rule = InDuplum(day(1000), 90)

        loan = replay(terms(EndOfDay(day(1200))), day(1200), rule)

        assert loan.default is not None
        assert loan.default.on == day(1000)

    def test_a_cure_ends_it(self) -> None:
        """All that is late is paid: the loan is in no default."""
        events = (Repayment(day(400), 50_000_00), EndOfDay(day(500)))

        assert replay(terms(*events), day(500), RULE).default is None

    def test_a_charge_by_staff_is_no_way_around_it(self) -> None:
        """Only what room is left is charged."""
        loan = replay(terms(EndOfDay(day(300)), Charge(day(301), 9_000_00, "fee", 1)), day(301), RULE)

        assert loan.is_capped
        assert loan.owed.fee < 2_000_00

    @settings(max_examples=60)
    @given(
        st.lists(st.tuples(st.integers(1, 3000), st.integers(1, 3_000_00), st.booleans()), max_size=8),
        st.integers(1, 900_00),
    )
    def test_whatever_happens_the_law_holds(self, acts: list[tuple[int, int, bool]], penalty_cents: int) -> None:
        """Beside the principal no more than that much is ever owed; more only where it was so at the default."""
        events: list[Event] = [
            Repayment(day(on), cents) if is_paid else Charge(day(on), cents, "fee", 1) for on, cents, is_paid in acts
        ]
        loan = replay(terms(*events, EndOfDay(day(3100)), penalty_cents=penalty_cents), day(3100), RULE)

        if loan.default is not None:
            assert loan.outstanding.total - loan.outstanding.principal <= loan.default.charged_cents
            since = sum(each.amount_cents for each in loan.late_penalties if each.on >= loan.default.on)
            assert loan.default.charged_cents <= loan.default.principal_cents or not since


class TestWaiver:
    def test_no_more_is_waived_than_is_unpaid(self) -> None:
        """And the penalty that was waived is not owed any more."""
        loan = replay(terms(EndOfDay(day(35)), Waiver(day(36), 500_00)), day(36))

        assert loan.outstanding.penalty == 0
        assert loan.outstanding.total == 2_160_00
