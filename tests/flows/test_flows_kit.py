from typing import Any

import pytest

from flows.kit import HOME, FactMissing, Flow, View, ask, choose, decide, end, secret
from flows.turn import Facts, Need, Session
from tests.flows.town import NOW


def view(answer: Any = None, **data: Any) -> View:
    facts = Facts(NOW, {Need("known", (1,)): "fact"}, {"twice": lambda number: 2 * number})
    return View(Session("s", data=data), facts, answer)


FLOW = Flow(
    "example",
    [
        choose("first", to={"*": "rest", "a": "next", "b": HOME}),
        choose("narrow", to={"a": "next"}),
        ask("next", parse=lambda _, text: text, to=[(lambda view: view.answer == "x", "rest"), (None, "first")]),
        decide("rest", [(lambda view: "done" in view.data, "end"), (None, "pin")]),
        secret("pin", to="end"),
        end("end"),
    ],
)


class TestFollowing:
    @pytest.mark.parametrize(
        ("step", "answer", "target"),
        [
            ("first", "a", "next"),
            ("first", "b", HOME),
            ("first", "anything else", "rest"),
            ("first", None, "rest"),
            ("narrow", "a", "next"),
            ("next", "x", "rest"),
            ("next", "y", "first"),
            ("rest", None, "pin"),
            ("pin", "ok", "end"),
        ],
    )
    def test_an_answer_leads_where_the_table_says(self, step: str, answer: Any, target: str) -> None:
        """By value, by guard in their order, or always; `*` stands for what is not named, wherever it is written."""
        assert FLOW.following(step, view(answer)) == target

    def test_guards_see_what_was_answered_before(self) -> None:
        """The session's data."""
        assert FLOW.following("rest", view(done=True)) == "end"

    def test_an_answer_without_a_way_is_an_error_of_the_table(self) -> None:
        """It says which step."""
        with pytest.raises(RuntimeError, match=r"example\.narrow: no branch applies"):
            FLOW.following("narrow", view("z"))

    def test_one_machine_serves_all_sessions(self) -> None:
        """Nothing of a session stays in it."""
        assert [FLOW.following("next", view(answer)) for answer in "xyx"] == ["rest", "first", "rest"]

    def test_edges_are_all_ways_of_all_steps(self) -> None:
        """What checks and diagrams are made from."""
        assert ("first", HOME) in set(FLOW.edges())
        assert len(list(FLOW.edges())) == 3 + 1 + 2 + 2 + 1


class TestSteps:
    def test_gates_are_secrets_confirmations_and_what_asks_for_operations(self) -> None:
        """Nothing dialled ahead goes past them."""
        plain = choose("a", to=HOME)
        gates = (secret("b", to=HOME), choose("c", to=HOME, confirms=True), choose("d", to=HOME, emits=lambda _: None))

        assert not plain.is_gate
        assert all(step.is_gate for step in gates)

    def test_a_step_knows_where_it_is_written(self) -> None:
        """For whoever has to put it right."""
        step = end("here")

        assert step.source.path == __file__
        assert step.source.line > 1


class TestView:
    def test_a_fact_is_found_by_name_and_arguments(self) -> None:
        """And asked for when it is not there."""
        assert view().fact("known", 1) == "fact"
        assert view().fact("twice", 4) == 8
        with pytest.raises(FactMissing) as missing:
            view().fact("known", 2)
        assert missing.value.need == Need("known", (2,))
