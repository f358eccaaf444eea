"""When a pay-out may be sent again: the whole table, and that nothing else ever allows it."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Rejected, Throttled, Unavailable, Uncertain
from gateway.rails.contract import Class
from gateway.rails.daraja_codes import RESULT, meaning_of
from gateway.rails.proof import Answer, Call, Next, Seen, State, answer_of, following

ROWS: list[tuple[Seen, Next]] = [
    (Seen("unsent"), "may_retry"),
    (Seen("sent"), "ask"),  # a crash between the note that it is sent and its answer
    (Seen("sent", "sending", "away"), "may_retry"),
    (Seen("sent", "sending", "throttled"), "may_retry"),
    (Seen("sent", "sending", "refused"), "refused"),
    (Seen("sent", "sending", "unclear"), "ask"),
    (Seen("sent", "sending", "taken_on"), "ask"),
    (Seen("sent", "sending", "repeated"), "ask"),
    (Seen("sent", "asking", "away"), "ask"),
    (Seen("sent", "asking", "throttled"), "ask"),
    (Seen("sent", "asking", "unclear"), "ask"),
    (Seen("sent", "asking", "taken_on"), "ask"),
    (Seen("sent", "asking", "repeated"), "ask"),
    (Seen("sent", "asking", "refused"), "person"),
    (Seen("sent", "asking", "away", is_over=True), "person"),
    (Seen("sent", "sending", "away", result="pending"), "ask"),
    (Seen("sent", "sending", "refused", result="uncertain"), "ask"),
    (Seen("sent", "asking", "taken_on", result="done"), "done"),
    (Seen("sent", "asking", "taken_on", result="refused"), "refused"),
    (Seen("sent", "asking", "taken_on", result="pending"), "ask"),
    (Seen("sent", "asking", "taken_on", result="uncertain"), "ask"),
    (Seen("sent", "asking", "none", result="uncertain", is_over=True), "person"),
    (Seen("paid"), "done"),
    (Seen("paid", "asking", "refused", result="refused"), "done"),
    (Seen("refused"), "refused"),
    (Seen("refused", "asking", "taken_on", result="done"), "done"),
]

anything = st.builds(
    Seen,
    state=st.sampled_from(get_args(State)),
    call=st.sampled_from(get_args(Call)),
    answer=st.sampled_from(get_args(Answer)),
    result=st.sampled_from((None, *get_args(Class))),
    is_over=st.booleans(),
)


class TestFollowing:
    @pytest.mark.parametrize(("seen", "then"), ROWS)
    def test_the_table(self, seen: Seen, then: Next) -> None:
        """Row by row, as it is written down."""
        assert following(seen) == then

    @given(anything)
    def test_nothing_is_sent_again_without_proof_that_nothing_moved(self, seen: Seen) -> None:
        """Either nothing has left us, or its first sending was turned away before the rail took it on."""
        if following(seen) != "may_retry":
            return

        never_left = seen.state == "unsent" and seen.answer == "none"
        turned_away = seen.call == "sending" and seen.answer in {"away", "throttled"}
        assert never_left or turned_away
        assert seen.state not in {"paid", "refused"}
        assert seen.result is None

    @given(anything)
    def test_money_that_moved_is_done_whatever_else_is_said(self, seen: Seen) -> None:
        """And it is done for no other reason."""
        assert (following(seen) == "done") == (seen.state == "paid" or seen.result == "done")

    @given(anything)
    def test_a_refusal_needs_a_proof_of_its_own(self, seen: Seen) -> None:
        """A result that refuses, or the door before anything was taken on."""
        if following(seen) == "refused":
            at_the_door = seen.call == "sending" and seen.answer == "refused"
            assert seen.state == "refused" or seen.result == "refused" or at_the_door


class TestWhatIsSaid:
    @pytest.mark.parametrize("code", ["15", "17", "26", "5", "100000000", "no-such-code", ""])
    def test_codes_that_prove_nothing_lead_to_asking(self, code: str) -> None:
        """Busy, repeated, a catch-all and whatever is on no list."""
        assert following(Seen("sent", "asking", "taken_on", meaning_of(code, RESULT).kind)) == "ask"

    @pytest.mark.parametrize("code", sorted(code for code, meaning in RESULT.items() if meaning.kind == "refused"))
    def test_a_refusing_code_ends_it(self, code: str) -> None:
        """The same pay-out is not sent again; whoever wants the money asks anew."""
        assert following(Seen("sent", "asking", "taken_on", meaning_of(code, RESULT).kind)) == "refused"

    @pytest.mark.parametrize(
        ("error", "answer"),
        [
            (Unavailable("away"), "away"),
            (Throttled("slower"), "throttled"),
            (Rejected("no", "2001"), "refused"),
            (Uncertain("silence"), "unclear"),
        ],
    )
    def test_an_error_says_what_it_says(self, error: Unavailable | Rejected | Uncertain, answer: Answer) -> None:
        """The adapters' four words, as this table reads them."""
        assert answer_of(error) == answer
