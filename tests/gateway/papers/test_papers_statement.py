from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.papers.statement import Choice, Line, balanced, page_of, pages_in, stated

CENTS = st.integers(-10_000_000, 10_000_000)
KINDS = st.sampled_from(["mpesa", "person", "loan", "fee"])
LINES = st.lists(
    st.builds(
        Line, at=st.integers(0, 10**13), kind=KINDS, cents=CENTS.filter(bool), balance_cents=st.just(0),
        status=st.sampled_from(["posted", "posted", "posted", "held"]),
    ),
    max_size=60,
)  # fmt: skip
CHOICES = st.builds(
    Choice,
    kinds=st.frozensets(st.sampled_from(["mpesa", "person", "in", "out"])),
    status=st.sampled_from(["posted", "held", None]),
)


class TestTotals:
    @given(CENTS, LINES, CHOICES)
    def test_opening_and_what_moved_are_closing(self, opening: int, moved: list[Line], choice: Choice) -> None:
        """Whatever is shown of it."""
        statement = stated("wallet", opening, balanced(opening, moved), choice)
        posted = [line.cents for line in moved if line.status == "posted"]

        assert statement.totals.closing_cents == opening + sum(posted)
        assert statement.totals.came_cents - statement.totals.went_cents == sum(posted)
        assert statement.totals.lines == len(posted)

    @given(CENTS, LINES)
    def test_each_balance_follows_from_the_one_before(self, opening: int, moved: list[Line]) -> None:
        """And the last is closing; what is held moves nothing."""
        lines, balance = balanced(opening, moved), opening
        for line in lines:
            balance += line.cents if line.status == "posted" else 0
            assert line.balance_cents == balance

        assert stated("savings", opening, lines).totals.closing_cents == balance


class TestChoosing:
    @given(CENTS, LINES, CHOICES)
    def test_a_choice_leaves_lines_as_they_are(self, opening: int, moved: list[Line], choice: Choice) -> None:
        """With the balances of the account, in its order, and none that was not asked for."""
        lines = balanced(opening, moved)
        shown = stated("wallet", opening, lines, choice).lines

        assert list(shown) == [line for line in lines if choice.takes(line)]

    def test_a_direction_is_a_kind_too(self) -> None:
        """`in` and `out`."""
        came = Line(1, "mpesa", 500, 500)
        went = replace(came, cents=-500)

        assert [Choice(frozenset({"in"})).takes(line) for line in (came, went)] == [True, False]
        assert [Choice(frozenset({"out", "fee"})).takes(line) for line in (came, went)] == [False, True]


class TestPages:
    @given(LINES, st.integers(1, 20))
    def test_pages_are_the_whole_one_after_the_other(self, lines: list[Line], size: int) -> None:
        """No line twice, none left out, none beyond the last page."""
        count = pages_in(len(lines), size)
        pages = [page_of(lines, number, size) for number in range(1, count + 1)]

        assert [line for page in pages for line in page] == lines
        assert page_of(lines, count + 1, size) == []

    @pytest.mark.parametrize(("number", "size"), [(0, 10), (-1, 10), (1, 0)])
    def test_what_is_no_page_is_refused(self, number: int, size: int) -> None:
        """Pages are counted from 1."""
        with pytest.raises(ValueError, match="there is no page"):
            page_of([], number, size)
