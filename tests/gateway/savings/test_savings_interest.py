"""Interest by the daily balance: the worked example to the cent, and what holds for any movements."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.savings.interest import Movement, Rate, Span, accrued, posted_cents, spans

FIRST, LAST = date(2026, 4, 1), date(2026, 4, 30)
FOUR = (Rate(date(2020, 1, 1), Decimal(4)),)

days = st.dates(date(2026, 3, 25), date(2026, 5, 5))
movements = st.lists(st.builds(Movement, days, st.integers(-50_000_00, 50_000_00)), max_size=30)


class TestSpans:
    """Balances at the end of each day."""

    def test_movements_cut_the_month(self) -> None:
        """Each span has one balance; together they are the month."""
        found = spans(
            10_000_00, [Movement(date(2026, 4, 11), 5_000_00), Movement(date(2026, 4, 21), -8_000_00)], FIRST, LAST
        )

        assert [(span.days, span.cents) for span in found] == [(10, 10_000_00), (10, 15_000_00), (10, 7_000_00)]

    @given(st.integers(0, 10**9), movements)
    def test_every_day_is_in_one_span(self, opening: int, moved: list[Movement]) -> None:
        """And each balance is what was there before plus all that moved up to that day."""
        found = spans(opening, moved, FIRST, LAST)

        assert sum(span.days for span in found) == 30
        for span in found:
            until = sum(each.cents for each in moved if FIRST <= each.on <= span.last)
            assert span.cents == opening + until


class TestInterest:
    """What the balances earn."""

    def test_the_worked_example(self) -> None:
        """320,000 shilling-days at 4 percent are Ksh 35.07: rounded once, not day by day (which would be 35.10)."""
        balances = [
            Span(date(2026, 4, 1), date(2026, 4, 10), 10_000_00),
            Span(date(2026, 4, 11), date(2026, 4, 20), 15_000_00),
            Span(date(2026, 4, 21), date(2026, 4, 30), 7_000_00),
        ]

        assert posted_cents(accrued(balances, FOUR)) == 35_07

    def test_a_rate_holds_from_its_day_until_the_next(self) -> None:
        """Whatever their order in the configuration."""
        month = [Span(FIRST, LAST, 36_500_00)]
        rates = (Rate(date(2026, 4, 16), Decimal(8)), Rate(date(2026, 4, 11), Decimal(4)))

        assert accrued(month, rates) == 5 * 4_00 + 15 * 8_00

    @pytest.mark.parametrize(
        "rates", [(), (Rate(date(2026, 5, 1), Decimal(9)),), (Rate(date(2020, 1, 1), Decimal(0)),)]
    )
    def test_without_a_rate_nothing_is_earned(self, rates: tuple[Rate, ...]) -> None:
        """None, one that begins later, or none percent."""
        assert accrued([Span(FIRST, LAST, 1_000_00)], rates) == 0

    @given(st.integers(0, 10**9), movements, st.integers(0, 29))
    def test_accruing_day_by_day_comes_to_the_same(self, opening: int, moved: list[Movement], cut: int) -> None:
        """Unrounded, wherever the month is cut."""
        balances = [
            Span(day, day, span.cents)
            for span in spans(opening, moved, FIRST, LAST)
            for day in (span.first + timedelta(days=number) for number in range(span.days))
        ]
        whole = accrued(spans(opening, moved, FIRST, LAST), FOUR)

        assert accrued(balances[:cut], FOUR) + accrued(balances[cut:], FOUR) == whole
        assert whole >= 0
        assert abs(posted_cents(whole) - whole) <= Fraction(1, 2)
