"""The core's own arithmetic, held against worked examples and against what must always be true."""

from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.standins.core.allocation import PARTS, STRATEGIES, Debt, allocate
from simulator.standins.core.schedule import (
    DAILY,
    DAYS,
    EQUAL_PRINCIPAL,
    FLAT,
    MONTHS,
    PER_MONTH,
    PER_YEAR,
    WEEKS,
    WHOLE_TERM,
    YEARS,
    Terms,
    due_dates,
    schedule,
)

LAST_OF_JANUARY = date(2025, 1, 31)


def yearly(count: int, rate: int, **more: Any) -> Terms:
    return Terms(count, 1, MONTHS, Fraction(rate), PER_YEAR, **more)


def cells(terms: Terms, shillings: int) -> list[tuple[float, float]]:
    """Principal and interest of every instalment, in shillings."""
    rows = schedule(terms, shillings * 100, LAST_OF_JANUARY)
    return [(row.principal / 100, row.interest / 100) for row in rows]


class TestWorkedExamples:
    """Each number is that of the published example."""

    @pytest.mark.parametrize(
        ("terms", "shillings", "expected"),
        [
            (yearly(6, 18, interest_type=FLAT), 12000, [(2000.00, 180.00)] * 6),
            (yearly(5, 22, interest_type=FLAT), 7000, [(1399.67, 128.33)] * 4 + [(1401.32, 128.35)]),
            (
                yearly(5, 22, interest_type=FLAT, multiple_cents=1000),
                7000,
                [(1401.67, 128.33)] * 4 + [(1393.32, 128.35)],
            ),
            (
                yearly(6, 16),
                24000,
                [
                    *[(3869.00, 320.00), (3920.59, 268.41), (3972.86, 216.14)],
                    *[(4025.83, 163.17), (4079.51, 109.49), (4132.21, 55.10)],
                ],
            ),
            (
                yearly(6, 16, calculation=DAILY),
                24000,
                [
                    *[(3891.42, 294.58), (3912.74, 273.26), (3973.01, 212.99)],
                    *[(4019.90, 166.10), (4078.13, 107.87), (4124.80, 56.05)],
                ],
            ),
            (
                yearly(7, 18, amortization=EQUAL_PRINCIPAL),
                10000,
                [
                    *[(1428.57, 150.00), (1428.57, 128.57), (1428.57, 107.14), (1428.57, 85.71), (1428.57, 64.29)],
                    *[(1428.57, 42.86), (1428.58, 21.43)],
                ],
            ),
            (Terms(8, 1, WEEKS, Fraction(16), WHOLE_TERM, interest_type=FLAT), 10000, [(1250.00, 200.00)] * 8),
            (Terms(1, 30, DAYS, Fraction(8), WHOLE_TERM, interest_type=FLAT), 2000, [(2000.00, 160.00)]),
            (Terms(2, 1, MONTHS, Fraction(0), PER_MONTH), 100, [(50.00, 0.00), (50.00, 0.00)]),
        ],
    )
    def test_every_cell_is_as_published(
        self, terms: Terms, shillings: int, expected: list[tuple[float, float]]
    ) -> None:
        """To the cent."""
        assert cells(terms, shillings) == expected

    @pytest.mark.parametrize(
        ("grace", "totals"),
        [
            ({"principal_grace": 2}, [320.00, 320.00, 6201.00, 6201.00, 6201.00, 6202.33]),
            ({"interest_payment_grace": 2}, [3869.00, 3920.59, 4777.41, 4189.00, 4189.00, 4187.31]),
            ({"principal_grace": 2, "interest_payment_grace": 2}, [0, 0, 6841.00, 6201.00, 6201.00, 6202.33]),
            ({"interest_free": 1}, [4189.00] * 5 + [3845.41]),
        ],
    )
    def test_the_three_kinds_of_grace(self, grace: dict[str, int], totals: list[float]) -> None:
        """Each means something else."""
        assert [round(sum(cell), 2) for cell in cells(yearly(6, 16, **grace), 24000)] == totals

    def test_a_small_loan_ends_early_instead_of_going_below_nothing(self) -> None:
        """An instalment that is rounded up pays it off before the last row."""
        rows = cells(yearly(24, 30), 50)

        assert rows[-1] == (0.0, 0.0)
        assert round(sum(principal for principal, _ in rows), 2) == 50.0

    def test_due_dates_come_back_to_their_day(self) -> None:
        """The 31st after February is the 31st again, and weeks and years are counted from the first day too."""
        assert due_dates(yearly(3, 1), LAST_OF_JANUARY) == [date(2025, 2, 28), date(2025, 3, 31), date(2025, 4, 30)]
        assert due_dates(Terms(2, 2, WEEKS, Fraction(1), PER_YEAR), LAST_OF_JANUARY)[-1] == date(2025, 2, 28)
        assert due_dates(Terms(1, 1, YEARS, Fraction(1), PER_YEAR), date(2024, 2, 29)) == [date(2025, 2, 28)]
        assert due_dates(yearly(2, 1), LAST_OF_JANUARY, date(2025, 3, 5)) == [date(2025, 3, 5), date(2025, 4, 5)]


any_terms = st.builds(
    Terms,
    count=st.integers(1, 36),
    every=st.integers(1, 3),
    frequency=st.integers(0, 3),
    rate=st.fractions(0, 60, max_denominator=100),
    rate_frequency=st.sampled_from([PER_MONTH, PER_YEAR, WHOLE_TERM]),
    amortization=st.integers(0, 1),
    interest_type=st.integers(0, 1),
    calculation=st.integers(0, 1),
    multiple_cents=st.sampled_from([1, 100, 1000]),
    principal_grace=st.integers(0, 3),
    interest_payment_grace=st.integers(0, 3),
    interest_free=st.integers(0, 3),
)


class TestAlways:
    @given(terms=any_terms, cents=st.integers(1_00, 1_000_000_00))
    def test_a_schedule_adds_up(self, terms: Terms, cents: int) -> None:
        """The principal is paid exactly, nothing is negative, and the days only go forward."""
        rows = schedule(terms, cents, LAST_OF_JANUARY)

        assert sum(row.principal for row in rows) == cents
        assert all(row.principal >= 0 and row.interest >= 0 for row in rows)
        assert all(row.from_on < row.due_on for row in rows)

    @given(
        amount=st.integers(0, 10_000),
        owed=st.lists(st.fixed_dictionaries({part: st.integers(0, 900) for part in PARTS}), max_size=5),
        strategy=st.sampled_from(sorted(STRATEGIES)),
    )
    def test_a_payment_pays_what_it_can_and_no_more(
        self, amount: int, owed: list[dict[str, int]], strategy: str
    ) -> None:
        """What it pays is the smaller of what came and what is owed, and no part is paid beyond itself."""
        debts = [Debt(number, split) for number, split in enumerate(owed)]

        paid = list(allocate(amount, debts, strategy))

        assert sum(one.cents for one in paid) == min(amount, sum(sum(split.values()) for split in owed))
        assert all(one.split[part] <= owed[one.number][part] for one in paid for part in PARTS)

    def test_the_oldest_instalment_is_finished_first(self) -> None:
        """Penalty, fee, interest, principal, and then the next one."""
        first = {"penalty": 190_55, "fee": 50_00, "interest": 320_00, "principal": 3_822_00}
        second = {"penalty": 0, "fee": 50_00, "interest": 269_04, "principal": 3_872_96}

        paid = list(allocate(4_500_00, [Debt(1, first), Debt(2, second)], "mifos-standard-strategy"))

        assert paid[0].is_met
        assert paid[0].cents == 4_382_55
        assert paid[1].split == {"penalty": 0, "fee": 50_00, "interest": 67_45, "principal": 0}
