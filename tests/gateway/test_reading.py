"""What is new in a hop: every way to cut a dialogue into hops reads the same answers, once each."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from flows.text import parts
from flows.turn import Session
from gateway.inbound import Inbound
from gateway.reading import Reading, read
from gateway.sessions import Stored

NOW = 1_754_380_000_000

answers = st.text(alphabet="0123456789#ab é٢€ ", max_size=6)
"""What a hand types for one screen: never a star, which carriers put between answers."""


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def cumulative(text: str) -> Inbound:
    return Inbound("africastalking", "+254711000001", "ATUid_1", "*383#", text)


def last(text: str, sequence: str = "") -> Inbound:
    return Inbound("generic", "+254711000001", "1", "*383#", text, is_cumulative=False, sequence=sequence)


def unnumbered(text: str, *, opens: bool = False) -> Inbound:
    """A hop of a dialect that has no numbers, whose carrier repeats within a third of a second."""
    return Inbound(
        "comviva", "+254711000001", "1", "*383#", text, is_cumulative=False, is_opening=opens, repeats_within_ms=300
    )


def stored(reading: Reading) -> Stored:
    """The session as it is kept after a hop was read like this."""
    return Stored(Session("0123456789abcdef"), "", reading.consumed, reading.prefix, "", "", 0, 0)


def read_all(hops: Sequence[Inbound]) -> list[Reading]:
    readings: list[Reading] = []
    for hop in hops:
        readings.append(read(hop, stored(readings[-1]) if readings else None, digest, NOW))
    return readings


class TestCumulativeText:
    """A dialect that sends everything typed so far."""

    @given(st.lists(answers, min_size=1, max_size=12), st.data())
    def test_any_split_into_hops_reads_the_same_answers(self, typed: list[str], data: st.DataObject) -> None:
        """Whether answers come one by one or several in a hop, each is read once and in order."""
        ends = sorted(data.draw(st.sets(st.integers(1, len(typed) - 1)) if len(typed) > 1 else st.just(set[int]())))
        texts = ["*".join(typed[:end]) for end in [*ends, len(typed)]]

        readings = read_all([cumulative(text) for text in ["", *texts]])

        assert [answer for reading in readings for answer in reading.answers] == list(parts("*".join(typed)))
        assert not any(reading.resyncs for reading in readings)

    @given(st.lists(answers.filter(bool), min_size=1, max_size=8), st.data())
    def test_repeats_and_late_retries_of_earlier_hops_bring_nothing_new(
        self, typed: list[str], data: st.DataObject
    ) -> None:
        """Whatever was answered before comes again, in any order: the same answers in the end."""
        texts = ["*".join(typed[:count]) for count in range(len(typed) + 1)]
        hops: list[str] = []
        for index, text in enumerate(texts):
            hops += [text, *data.draw(st.lists(st.sampled_from(texts[: index + 1]), max_size=3))]

        readings = read_all([cumulative(text) for text in hops])

        assert [answer for reading in readings for answer in reading.answers] == list(parts("*".join(typed)))
        assert sum(not reading.is_repeat for reading in readings) == len(texts)

    @given(st.text(max_size=40), st.text(max_size=40))
    def test_reading_never_raises_and_never_keeps_the_text(self, first: str, second: str) -> None:
        """Any text after any other is read; only its length and digest remain."""
        readings = read_all([cumulative(first), cumulative(second)])

        assert all(isinstance(answer, str) and answer for reading in readings for answer in reading.answers)
        assert all(len(reading.prefix) == 16 for reading in readings)

    def test_a_text_somebody_rewrote_shows_the_screen_again_and_counts_from_then_on(self) -> None:
        """Guessing what is new would answer a screen nobody has seen."""
        readings = read_all([cumulative("2*1"), cumulative("3*1"), cumulative("3*1*5")])

        assert readings[1] == Reading(True, (), 3, digest("3*1"), resyncs=True)
        assert readings[2].answers == ("5",)

    def test_a_text_that_goes_on_without_a_star_is_rewritten_too(self) -> None:
        """`2` then `21` may be a corrected answer or another one: nobody knows."""
        readings = read_all([cumulative("2"), cumulative("21"), cumulative("21*1")])

        assert readings[1].resyncs
        assert readings[2].answers == ("1",)

    def test_the_first_hop_of_a_shortcut_is_all_new(self) -> None:
        """Nothing is known yet, so everything dialled is an answer."""
        assert read(cumulative("2*1*2000"), None, digest, NOW).answers == ("2", "1", "2000")

    def test_an_empty_answer_is_no_repeat(self) -> None:
        """A hop that appends only a star has answered with nothing."""
        readings = read_all([cumulative("2"), cumulative("2*")])

        assert not readings[1].is_repeat
        assert readings[1].answers == ()


class TestLastInput:
    """A dialect that sends one answer, perhaps with a sequence."""

    def test_the_same_digit_twice_is_two_answers(self) -> None:
        """`1` then `1`, without a sequence, is honest input."""
        readings = read_all([last(""), last("1"), last("1")])

        assert [reading.answers for reading in readings] == [(), ("1",), ("1",)]
        assert not any(reading.is_repeat for reading in readings)

    def test_the_same_sequence_is_a_repeat(self) -> None:
        """The carrier says itself that it is the same hop."""
        readings = read_all([last("", "1"), last("1", "2"), last("1", "2"), last("1", "3")])

        assert [reading.is_repeat for reading in readings] == [False, False, True, False]

    def test_a_sequence_used_again_with_another_answer_is_no_repeat(self) -> None:
        """A carrier that counts badly loses nobody's answer."""
        readings = read_all([last("", "1"), last("1", "2"), last("5", "2")])

        assert readings[2].answers == ("5",)

    def test_what_is_kept_says_nothing_about_the_answer(self) -> None:
        """The mark is a digest over sequence and text, never one of them."""
        reading = read(last("4826", "7"), None, digest, NOW)

        assert "4826" not in reading.prefix
        assert reading.prefix != read(replace(last("4826", "8")), None, digest, NOW).prefix


class TestUnnumberedAnswers:
    """One answer a hop and no number: only speed tells a repeat from the same answer given twice."""

    def test_faster_than_a_hand_is_a_repeat(self) -> None:
        """The carrier's own second try."""
        kept = stored(read(unnumbered("1"), None, digest, NOW))

        assert read(unnumbered("1"), kept, digest, 299).is_repeat

    def test_at_a_hands_pace_it_is_an_answer(self) -> None:
        """`1` then `1` is what people type."""
        kept = stored(read(unnumbered("1"), None, digest, NOW))

        reading = read(unnumbered("1"), kept, digest, 300)

        assert (reading.is_repeat, reading.answers, reading.consumed) == (False, ("1",), 1)

    def test_another_answer_is_never_a_repeat(self) -> None:
        """However fast."""
        kept = stored(read(unnumbered("1"), None, digest, NOW))

        assert read(unnumbered("2"), kept, digest, 0).answers == ("2",)

    def test_dialling_again_under_a_recycled_id_opens_a_new_session(self) -> None:
        """The carrier says that it begins; what stood under the id is over."""
        kept = stored(read(unnumbered("", opens=True), None, digest, NOW))

        reading = read(unnumbered("2*1", opens=True), kept, digest, 5_000)

        assert (reading.reopens, reading.answers, reading.consumed) == (True, ("2", "1"), 0)
