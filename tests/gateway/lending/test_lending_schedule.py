from typing import Any

import pytest

from gateway.lending.fields import amount_text
from gateway.lending.schedule import Instalment, schedule
from gateway.lending.terms import parse_terms

BASE: dict[str, Any] = {
    "principal": "24000",
    "annualRatePercent": "16",
    "interestMethod": "declining_balance",
    "numberOfRepayments": 6,
    "repaymentUnit": "months",
    "disbursedOn": "2025-01-31",
    "installmentMultipleOf": "1",
}
SEVEN_THOUSAND_FLAT: dict[str, Any] = {
    "principal": "7000",
    "annualRatePercent": "22",
    "interestMethod": "flat",
    "numberOfRepayments": 5,
}


def rows_of(**changes: Any) -> tuple[Instalment, ...]:
    return schedule(parse_terms(BASE | changes))


def written(rows: tuple[Instalment, ...]) -> list[tuple[str, ...]]:
    """Principal, interest, due and balance of each row, as text."""
    return [
        tuple(
            amount_text(cents)
            for cents in (row.principal_cents, row.interest_cents, row.due_cents, row.balance_after_cents)
        )
        for row in rows
    ]


def dues(rows: tuple[Instalment, ...]) -> list[str]:
    return [amount_text(row.due_cents) for row in rows]


def interest(rows: tuple[Instalment, ...]) -> str:
    return amount_text(sum(row.interest_cents for row in rows))


class TestFlat:
    def test_an_even_loan_has_equal_rows(self) -> None:
        """12,000 at 18 percent over 6 months is six times 2,000.00 + 180.00."""
        rows = rows_of(principal="12000", annualRatePercent="18", interestMethod="flat")

        assert [(row.principal_cents, row.interest_cents) for row in rows] == [(200000, 18000)] * 6
        assert interest(rows) == "1080.00"

    def test_the_last_row_takes_what_is_left_of_both(self) -> None:
        """7,000 at 22 percent over 5 months: the instalment is rounded, the tail is in row 5."""
        rows = rows_of(**SEVEN_THOUSAND_FLAT)

        assert written(rows) == [
            ("1399.67", "128.33", "1528.00", "5600.33"),
            ("1399.67", "128.33", "1528.00", "4200.66"),
            ("1399.67", "128.33", "1528.00", "2800.99"),
            ("1399.67", "128.33", "1528.00", "1401.32"),
            ("1401.32", "128.35", "1529.67", "0.00"),
        ]

    @pytest.mark.parametrize(
        ("changes", "regular", "last"),
        [
            ({"rounding": "ceiling"}, "1529.00", "1525.67"),
            ({"installmentMultipleOf": "10"}, "1530.00", "1521.67"),
        ],
    )
    def test_rounding_the_instalment_moves_only_the_tail(
        self, changes: dict[str, Any], regular: str, last: str
    ) -> None:
        """Rounded up or in tens, the same loan costs the same 641.67."""
        rows = rows_of(**SEVEN_THOUSAND_FLAT | changes)

        assert dues(rows) == [regular] * 4 + [last]
        assert interest(rows) == "641.67"

    def test_two_percent_a_week_is_104_a_year(self) -> None:
        """10,000 at 2 percent per week over 8 weeks is 1,250.00 + 200.00 a week, 11,600.00 in all."""
        rows = rows_of(
            principal="10000",
            annualRatePercent="104",
            interestMethod="flat",
            repaymentUnit="weeks",
            numberOfRepayments=8,
        )

        assert [(row.principal_cents, row.interest_cents) for row in rows] == [(125000, 20000)] * 8
        assert sum(row.due_cents for row in rows) == 1160000

    def test_thirty_days_of_a_year_of_360(self) -> None:
        """96 percent of 30/360 days is the 8 percent of a 30-day loan."""
        rows = rows_of(
            principal="2000",
            annualRatePercent="96",
            interestMethod="flat",
            dayCount="30/360",
            repaymentUnit="days",
            repaymentEvery=30,
            numberOfRepayments=1,
            disbursedOn="2026-08-05",
        )

        assert written(rows) == [("2000.00", "160.00", "2160.00", "0.00")]
        assert (rows[0].due_on.isoformat(), rows[0].days) == ("2026-09-04", 30)

    def test_interest_rounded_up_each_row_never_exceeds_its_total(self) -> None:
        """The total is rounded once; rows stop when it is used up."""
        rows = rows_of(principal="0.60", annualRatePercent="12", interestMethod="flat", rounding="ceiling")

        assert [row.interest_cents for row in rows] == [1, 1, 1, 1, 0, 0]

    def test_a_free_period_charges_nothing_and_is_not_made_up_for(self) -> None:
        """Five of six months are charged; the instalment stays and the first one is all principal."""
        rows = rows_of(principal="12000", annualRatePercent="18", interestMethod="flat", interestFreePeriods=1)

        assert interest(rows) == "900.00"
        assert dues(rows) == ["2180.00"] * 5 + ["2000.00"]
        assert rows[0].interest_cents == 0

    def test_principal_grace_leaves_interest_only_rows(self) -> None:
        """Two interest rows, then the principal over the four that are left."""
        rows = rows_of(principal="12000", annualRatePercent="18", interestMethod="flat", principalGracePeriods=2)

        assert dues(rows) == ["180.00"] * 2 + ["3180.00"] * 4


class TestDecliningEqualInstalments:
    def test_the_table_of_a_monthly_loan(self) -> None:
        """24,000 at 16 percent over 6 months, row by row."""
        rows = rows_of()

        assert written(rows) == [
            ("3869.00", "320.00", "4189.00", "20131.00"),
            ("3920.59", "268.41", "4189.00", "16210.41"),
            ("3972.86", "216.14", "4189.00", "12237.55"),
            ("4025.83", "163.17", "4189.00", "8211.72"),
            ("4079.51", "109.49", "4189.00", "4132.21"),
            ("4132.21", "55.10", "4187.31", "0.00"),
        ]
        assert interest(rows) == "1132.31"

    def test_the_same_loan_flat_costs_more(self) -> None:
        """Flat interest on the same loan is 1,920.00."""
        assert interest(rows_of(interestMethod="flat")) == "1920.00"

    def test_without_interest_the_loan_is_divided(self) -> None:
        """At 0 percent the instalment is the principal over the periods."""
        rows = rows_of(principal="1000", annualRatePercent="0")

        assert dues(rows) == ["167.00"] * 5 + ["165.00"]
        assert interest(rows) == "0.00"

    def test_an_exact_cell_is_not_floored_away(self) -> None:
        """16 percent over 12 has no last digit, yet 24,000 of it is 320.00 under floor too."""
        assert rows_of(rounding="floor")[0].interest_cents == 32000

    def test_a_rounded_up_instalment_never_repays_more_than_the_balance(self) -> None:
        """50 at 30 percent over 24 months is paid in row 22; the rows after it are empty, not negative."""
        rows = rows_of(principal="50", annualRatePercent="30", numberOfRepayments=24)

        assert dues(rows) == ["3.00"] * 21 + ["2.50", "0.00", "0.00"]
        assert min(row.principal_cents for row in rows) == 0
        assert sum(row.principal_cents for row in rows) == 5000

    def test_an_instalment_below_the_interest_repays_nothing(self) -> None:
        """A coarse multiple rounded down leaves interest-only rows and the balance to the last."""
        rows = rows_of(principal="100", annualRatePercent="120", installmentMultipleOf="50", rounding="floor")

        assert dues(rows) == ["10.00"] * 5 + ["110.00"]


class TestDailyInterest:
    def test_each_row_has_its_own_days(self) -> None:
        """actual/365 from 31 January: the instalment is of thirty-day months, the interest of real days."""
        rows = rows_of(interestPeriod="daily", dayCount="actual/365")

        assert [(row.due_on.isoformat(), row.days) for row in rows] == [
            ("2025-02-28", 28),
            ("2025-03-31", 31),
            ("2025-04-30", 30),
            ("2025-05-31", 31),
            ("2025-06-30", 30),
            ("2025-07-31", 31),
        ]
        assert written(rows) == [
            ("3891.42", "294.58", "4186.00", "20108.58"),
            ("3912.74", "273.26", "4186.00", "16195.84"),
            ("3973.01", "212.99", "4186.00", "12222.83"),
            ("4019.90", "166.10", "4186.00", "8202.93"),
            ("4078.13", "107.87", "4186.00", "4124.80"),
            ("4124.80", "56.05", "4180.85", "0.00"),
        ]

    def test_thirty_day_months_make_daily_interest_monthly(self) -> None:
        """With 30/360 a month is a twelfth of a year, also when February clips the date."""
        assert rows_of(interestPeriod="daily", dayCount="30/360") == rows_of()

    def test_a_late_first_repayment_pays_for_its_days(self) -> None:
        """A first period of 59 days is charged 59 days, and later dates follow the first one."""
        rows = rows_of(interestPeriod="daily", firstRepaymentOn="2025-03-31")

        assert (rows[0].days, rows[0].interest_cents) == (59, 62071)
        assert [row.due_on.isoformat() for row in rows[1:3]] == ["2025-04-30", "2025-05-31"]


class TestEqualPrincipal:
    def test_the_table_of_a_seven_month_loan(self) -> None:
        """10,000 at 18 percent over 7 months: principal to the cent, the last row takes the rest."""
        rows = rows_of(principal="10000", annualRatePercent="18", numberOfRepayments=7, amortization="equal_principal")

        assert written(rows) == [
            ("1428.57", "150.00", "1578.57", "8571.43"),
            ("1428.57", "128.57", "1557.14", "7142.86"),
            ("1428.57", "107.14", "1535.71", "5714.29"),
            ("1428.57", "85.71", "1514.28", "4285.72"),
            ("1428.57", "64.29", "1492.86", "2857.15"),
            ("1428.57", "42.86", "1471.43", "1428.58"),
            ("1428.58", "21.43", "1450.01", "0.00"),
        ]
        assert interest(rows) == "600.00"


class TestGraces:
    @pytest.mark.parametrize(
        ("changes", "expected", "total"),
        [
            (
                {"principalGracePeriods": 2},
                ["320.00", "320.00", "6201.00", "6201.00", "6201.00", "6202.33"],
                "1445.33",
            ),
            (
                {"interestPaymentGracePeriods": 2},
                ["3869.00", "3920.59", "4777.41", "4189.00", "4189.00", "4187.31"],
                "1132.31",
            ),
            (
                {"principalGracePeriods": 2, "interestPaymentGracePeriods": 2},
                ["0.00", "0.00", "6841.00", "6201.00", "6201.00", "6202.33"],
                "1445.33",
            ),
            ({"interestFreePeriods": 1}, ["4189.00"] * 5 + ["3845.41"], "790.41"),
        ],
    )
    def test_three_graces_are_three_different_things(
        self, changes: dict[str, Any], expected: list[str], total: str
    ) -> None:
        """Principal later, interest collected later, or no interest at all."""
        rows = rows_of(**changes)

        assert dues(rows) == expected
        assert interest(rows) == total

    def test_uncollected_interest_is_still_earned_in_its_period(self) -> None:
        """A payment grace moves what is collected, not what each period accrues."""
        rows = rows_of(interestPaymentGracePeriods=2)

        assert [row.accrued_cents for row in rows[:3]] == [32000, 26841, 21614]
        assert [row.interest_cents for row in rows[:3]] == [0, 0, 80455]
