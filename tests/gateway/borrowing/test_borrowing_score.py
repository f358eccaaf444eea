from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.known import Reason
from flows.reasons import REASONS
from gateway.borrowing.credit import Credit
from gateway.borrowing.score import History, Rules, Score, months_between, scorer_of
from gateway.errors import Misconfigured

TODAY = date(2026, 8, 5)
NEW = History(TODAY, TODAY, 2_000_00)
GOOD = replace(NEW, since=date(2025, 1, 1), saving_since=date(2026, 1, 1), on_time=4)


def generous(history: History) -> Score:
    """A scorer of an organisation's own."""
    return Score(100, (Reason("on_time", history.on_time),))


class TestRules:
    def test_a_newcomer_begins_in_the_middle(self) -> None:
        """And is told what is missing."""
        found = Rules()(NEW)

        assert found.points == 50
        assert {reason.code for reason in found.reasons} == {"no_history", "young", "saving_short"}

    def test_repaying_staying_and_saving_count(self) -> None:
        """Four loans, a year and a half, seven months of savings."""
        found = Rules()(GOOD)

        assert (found.points, found.reasons) == (90, (Reason("on_time", 4),))

    def test_what_weighs_most_is_told_first(self) -> None:
        """Being late now, before loans that were late."""
        found = Rules()(replace(GOOD, late=1, days_late_now=9))

        assert found.points == 50
        assert [reason.code for reason in found.reasons] == ["late_now", "on_time", "late_before"]

    @given(
        st.builds(
            History,
            st.just(TODAY),
            st.dates(date(2000, 1, 1), TODAY),
            st.integers(0, 10**8),
            st.integers(0, 200),
            st.integers(0, 200),
            st.integers(0, 400),
        )
    )
    def test_points_stay_in_their_bounds_and_reasons_have_words(self, history: History) -> None:
        """Whatever somebody has done."""
        found = Rules()(history)

        assert 0 <= found.points <= 100
        assert {reason.code for reason in found.reasons} <= set(REASONS)
        assert Rules()(replace(history, on_time=history.on_time + 1)).points >= found.points
        assert Rules()(replace(history, late=history.late + 1)).points <= found.points


class TestScorer:
    def test_another_one_is_found_by_its_path(self) -> None:
        """In whatever package it is."""
        assert scorer_of("tests.gateway.borrowing.test_borrowing_score:generous", Rules())(NEW).points == 100

    @pytest.mark.parametrize("named", ["nowhere:at_all", "gateway.borrowing.score:missing", "rule", "os:sep"])
    def test_one_that_is_not_there_stops_the_start(self, named: str) -> None:
        """With the key's name."""
        with pytest.raises(Misconfigured, match=r"^borrowing\.scorer: "):
            scorer_of(named, Rules())


class TestAssessment:
    def test_few_points_are_for_an_officer_and_fewer_for_nobody(self) -> None:
        """Both bounds are settings."""
        credit = Credit(officer_below=60, refuse_below=40)

        seen = [credit.judged(replace(NEW, late=late)) for late in (0, 1, 2)]

        assert [(each.is_reviewed, each.is_refused) for each in seen] == [(True, False), (True, False), (True, True)]
        assert not credit.judged(GOOD).is_reviewed

    def test_another_name_is_for_an_officer(self) -> None:
        """And is told before everything else."""
        found = Credit().judged(replace(GOOD, name_differs=True))

        assert (found.is_reviewed, found.is_refused) == (True, False)
        assert found.reasons[0] == Reason("name")

    def test_each_reason_is_told_once(self) -> None:
        """Also where limit and record give the same one."""
        codes = [reason.code for reason in Credit().judged(NEW).reasons]

        assert len(codes) == len(set(codes))


class TestMonths:
    @pytest.mark.parametrize(
        ("start", "end", "months"),
        [
            (date(2026, 5, 5), TODAY, 3),
            (date(2026, 5, 6), TODAY, 2),
            (TODAY, TODAY, 0),
            (date(2027, 1, 1), TODAY, 0),
        ],
    )
    def test_only_whole_months_count(self, start: date, end: date, months: int) -> None:
        """A day short is a month short."""
        assert months_between(start, end) == months
