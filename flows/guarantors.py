"""Naming those who will guarantee a loan: steps that another flow takes into its own list.

    Flow("borrow", [..., *guarantors.steps(to="cost"), ...])

They lead in at `guarantors` and on to `to` when `data["guarantors_needed"]` people have been named; those are in
`data["guarantors"]`, id and short name each. The flow that takes them has the words of `guarantor`, with the slots
`count` (how many are named) and `of_count` (how many are needed), and refuses `phone`, `own_phone`, `guarantor`.
"""

from collections.abc import Mapping

from flows.kit import Gone, Refusal, Step, View, ask, decide
from flows.known import Lender
from flows.text import msisdn

Named = list[list[str]]


def steps(to: str) -> tuple[Step, ...]:
    """Asks for one phone after the other."""
    return (
        decide("guarantors", [(_are_enough, to), (None, "guarantor")]),
        ask(
            "guarantor",
            parse=_named,
            saves="guarantors",
            to="guarantors",
            slots=_count,
            refuses=("phone", "own_phone", "guarantor"),
        ),
    )


def _so_far(view: View) -> Named:
    named: Named = view.data.get("guarantors", [])
    return named


def _are_enough(view: View) -> bool:
    return len(_so_far(view)) >= _needed(view)


def _needed(view: View) -> int:
    """Raises Gone in a conversation that did not say how many."""
    needed: int = view.data.get("guarantors_needed", 0)
    if not needed:
        raise Gone("guarantors")
    return needed


def _others(view: View) -> Named:
    """Those who stay named whatever is typed now: whoever comes back names the last one anew."""
    return _so_far(view)[: _needed(view) - 1]


def _named(view: View, text: str) -> Named | Refusal:
    """Those named so far and this one: a member who may be asked, and each only once."""
    number = msisdn(text)
    if number is None:
        return Refusal("phone")
    if number == view.fact("customer").phone:
        return Refusal("own_phone")
    person: Lender | None = view.fact("guarantor", number)
    others = _others(view)
    if person is None or person.id in [known[0] for known in others]:
        return Refusal("guarantor")
    return [*others, [person.id, person.name]]


def _count(view: View) -> Mapping[str, object]:
    return {"count": len(_others(view)) + 1, "of_count": _needed(view)}
