"""Due dates: counted from one day, and, where that is agreed, never on a closed one."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.lending.duedates import UNITS, Calendar, Closed
from gateway.lending.errors import InvalidTerms, UnsupportedTerms
from gateway.lending.offers import DEMO_PRODUCTS, DueDays, parse_product, parse_products
from gateway.lending.price import quote
from gateway.lending.quote import quote_from_terms
from gateway.lending.replay import replay
from gateway.lending.terms import parse_terms, terms_mapping

SUNDAY = 7
CHRISTMAS = (date(2026, 12, 25), date(2026, 12, 26))
MONTHLY: dict[str, Any] = {
    "principal": "10000.00", "annualRatePercent": "18", "interestMethod": "declining_balance", "numberOfRepayments": 3,
    "repaymentUnit": "months", "disbursedOn": "2026-10-25",
    "noDueDatesOn": {"weekdays": [7], "days": ["2026-12-25", "2026-12-26"]},
}  # fmt: skip


def closed_between(first: date, last: date) -> Closed:
    return Closed(frozenset({SUNDAY}), frozenset(day for day in CHRISTMAS if first <= day <= last))


NEXT = DueDays("next", closed_between)


def days(calendar: Calendar, count: int, first: int = 1) -> list[str]:
    return [day.isoformat() for day in calendar.due_dates(first, count)]


class TestClosedDays:
    """Sundays, and two days of Christmas; 25 October 2026 is a Sunday, 25 December a Friday."""

    def test_a_due_date_on_one_is_the_next_open_day(self) -> None:
        """Over a holiday, the day after it and a Sunday, too; what comes later is counted from its own day."""
        calendar = Calendar(date(2026, 10, 25), 0, 1, "months", closed_between(*CHRISTMAS))

        assert days(calendar, 3) == ["2026-11-25", "2026-12-28", "2027-01-25"]

    def test_daily_instalments_do_not_meet(self) -> None:
        """Saturday, then Monday for Sunday, and Monday's own waits until Tuesday."""
        calendar = Calendar(date(2026, 10, 30), 0, 1, "days", Closed(frozenset({SUNDAY})))

        assert days(calendar, 3) == ["2026-10-31", "2026-11-02", "2026-11-03"]

    def test_weekly_ones_do_not_change_places_over_a_long_holiday(self) -> None:
        """Two weeks closed: the two that fall into them are due one after the other."""
        shut = frozenset(date(2026, 11, 1) + timedelta(days=ahead) for ahead in range(14))
        calendar = Calendar(date(2026, 10, 27), 0, 1, "weeks", Closed(days=shut))

        assert days(calendar, 3) == ["2026-11-15", "2026-11-16", "2026-11-17"]

    def test_a_part_of_them_is_the_same_as_in_the_whole(self) -> None:
        """Whoever asks for the later ones gets what was agreed."""
        calendar = Calendar(date(2026, 10, 30), 0, 1, "days", Closed(frozenset({SUNDAY})))

        assert days(calendar, 5, first=8) == days(calendar, 12)[7:]

    def test_without_any_each_stays_where_it_is(self) -> None:
        """A Sunday is a day like another."""
        assert days(Calendar(date(2026, 9, 25), 0, 1, "months"), 1) == ["2026-10-25"]

    @given(
        st.dates(date(2026, 1, 1), date(2030, 1, 1)),
        st.integers(1, 40),
        st.sampled_from(UNITS),
        st.sets(st.integers(1, 7), max_size=6),
        st.sets(st.integers(0, 400), max_size=60),
        st.integers(1, 40),
    )
    def test_they_keep_their_order_and_their_number(
        self, start: date, every: int, unit: Any, weekdays: set[int], shut: set[int], count: int
    ) -> None:
        """Never two on one day, never on a closed one, and none before the day it was counted for."""
        closed = Closed(frozenset(weekdays), frozenset(start + timedelta(days=ahead) for ahead in shut))

        found = Calendar(start, 0, every, unit, closed).due_dates(1, count)

        plain = Calendar(start, 0, every, unit).due_dates(1, count)
        assert len(found) == count
        assert all(one < other for one, other in pairwise(found))
        assert all(day not in closed and day >= counted for day, counted in zip(found, plain, strict=True))


class TestTerms:
    """`noDueDatesOn` of a loan's terms."""

    def test_a_quote_shows_the_days_that_count(self) -> None:
        """And how long each period is with them; by the month the amounts are those of any other days."""
        priced = quote_from_terms(MONTHLY)
        plain = quote_from_terms(MONTHLY | {"noDueDatesOn": None})

        rows, others = priced["instalments"], plain["instalments"]
        assert isinstance(rows, list)
        assert isinstance(others, list)
        assert [(row["dueOn"], row["days"]) for row in rows] == [
            ("2026-11-25", 31), ("2026-12-28", 33), ("2027-01-25", 28),
        ]  # fmt: skip
        assert [row["due"] for row in rows] == [row["due"] for row in others]

    def test_daily_interest_follows_the_days(self) -> None:
        """Three days more of the second period cost what three days cost."""
        daily = MONTHLY | {"interestPeriod": "daily", "annualRatePercent": "36.5", "amortization": "equal_principal"}

        moved, plain = (
            replay(parse_terms(terms)).rows[1].owed.interest for terms in (daily, daily | {"noDueDatesOn": None})
        )

        balance = replay(parse_terms(daily)).rows[0].instalment.balance_after_cents
        assert moved - plain == round(Decimal(balance) * 3 / 1000)

    def test_they_survive_being_stored(self) -> None:
        """So that a holiday that is announced later moves nothing that was agreed."""
        terms = parse_terms(MONTHLY)

        assert parse_terms(terms_mapping(terms)) == terms
        assert terms.closed == Closed(frozenset({SUNDAY}), frozenset(CHRISTMAS))

    def test_new_dates_keep_to_them(self) -> None:
        """A date that somebody names on a Sunday is the Monday; so are the later ones that fall on one."""
        moved = {"on": "2026-11-26", "type": "reschedule", "nextDueOn": "2026-12-20"}

        loan = replay(parse_terms(MONTHLY | {"events": [moved]}))

        assert [row.due_on.isoformat() for row in loan.rows] == ["2026-11-25", "2026-12-21", "2027-01-20"]

    @pytest.mark.parametrize(
        ("closed", "field"),
        [
            ({"weekdays": [0]}, "noDueDatesOn.weekdays"),
            ({"weekdays": [1, 2, 3, 4, 5, 6, 7]}, "noDueDatesOn.weekdays"),
            ({"weekdays": [7, 7]}, "noDueDatesOn.weekdays"),
            ({"weekdays": [True]}, "noDueDatesOn.weekdays"),
            ({"days": ["25 December"]}, "noDueDatesOn.days"),
            ({"days": [date(2026, 1, 1).isoformat()] * 5_001}, "noDueDatesOn.days"),
            ({"months": [1]}, "noDueDatesOn.months"),
        ],
    )
    def test_what_cannot_be_is_refused_by_name(self, closed: dict[str, object], field: str) -> None:
        """A week that is all closed has no due date at all."""
        with pytest.raises((InvalidTerms, UnsupportedTerms), match=f"^{field}: "):
            parse_terms(MONTHLY | {"noDueDatesOn": closed})


class TestProducts:
    """`calendar.due_on_closed_days`, and what a product says instead."""

    def test_a_price_is_for_the_days_that_count(self) -> None:
        """Quick on Friday 25 September: its thirty days end on a Sunday."""
        kept, moved = (
            quote(parse_products(dict(DEMO_PRODUCTS), days=rule)["quick"], 2_000_00, date(2026, 9, 25))
            for rule in (DueDays("keep", closed_between), NEXT)
        )

        assert (kept.due_on, moved.due_on) == ((date(2026, 10, 25),), (date(2026, 10, 26),))
        assert kept.repay_cents == moved.repay_cents

    @pytest.mark.parametrize(("rule", "own", "moves"), [("keep", "next", True), ("next", "keep", False)])
    def test_a_product_may_say_otherwise(self, rule: Any, own: str, moves: bool) -> None:
        """Its own word counts."""
        source = {**DEMO_PRODUCTS["quick"], "due_on_closed_days": own}

        product = parse_product("quick", source, days=DueDays(rule, closed_between))

        assert bool(product.terms(2_000_00, date(2026, 9, 25)).closed) is moves

    def test_the_days_are_agreed_for_a_while_after_the_last_date(self) -> None:
        """A pay-out may come later than the price, and dates may be moved."""
        terms = parse_product("growth", DEMO_PRODUCTS["growth"], days=NEXT).terms(6_000_00, date(2026, 5, 1), 3)

        assert terms.closed.days == frozenset(CHRISTMAS)

    def test_what_two_people_agreed_on_stays(self) -> None:
        """A loan between people is due on the day they named."""
        assert parse_product("peer", DEMO_PRODUCTS["peer"], days=NEXT).closed_between is None

    def test_a_rule_that_nobody_knows_is_refused(self) -> None:
        """By its key."""
        with pytest.raises(UnsupportedTerms, match=r"^products\.quick\.due_on_closed_days: "):
            parse_product("quick", {**DEMO_PRODUCTS["quick"], "due_on_closed_days": "before"})
