"""What is read of rows: kinds, refusals by row and column, totals and running balance."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.clock import EAT, milliseconds
from gateway.statements import reasons, values
from gateway.statements.line import Line, Rejected
from gateway.statements.statement import Statement
from tests.gateway.statements import exports
from tests.gateway.statements.exports import Row, changed


def read(rows: Sequence[Row], name: str = "") -> tuple[Statement, list[Line | Rejected]]:
    statement = Statement(iter(enumerate(rows, start=1)), name)
    return statement, list(statement)


def rows_at(*balances: tuple[str, str, str, str]) -> list[Row]:
    """Payments and withdrawals: time of day, paid in, withdrawn, balance; receipts of their own."""
    return [
        changed(
            exports.PAYMENT, receipt_no=f"UA12BC34{number:02}", completion_time=f"02-01-2026 {at}",
            paid_in=paid_in, withdrawn=withdrawn, balance=balance,
            reason_type="Pay Utility" if paid_in else "Settlement",
        )
        for number, (at, paid_in, withdrawn, balance) in enumerate(balances)
    ]  # fmt: skip


class TestRows:
    """One row, one line; or which column of it is wrong, and why."""

    def test_the_head_is_found_wherever_it_stands(self) -> None:
        """Pairs in any layout above it; the operator's name is not among what is read."""
        statement, _ = read(exports.classic())

        head = statement.head
        assert (head.shortcode, head.account) == ("600999", "Utility Account")
        assert (head.opening_cents, head.closing_cents) == (17_250_00, 11_740_00)
        assert (head.paid_in_cents, head.withdrawn_cents) == (1_500_00, 7_010_00)
        assert head.since == milliseconds(datetime(2026, 1, 1, tzinfo=EAT))
        assert head.until == milliseconds(datetime(2026, 1, 2, 23, 59, 59, tzinfo=EAT))
        assert "jane" not in str(head)

    def test_a_period_that_was_not_over_ends_when_the_file_was_made(self) -> None:
        """Exported at noon, a statement of today says nothing of the afternoon."""
        above = [*exports.PREAMBLE, ("Date of Report:", "02-01-2026 12:00:00")]

        statement, _ = read(exports.classic(preamble=above))

        assert statement.until == milliseconds(datetime(2026, 1, 2, 12, tzinfo=EAT))

    def test_columns_may_stand_in_another_order_with_others_between(self) -> None:
        """They are found by their words."""
        rows = [(*reversed(row), "x") for row in (exports.CLASSIC, *exports.ROWS)]

        statement, found = read(rows)

        assert [line.receipt for line in found if isinstance(line, Line)] == [row[0] for row in exports.ROWS]
        assert statement.findings() == []

    @pytest.mark.parametrize(
        ("cells", "column", "words"),
        [
            ({"receipt_no": ""}, "Receipt No.", "is empty"),
            ({"receipt_no": "1.2E+10"}, "Receipt No.", "is not a receipt"),
            ({"completion_time": ""}, "Completion Time", "is empty"),
            ({"completion_time": "13/31/2026 00:00:00"}, "Completion Time", "is no day of the calendar"),
            ({"completion_time": "yesterday"}, "Completion Time", "is not a time such as"),
            ({"completion_time": "02-01-2026 25:00:00"}, "Completion Time", "is not a time of day"),
            ({"paid_in": "lots"}, "Paid In", "is not an amount such as"),
            ({"paid_in": "1500,00"}, "Paid In", "is not an amount such as"),
            ({"paid_in": "0.001"}, "Paid In", "whole cents"),
            ({"paid_in": "-5.00"}, "Paid In", "is negative"),
            ({"paid_in": "", "withdrawn": ""}, "Paid In", "one of them must have an amount"),
            ({"withdrawn": "-1.00"}, "Paid In", "one of them must have an amount"),
            ({"balance": "?"}, "Balance", "is not an amount"),
        ],
    )
    def test_a_bad_row_is_named_and_the_others_are_read(self, cells: dict[str, str], column: str, words: str) -> None:
        """Row number, column and reason; the rows around it are lines."""
        bad = changed(exports.PAYMENT, **cells)

        statement, found = read([exports.CLASSIC, exports.CHARGE, bad, exports.SWEEP])

        (rejected,) = [each for each in found if isinstance(each, Rejected)]
        assert (rejected.number, rejected.column) == (3, column)
        assert words in rejected.reason
        assert (len(found), statement.rejected) == (3, 1)

    def test_totals_headers_repeated_and_empty_rows_are_passed_over(self) -> None:
        """They are rows of the page and not of the account."""
        rows = [
            exports.CLASSIC, exports.CHARGE, exports.CLASSIC, (), ("", ""), exports.PAYMENT,
            ("Total", "", "", "", "", "1,500.00", "-10.00"), ("Closing Balance:", "11,740.00"),
        ]  # fmt: skip

        statement, found = read(rows)

        assert [line.number for line in found] == [2, 6]
        assert statement.rejected == 0

    def test_another_currency_is_refused(self) -> None:
        """The fourteenth column, where there is one."""
        _, found = read([(*exports.CLASSIC, "Currency"), (*exports.PAYMENT, "USD"), (*exports.CHARGE, "KES")])

        assert [type(each) for each in found] == [Rejected, Line]

    def test_what_is_not_completed_is_a_line_and_in_no_sum(self) -> None:
        """A payment that failed has moved nothing."""
        statement, found = read([exports.CLASSIC, changed(exports.PAYMENT, transaction_status="Failed")])

        assert [line.is_completed for line in found if isinstance(line, Line)] == [False]
        assert statement.proof.paid_in_cents == 0


class TestKinds:
    """By Reason Type, by Details where there is none, and to a person when neither says."""

    @pytest.mark.parametrize(
        ("reason", "details", "party", "is_in", "kind"),
        [
            ("Pay Utility", "Pay Bill from 2547 - A Acc. x", "2547 - A", True, "paid_in"),
            ("Pay Bill Online", "Pay Bill Online from 2547", "", True, "paid_in"),
            ("Pay Utility with OD via STK", "Pay Bill from", "", True, "paid_in"),
            ("Standing Order Pay Bill", "x", "", True, "paid_in"),
            ("Customer Merchant Payment", "x", "", True, "paid_in"),
            ("", "Small Business Pay Bill from 2547****600 - A Acc. 1", "", True, "paid_in"),
            ("", "FSI to Pay Bill by 400200 via WEB by a\\b", "", True, "paid_in"),
            ("Pay Bill Charge", "Pay Bill Charge", "SP", False, "charge"),
            ("Pay Utility", "Pay Bill Charge", "SP", False, "charge"),
            ("Pay Utility", "", "SP", False, "charge"),
            ("", "Business Pay Bill Charge", "", False, "charge"),
            ("Business Payment to Customer via API", "x", "", False, "paid_out"),
            ("Business Payment to Customer Withdrawal Charge Paid via API", "x", "", False, "paid_out"),
            ("Salary Payment", "x", "", False, "paid_out"),
            ("Settlement", "Utility Account to Organization Settlement Account", "", False, "moved_out"),
            ("", "Organization Settlement Account to Organization MMF Account", "", True, "moved_in"),
            ("", "Agency Withdrawal of funds to Bank", "", False, "moved_out"),
            ("Transaction Reversal", "Reversal of UA12BC34DE", "", False, "reversed_out"),
            ("Something New", "Something new for 2547", "", True, "unmapped_in"),
            ("Something New", "Something new for 2547", "", False, "unmapped_out"),
            ("Pay Utility", "Pay Bill from 2547", "2547 - A", False, "unmapped_out"),
        ],
    )
    def test_each(self, reason: str, details: str, party: str, is_in: bool, kind: str) -> None:
        """The rows of the list; unknown ones are unmapped."""
        assert reasons.kind_of(reason, details, party, is_in=is_in) == kind


class TestProof:
    """The file's own totals and running balance."""

    def test_a_whole_statement_adds_up(self) -> None:
        """Also where the charge is listed above its payment in the same second."""
        assert read(exports.classic())[0].findings() == []

    @pytest.mark.parametrize("order", [1, -1])
    def test_a_row_that_is_missing_breaks_the_balance(self, order: int) -> None:
        """Newest or oldest first: it is seen where it is missing."""
        rows = rows_at(
            ("04:00:00", "4.00", "", "110.00"), ("03:00:00", "3.00", "", "106.00"), ("02:00:00", "", "-2.00", "103.00"),
            ("01:00:00", "5.00", "", "105.00"),
        )[::order]  # fmt: skip

        whole, _ = read([exports.CLASSIC, *rows])
        gap, _ = read([exports.CLASSIC, rows[0], *rows[2:]])

        assert whole.findings() == []
        (said,) = gap.findings()
        assert "the balance does not follow" in said

    def test_rows_out_of_order_are_read_and_the_balance_is_not_followed(self) -> None:
        """Said once."""
        rows = rows_at(
            ("03:00:00", "3.00", "", "106.00"), ("04:00:00", "4.00", "", "110.00"), ("02:00:00", "", "-2.00", "103.00")
        )

        statement, found = read([exports.CLASSIC, *rows])

        assert len(found) == 3
        (said,) = statement.findings()
        assert "neither oldest nor newest first" in said

    def test_control_totals_that_differ_are_said(self) -> None:
        """Paid in, withdrawn and closing balance, each for itself."""
        statement, _ = read(exports.classic(exports.ROWS[:-1]))

        said = " ".join(statement.findings())

        assert "Total Withdrawn is said to be 7010.00; the rows come to 5010.00" in said
        assert "Closing Balance" in said
        assert "Total Paid In" not in said


class TestValues:
    """Properties of single cells."""

    @given(st.datetimes(min_value=datetime(2000, 1, 2), max_value=datetime(2099, 1, 1)))  # noqa: DTZ001 - as written
    def test_every_written_form_is_the_same_moment(self, at: datetime) -> None:
        """To the second, in East Africa Time."""
        exact = milliseconds(at.replace(microsecond=0, tzinfo=EAT))

        for form in ("%d-%m-%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S"):
            assert values.moment(at.strftime(form)) == exact

    @given(st.integers(min_value=-(10**12), max_value=10**12))
    def test_amounts_survive_being_written(self, cents: int) -> None:
        """With and without separators, currency and brackets."""
        sign, shillings = "-" if cents < 0 else "", abs(cents)
        written = f"{shillings // 100:,}.{shillings % 100:02}"

        for text in (
            f"{sign}{written}",
            f"{sign}{written.replace(',', '')}",
            f"KES {sign}{written}",
            f"{sign}{written} KSHs",
        ):
            assert values.cents(text) == cents
        assert values.cents(f"({written})") == -abs(cents)

    @given(st.lists(st.lists(st.text(max_size=30), max_size=14), max_size=12))
    def test_any_rows_below_a_header_are_lines_or_named(self, rows: list[list[str]]) -> None:
        """Nothing that people put into a file breaks reading it."""
        _, found = read([exports.CLASSIC, *rows])

        assert all(isinstance(each, Line | Rejected) for each in found)


def test_a_file_is_not_held(tmp_path: Path) -> None:
    """Lines come one by one: the first is there before the last is read."""
    endless = iter([(1, exports.CLASSIC), *((number, exports.PAYMENT) for number in range(2, 5))])
    statement = Statement(endless)

    first = next(iter(statement))

    assert isinstance(first, Line)
    assert len(list(endless)) == 2
