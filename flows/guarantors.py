"""Naming those who will guarantee a loan: steps that another flow takes into its own list.

    Flow("borrow", [..., *guarantors.steps(to="cost"), ...])

They lead in at `guarantors` and on to `to` when `data["guarantors_needed"]` people have been named; those are in
`data["guarantors"]`, id and short name each. The flow that takes them has the words of `guarantor`, with the slots
`count` (how many are named) and `of_count` (how many are needed), of `unasked`, with the option `other`, and of
`toomany`; it refuses `phone` and `own_phone`. Every number tried counts, also one that is nobody's: who is a member is
not to be found out by trying.
"""

from collections.abc import Mapping

from flows.kit import Gone, Refusal, Step, View, ask, choose, decide, end
from flows.known import Lender
from flows.numbers import has_no_lookups, looked_up
from flows.text import msisdn

Named = list[list[str]]


def steps(to: str) -> tuple[Step, ...]:
    """Asks for one phone after the other."""
    return (
        decide("guarantors", [(_are_enough, to), (has_no_lookups, "toomany"), (None, "guarantor")]),
        ask(
            "guarantor",
            parse=_named,
            saves="guarantors",
            to=[(_is_nobody, "unasked"), (None, "guarantors")],
            slots=_count,
            refuses=("phone", "own_phone"),
            emits=looked_up,
        ),
        choose("unasked", to={"other": "guarantors"}, confirms=True),
        end("toomany"),
    )


def _so_far(view: View) -> Named:
    named: Named = view.data.get("guarantors", [])
    return [person for person in named if person]


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
    """Those named so far and this one; nothing in the place of somebody who cannot be asked, or is named already."""
    number = msisdn(text)
    if number is None:
        return Refusal("phone")
    if number == view.fact("customer").phone:
        return Refusal("own_phone")
    others = _others(view)
    if has_no_lookups(view):
        return [*others, []]
    person: Lender | None = view.fact("guarantor", number)
    if person is None or person.id in [known[0] for known in others]:
        return [*others, []]
    return [*others, [person.id, person.name]]


def _is_nobody(view: View) -> bool:
    return not view.answer[-1]


def _count(view: View) -> Mapping[str, object]:
    return {"count": len(_others(view)) + 1, "of_count": _needed(view)}
