"""What every outcome means in every position: the whole table, and what must hold for any operation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.operations.outcome import Accepted, Done, Later, Outcome, Park, Refused, Retry, Unsure
from gateway.operations.settle import CLOSED, Policy, Position, backoff_ms, doubling_ms, settle

NOW = 1_000_000
POLICY = Policy(attempts_max=3, retry_ms=1_000, retry_max_ms=60_000)

FIRST = Position("id", "pay", "post", "release", 0)
LAST = Position("id", "post", None, "release", 0)
COMPENSATING = Position("id", "release", None, "release", 0, is_compensating=True)
PLAIN = Position("id", "send", None, None, 0)

DONE, ACCEPTED, LATER = Done({"receipt": "UA1"}), Accepted(20_000, data={"a": 1}), Later(5_000)
RETRY, REFUSED = Retry("away"), Refused("low", "too little", {"code": "1"}, {"b": 2})
UNSURE, PARK = Unsure(15_000, "no answer"), Park("look at it")

TABLE: list[tuple[Position, Outcome, tuple[str, str, str, int]]] = [
    (FIRST, DONE, ("done", "queued", "post", 0)),
    (FIRST, ACCEPTED, ("accepted", "waiting", "pay", 20_000)),
    (FIRST, LATER, ("later", "queued", "pay", 5_000)),
    (FIRST, UNSURE, ("uncertain", "uncertain", "pay", 15_000)),
    (FIRST, REFUSED, ("refused", "queued", "release", 0)),
    (FIRST, PARK, ("parked", "parked", "pay", 0)),
    (LAST, DONE, ("done", "done", "post", 0)),
    (LAST, ACCEPTED, ("accepted", "waiting", "post", 20_000)),
    (LAST, LATER, ("later", "queued", "post", 5_000)),
    (LAST, UNSURE, ("uncertain", "uncertain", "post", 15_000)),
    (LAST, REFUSED, ("refused", "queued", "release", 0)),
    (LAST, PARK, ("parked", "parked", "post", 0)),
    (COMPENSATING, DONE, ("compensated", "rejected", "release", 0)),
    (COMPENSATING, ACCEPTED, ("accepted", "waiting", "release", 20_000)),
    (COMPENSATING, LATER, ("later", "queued", "release", 5_000)),
    (COMPENSATING, UNSURE, ("uncertain", "uncertain", "release", 15_000)),
    (COMPENSATING, REFUSED, ("refused", "rejected", "release", 0)),
    (COMPENSATING, PARK, ("parked", "parked", "release", 0)),
    (PLAIN, DONE, ("done", "done", "send", 0)),
    (PLAIN, REFUSED, ("refused", "rejected", "send", 0)),
]


class TestTable:
    @pytest.mark.parametrize(("position", "outcome", "expected"), TABLE)
    def test_every_outcome_in_every_position(
        self, position: Position, outcome: Outcome, expected: tuple[str, str, str, int]
    ) -> None:
        """Name, next state, next step, and how long until it is due."""
        decision = settle(position, outcome, NOW, POLICY)

        assert (decision.name, decision.state, decision.step, decision.due_at - NOW) == expected
        assert decision.is_open == (decision.state not in CLOSED)

    def test_what_was_found_out_is_kept(self) -> None:
        """Data goes on with the operation, evidence stays with the attempt."""
        assert settle(FIRST, DONE, NOW, POLICY).data == {"receipt": "UA1"}
        assert settle(FIRST, ACCEPTED, NOW, POLICY).data == {"a": 1}
        refused = settle(FIRST, REFUSED, NOW, POLICY)
        assert (refused.data, refused.evidence, refused.reason) == (
            {"b": 2, "refusal": "low"},
            {"code": "1"},
            "too little",
        )

    @pytest.mark.parametrize("outcome", [LATER, ACCEPTED, UNSURE, PARK])
    def test_waiting_costs_no_attempt(self, outcome: Outcome) -> None:
        """Only what was tried and did nothing counts."""
        tried = Position("id", "pay", "post", None, 2)

        assert settle(tried, outcome, NOW, POLICY).attempts == 2

    @pytest.mark.parametrize("outcome", [DONE, REFUSED])
    def test_a_step_further_starts_to_count_anew(self, outcome: Outcome) -> None:
        """The attempts are those of a step."""
        assert settle(Position("id", "pay", "post", "release", 2), outcome, NOW, POLICY).attempts == 0


class TestRetries:
    def test_after_the_last_try_it_is_dead_and_still_open(self) -> None:
        """Its lane waits for a person."""
        states = [settle(Position("id", "pay", None, None, tried), RETRY, NOW, POLICY) for tried in range(3)]

        assert [decision.state for decision in states] == ["queued", "queued", "dead"]
        assert [decision.attempts for decision in states] == [1, 2, 3]
        assert states[-1].is_open

    def test_an_outage_is_waited_out_for_ever(self) -> None:
        """The other side will be back; nobody has to look."""
        decision = settle(Position("id", "pay", None, None, 10_000), Retry("away", is_outage=True), NOW, POLICY)

        assert (decision.name, decision.state) == ("retry", "queued")
        assert NOW < decision.due_at <= NOW + POLICY.retry_max_ms

    @given(identity=st.text(max_size=40), tries=st.integers(1, 200))
    def test_the_wait_is_reproducible_and_bounded(self, identity: str, tries: int) -> None:
        """Full jitter out of the id: anything up to a ceiling that doubles and is capped."""
        wait = backoff_ms(identity, tries, POLICY)

        assert wait == backoff_ms(identity, tries, POLICY)
        assert 1 <= wait <= min(POLICY.retry_max_ms, POLICY.retry_ms * 2 ** (tries - 1))

    def test_the_waits_of_many_are_spread_over_the_whole_range(self) -> None:
        """A thousand that failed together do not come back together."""
        waits = [backoff_ms(str(number), 7, POLICY) for number in range(1_000)]
        ceiling = POLICY.retry_max_ms

        quarters = [sum(low <= wait / ceiling * 4 < low + 1 for wait in waits) for low in range(4)]

        assert min(quarters) > 180
        assert len(set(waits)) > 950

    @given(first=st.integers(1, 10**6), most=st.integers(1, 10**9), times=st.integers(0, 10_000))
    def test_questions_come_further_and_further_apart(self, first: int, most: int, times: int) -> None:
        """Up to the longest wait, and never beyond it, however long it goes on."""
        waits = [doubling_ms(first, most, times), doubling_ms(first, most, times + 1)]

        assert waits == sorted(waits)
        assert waits[-1] <= most
        assert doubling_ms(first, most, 0) == min(first, most)


waits_ms = st.integers(0, 10**9)
words = st.text(max_size=8)
outcomes = st.one_of(
    st.builds(Done, st.dictionaries(words, st.integers())),
    st.builds(Accepted, waits_ms),
    st.builds(Later, waits_ms),
    st.builds(Retry, words, is_outage=st.booleans()),
    st.builds(Refused, words, words),
    st.builds(Unsure, waits_ms, words),
    st.builds(Park, words),
)
positions = st.sampled_from([FIRST, LAST, COMPENSATING, PLAIN])


class TestAnyOperation:
    @given(position=positions, outcome=outcomes)
    def test_settling_is_pure_and_never_makes_anything_due_in_the_past(
        self, position: Position, outcome: Outcome
    ) -> None:
        """The same decision whenever it is asked for."""
        decision = settle(position, outcome, NOW, POLICY)

        assert decision == settle(position, outcome, NOW, POLICY)
        assert decision.due_at >= NOW

    @given(position=positions, outcome=outcomes)
    def test_only_what_is_known_moves_it_to_another_step_or_ends_it(self, position: Position, outcome: Outcome) -> None:
        """Doubt, outages, patience and people never do."""
        decision = settle(position, outcome, NOW, POLICY)

        if not isinstance(outcome, Done | Refused):
            assert decision.step == position.step
            assert decision.is_open
        if decision.state == "done":
            assert isinstance(outcome, Done)
            assert not position.is_compensating

    @given(history=st.lists(outcomes, max_size=30))
    def test_after_doubt_only_proof_leaves_the_asking(self, history: list[Outcome]) -> None:
        """An operation that is uncertain stays at its step until somebody knows: done, refused, or a person."""
        position = FIRST
        was_unsure = False
        for outcome in history:
            decision = settle(position, outcome, NOW, POLICY)
            if was_unsure and decision.step != FIRST.step:
                assert isinstance(outcome, Done | Refused)
            if decision.step != FIRST.step or not decision.is_open:
                return
            was_unsure = was_unsure or decision.state == "uncertain"
            position = Position("id", "pay", "post", "release", decision.attempts)

    @given(history=st.lists(outcomes, max_size=30))
    def test_a_refusal_is_compensated_before_it_ends(self, history: list[Outcome]) -> None:
        """Where there is a way back it is taken: nothing is rejected straight from a step."""
        position = FIRST
        for outcome in history:
            decision = settle(position, outcome, NOW, POLICY)
            if decision.state == "rejected":
                assert position.is_compensating
                return
            if not decision.is_open:
                return
            position = {"pay": FIRST, "post": LAST, "release": COMPENSATING}[decision.step]
