"""What people may do to an operation: laws of the whole table, and a world where they do all of it in any order."""

from dataclasses import dataclass, field, replace
from itertools import product
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.operations.acts import ACTS, Act, Money, Situation, StepKind, judged
from gateway.operations.settle import CLOSED, STATES, State

SITUATIONS = [
    Situation(state, step, money, is_busy, is_tried, is_booked, has_way_back, is_ripe)
    for state, step, money in product(STATES, get_args(StepKind), get_args(Money))
    for is_busy, is_tried, is_booked, has_way_back, is_ripe in product((False, True), repeat=5)
]
EVENTS = (
    *ACTS, "send", "no answer", "taken before", "callback paid", "callback refused", "park", "crash", "time",
)  # fmt: skip


class TestLaws:
    @pytest.mark.parametrize("act", ACTS)
    def test_every_situation_has_an_answer_with_words(self, act: Act) -> None:
        """Whoever is refused learns why."""
        for situation in SITUATIONS:
            verdict = judged(situation, act)

            assert verdict.answer in {"allowed", "second"} or (verdict.name and verdict.words)

    @pytest.mark.parametrize("act", ACTS)
    def test_nobody_acts_on_what_a_worker_has_in_hand(self, act: Act) -> None:
        """What it will come to is not known yet."""
        assert all(judged(each, act).name == "busy" for each in SITUATIONS if each.is_busy)

    def test_nothing_is_cancelled_that_may_have_moved_money(self) -> None:
        """Not in doubt, not paid, not booked, not over."""
        for each in SITUATIONS:
            if each.money in {"asked", "paid"} or each.is_booked or each.state in CLOSED:
                assert judged(each, "cancel").answer == "refused"

    def test_one_person_alone_never_decides_about_money(self) -> None:
        """Paid and unpaid are said by two, or not at all."""
        for act in ("paid", "unpaid"):
            assert {judged(each, act).answer for each in SITUATIONS} == {"second", "refused"}

    def test_money_that_moved_is_never_unsaid(self) -> None:
        """Not by two either."""
        assert all(judged(each, "unpaid").answer == "refused" for each in SITUATIONS if each.money == "paid")

    def test_what_is_over_is_not_tried_again(self) -> None:
        """Its compensation has run and the customer was told."""
        assert all(judged(each, "retry").answer == "refused" for each in SITUATIONS if each.state in CLOSED)

    def test_nobody_says_not_paid_while_the_rail_may_still_answer(self) -> None:
        """Only of what is parked, or was asked about long enough."""
        for each in SITUATIONS:
            if each.state != "parked" and not each.is_ripe:
                assert judged(each, "unpaid").answer == "refused"

    @pytest.mark.parametrize("state", ["parked", "dead"])
    def test_what_waits_for_a_person_can_always_be_tried_again(self, state: str) -> None:
        """Nothing is stuck for good."""
        waiting = [each for each in SITUATIONS if each.state == state and not each.is_busy]

        assert waiting
        assert all(judged(each, "retry").answer == "allowed" for each in waiting)


@dataclass
class World:
    """One pay-out, the rail that pays each id once, and our books. What happens is what the steps do with such news."""

    stands: Situation = field(default_factory=lambda: Situation("queued", "disburse", "unsent"))
    paid_by_rail: int = 0
    refused_by_rail: bool = False
    booked_paid: int = 0
    released: int = 0
    alarms: int = 0

    def happens(self, event: str) -> None:
        act = next((each for each in ACTS if each == event), None)
        if act is not None:
            self._acts(act)
        else:
            getattr(self, f"_{event.replace(' ', '_')}")()

    def _acts(self, act: Act) -> None:
        if judged(self.stands, act).answer == "refused":
            return
        match act:
            case "retry":
                again: State = "uncertain" if self.stands.money == "asked" else "queued"
                self.stands = replace(self.stands, state=again, is_tried=False)
            case "cancel":
                self._compensated("refused")
            case "paid":
                self._settled_paid()
            case "unpaid":
                self._compensated("refused")

    def _send(self) -> None:
        """The worker's turn: it sends what was never sent, and asks about anything else."""
        if self.stands.state == "queued" and self.stands.money == "unsent":
            self.stands = replace(self.stands, state="waiting", money="asked")
            self._carried_out()

    def _carried_out(self) -> None:
        """The rail takes an id once: a probe of what it knows pays nothing."""
        if not self.paid_by_rail and not self.refused_by_rail:
            self.paid_by_rail = 1

    def _no_answer(self) -> None:
        if self.stands.state == "waiting":
            self.stands = replace(self.stands, state="uncertain")

    def _taken_before(self) -> None:
        if self.stands.state == "uncertain" and self.stands.money == "asked":
            self._carried_out()

    def _callback_paid(self) -> None:
        if self.paid_by_rail and self.stands.money != "paid":
            self._settled_paid()

    def _callback_refused(self) -> None:
        if not self.paid_by_rail and self.stands.money == "asked":
            self.refused_by_rail = True
            self._compensated("refused")

    def _park(self) -> None:
        if self.stands.state == "uncertain":
            self.stands = replace(self.stands, state="parked")

    def _crash(self) -> None:
        """Killed between any two of these, another worker goes on from what is stored: nothing else is lost."""

    def _time(self) -> None:
        self.stands = replace(self.stands, is_ripe=True)

    def _settled_paid(self) -> None:
        if self.released:
            self.alarms += 1
        self.booked_paid += 1
        self.stands = replace(self.stands, state="done", money="paid", is_booked=True)

    def _compensated(self, money: Money) -> None:
        self.released += 1
        self.stands = replace(self.stands, state="rejected", money=money)


class TestAnyOrder:
    @given(st.lists(st.sampled_from(EVENTS), max_size=40))
    def test_no_order_of_acts_and_callbacks_pays_twice_or_loses_money(self, events: list[str]) -> None:
        """Booked once at most, given back once at most, and money after a release is booked with an alarm."""
        world = World()
        for event in events:
            world.happens(event)

        assert world.paid_by_rail <= 1
        assert world.booked_paid <= 1
        assert world.released <= 1
        assert not (world.booked_paid and world.released) or world.alarms

    @given(st.lists(st.sampled_from(EVENTS), max_size=40))
    def test_whatever_was_done_the_rails_word_brings_the_truth_into_the_books(self, events: list[str]) -> None:
        """A payment that the rail made is booked as soon as it says so, however wrongly people decided before."""
        world = World()
        for event in events:
            world.happens(event)
        world.happens("callback paid")

        assert world.booked_paid >= world.paid_by_rail
