from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.known import Reason
from flows.reasons import REASONS
from gateway.borrowing.limits import Change, Ladder, Outcome, graded, limit, outcome_of
from gateway.borrowing.score import History
from gateway.lending.events import EndOfDay, Repayment
from gateway.lending.offers import DEMO_PRODUCTS, parse_products
from gateway.lending.replay import replay

TODAY = date(2026, 8, 5)
KNOWN = History(TODAY, date(2025, 1, 1), 5_000_00, savings_cents=1_000_00, saving_since=date(2026, 1, 1))
LADDER = Ladder()
QUICK = parse_products(DEMO_PRODUCTS)["quick"]


class TestLimit:
    def test_nothing_in_the_way_is_the_ceiling_and_the_next_step(self) -> None:
        """What a customer asks first: how it grows."""
        found = limit(KNOWN, LADDER)

        assert (found.cents, found.reasons) == (5_000_00, (Reason("next", 6_000_00),))

    def test_at_the_top_there_is_no_next_step(self) -> None:
        """Nor above it, where staff have set it."""
        assert limit(replace(KNOWN, ceiling_cents=60_000_00), LADDER).reasons == (Reason("top"),)

    @pytest.mark.parametrize(
        ("ladder", "cents", "reason"),
        [
            (replace(LADDER, savings_times=3), 3_000_00, Reason("savings", 3_000_00)),
            (replace(LADDER, saving_months=9), 2_000_00, Reason("saving_short", 9)),
            (replace(LADDER, tenure_months=24), 2_000_00, Reason("young", 24)),
        ],
    )
    def test_a_bound_that_holds_is_a_reason(self, ladder: Ladder, cents: int, reason: Reason) -> None:
        """Told as the thing to change."""
        found = limit(KNOWN, ladder)

        assert (found.cents, found.reasons) == (cents, (reason,))

    def test_a_bound_above_the_ceiling_is_not_told(self) -> None:
        """Savings of ten times the limit explain nothing."""
        assert limit(KNOWN, replace(LADDER, savings_times=50)).reasons == (Reason("next", 6_000_00),)

    def test_somebody_blocked_has_none(self) -> None:
        """Whatever else is true of them."""
        found = limit(replace(KNOWN, is_blocked=True), LADDER)

        assert (found.cents, found.reasons) == (0, (Reason("blocked"),))

    @given(
        ceiling=st.integers(0, 100_000_00),
        saved=st.integers(0, 100_000_00),
        times=st.integers(0, 10),
        months=st.integers(0, 24),
        blocked=st.booleans(),
    )
    def test_it_is_never_more_than_the_ceiling_and_always_has_a_reason(
        self, ceiling: int, saved: int, times: int, months: int, blocked: bool
    ) -> None:
        """One that there are words for."""
        ladder = replace(LADDER, savings_times=times, saving_months=months, tenure_months=months)
        found = limit(replace(KNOWN, ceiling_cents=ceiling, savings_cents=saved, is_blocked=blocked), ladder)

        assert 0 <= found.cents <= ceiling
        assert found.reasons
        assert {reason.code for reason in found.reasons} <= set(REASONS)


class TestGraded:
    @pytest.mark.parametrize(
        ("outcome", "change"),
        [
            (Outcome(5_000_00, 0, 30), Change(6_000_00, "on_time")),
            (Outcome(5_000_00, 3, 33), Change(6_000_00, "on_time")),
            (Outcome(5_000_00, 4, 34), Change(4_000_00, "late")),
            (Outcome(5_000_00, 0, 6), None),  # borrowed and given back at once
            (Outcome(2_499_00, 0, 30), None),  # too small to show anything
        ],
    )
    def test_a_step_up_for_a_loan_on_time_and_a_step_down_for_a_late_one(
        self, outcome: Outcome, change: Change | None
    ) -> None:
        """Small and short loans change nothing."""
        assert graded(5_000_00, outcome, LADDER) == change

    def test_not_above_the_top_nor_below_the_first_step(self) -> None:
        """What staff set beyond these stays."""
        assert graded(49_500_00, Outcome(40_000_00, 0, 30), LADDER) == Change(50_000_00, "on_time")
        assert graded(60_000_00, Outcome(40_000_00, 0, 30), LADDER) is None
        assert graded(2_500_00, Outcome(2_000_00, 30, 60), LADDER) == Change(2_000_00, "late")
        assert graded(1_000_00, Outcome(1_000_00, 30, 60), LADDER) is None


class TestOutcome:
    @pytest.mark.parametrize(("days", "late"), [(0, 0), (30, 0), (34, 4)])
    def test_lateness_is_that_of_the_day_on_which_the_last_shilling_came(self, days: int, late: int) -> None:
        """A first half on time does not count."""
        terms = QUICK.terms(2_000_00, TODAY)
        on = TODAY + timedelta(days=days)
        events = (Repayment(TODAY, 1_000_00), EndOfDay(on - timedelta(days=1)), Repayment(on, 5_000_00))
        first, *rest = events if days > 1 else (events[0], events[2])

        found = outcome_of(replay(replace(terms, events=(first, *rest)), on))

        assert found == Outcome(2_000_00, late, days)
