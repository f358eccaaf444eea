"""Ranks, quiet hours, parts, health and pace: what is decided about a message before anybody is called."""

from datetime import datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.clock import EAT
from gateway.sending.health import Health
from gateway.sending.pace import Bucket, Pace
from gateway.sending.parts import ALONE, JOINED, size_of
from gateway.sending.quiet import Quiet
from gateway.sending.ranks import MANNERS, RANKS, lane_of, manner_of, rank_of
from menus.messages import MESSAGES

MORNING = datetime(2026, 8, 5, 10, 42, tzinfo=EAT)
NIGHT = Quiet(time(20), time(7))
RETRY_MS = 30_000


class TestRanks:
    @pytest.mark.parametrize(
        ("template", "rank"),
        [
            ("account.code_old", "otp"),
            ("borrow.paid", "receipt"),
            ("loan.late", "reminder"),
            ("float.low", "alert"),
            ("bulk.text", "bulk"),
        ],
    )
    def test_a_template_has_the_rank_of_its_purpose(self, template: str, rank: str) -> None:
        """What is not named otherwise is a receipt."""
        assert rank_of(template) == rank

    def test_whatever_holds_a_code_is_urgent_and_sent_once(self) -> None:
        """A receipt may come twice and days later; a code may not."""
        assert {rank_of(template) for template, slots in MESSAGES.items() if "code" in slots} == {"otp"}

    def test_codes_come_before_receipts_and_those_before_everything_else(self) -> None:
        """The smaller number is sooner."""
        priorities = [MANNERS[rank].priority for rank in RANKS]

        assert priorities == sorted(priorities)
        assert len(set(priorities)) == len(RANKS)

    def test_nobody_can_stop_what_is_owed(self) -> None:
        """Codes, receipts and alerts; and only those may come at night."""
        for rank in RANKS:
            assert MANNERS[rank].is_mandatory != (rank in {"reminder", "bulk"})
            assert MANNERS[rank].keeps_quiet == (rank in {"reminder", "bulk"})

    def test_only_what_may_come_twice_is_sent_again_in_doubt(self) -> None:
        """A code must not."""
        assert [rank for rank in RANKS if MANNERS[rank].is_repeated] == ["receipt", "alert"]

    @pytest.mark.parametrize("template", sorted(MESSAGES))
    def test_every_template_has_a_manner_and_a_lane(self, template: str) -> None:
        """Of its rank and phone."""
        assert manner_of(template).expires_ms > 0
        assert lane_of(template, "+254711000001").endswith(":+254711000001")


class TestQuiet:
    @pytest.mark.parametrize(("hour", "is_quiet"), [(6, True), (7, False), (19, False), (20, True), (23, True)])
    def test_it_holds_over_midnight(self, hour: int, is_quiet: bool) -> None:
        """From eight in the evening until seven."""
        assert NIGHT.holds_at(MORNING.replace(hour=hour, minute=0)) == is_quiet

    @given(start=st.times(), end=st.times(), minutes=st.integers(0, 3 * 24 * 60))
    def test_after_it_has_ended_it_is_over(self, start: time, end: time, minutes: int) -> None:
        """And it never lasts a day."""
        quiet, moment = Quiet(start, end), MORNING + timedelta(minutes=minutes)

        lasts = quiet.ends_after(moment)

        assert timedelta() <= lasts < timedelta(days=1)
        assert not quiet.holds_at(moment + lasts)

    def test_equal_times_mean_never(self) -> None:
        """Switched off."""
        assert not Quiet(time(9), time(9)).holds_at(MORNING)


class TestSize:
    @pytest.mark.parametrize(
        ("text", "alphabet", "units", "parts"),
        [
            ("", "gsm7", 0, 1),
            ("a" * 160, "gsm7", 160, 1),
            ("a" * 161, "gsm7", 161, 2),
            ("€" * 80, "gsm7", 160, 1),
            ("€" * 81, "gsm7", 162, 2),
            ("a" * 306, "gsm7", 306, 2),
            ("a" * 307, "gsm7", 307, 3),
            ("ĩ" * 70, "ucs2", 70, 1),
            ("ĩ" * 71, "ucs2", 71, 2),
            ("😀" * 35, "ucs2", 70, 1),
            ("😀" * 36, "ucs2", 72, 2),
        ],
    )
    def test_examples(self, text: str, alphabet: str, units: int, parts: int) -> None:
        """GSM 03.38 and UCS-2, alone and joined."""
        size = size_of(text)

        assert (size.alphabet, size.units, size.parts) == (alphabet, units, parts)

    def test_an_escape_pair_is_never_cut(self) -> None:
        """152 septets and a euro sign need a second part, though together they are 154 of 306."""
        assert size_of("a" * 152 + "€" + "a" * 152).parts == 3
        assert size_of("a" * 306).parts == 2

    @given(st.text(max_size=700))
    def test_parts_hold_all_and_no_more_than_needed(self, text: str) -> None:
        """Within what characters of two units waste."""
        size = size_of(text)
        room = JOINED[size.alphabet]

        if size.parts == 1:
            assert size.units <= ALONE[size.alphabet]
        else:
            assert -(-size.units // room) <= size.parts <= -(-size.units // (room - 1))


class TestHealth:
    def test_the_configured_order_holds_while_all_are_well(self) -> None:
        """One failure is no reason."""
        health = Health(RETRY_MS)
        health.failed("a", 0)

        assert health.order(["a", "b"], 1) == ["a", "b"]

    def test_one_that_keeps_failing_is_spared_and_tried_again_after_a_while(self) -> None:
        """Only trying shows that it is back."""
        health = Health(RETRY_MS)
        for _ in range(4):
            health.failed("a", 0)

        assert health.order(["a", "b"], 1) == ["b", "a"]
        assert health.order(["a", "b"], RETRY_MS) == ["a", "b"]

    @given(st.lists(st.booleans(), max_size=60))
    def test_a_score_stays_within_its_bounds(self, outcomes: list[bool]) -> None:
        """Whatever becomes of the calls."""
        health = Health(RETRY_MS)
        for is_well in outcomes:
            if is_well:
                health.well("a")
            else:
                health.failed("a", 0)

            assert 0.0 <= health.score("a") <= 1.0


class TestPace:
    @given(rate=st.floats(0.5, 500), calls=st.lists(st.integers(0, 2_000), min_size=1, max_size=200))
    def test_no_second_sees_more_than_twice_the_rate(self, rate: float, calls: list[int]) -> None:
        """A full bucket at once, and what flows in meanwhile."""
        bucket, now, taken = Bucket(rate), 0, list[int]()
        for gap in calls:
            now += gap
            if bucket.wait_ms(now) == 0:
                taken.append(now)

        for start in taken:
            within = sum(start <= moment < start + 1_000 for moment in taken)
            assert within <= 2 * max(rate, 1.0) + 1

    @given(rate=st.floats(0.5, 500), tries=st.integers(1, 100))
    def test_waiting_as_long_as_it_says_is_enough(self, rate: float, tries: int) -> None:
        """Nobody is told to come back too early."""
        bucket, now = Bucket(rate), 0
        for _ in range(tries):
            if wait_ms := bucket.wait_ms(now):
                now += wait_ms + 1
                assert bucket.wait_ms(now) == 0

    def test_a_carrier_without_a_rate_is_never_waited_for(self) -> None:
        """Only those that are named."""
        pace = Pace({"slow": 1.0})

        assert [pace.wait_ms("fast", 0) for _ in range(100)] == [0] * 100
        assert [pace.wait_ms("slow", 0) > 0 for _ in range(3)] == [False, True, True]
