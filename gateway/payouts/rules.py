"""Whether a pay-out looks like one that was made before, and how sure one has to be to make it all the same. Pure.

The same amount to the same phone is seldom meant twice within an hour. What the customer asks for on their own phone
is compared with their earlier requests of the same kind, and a yes to the question whether they mean it settles it.
What anybody else asks for is compared with every pay-out, for longer, and only people settle it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Doubt = Literal["again", "look"]
"""`again`: within the short time, and two people have to agree. `look`: within the long one, and one has to."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Both times in milliseconds; 0 switches that one off."""

    again_ms: int
    look_ms: int


@dataclass(frozen=True, slots=True)
class Earlier:
    """A pay-out of the same amount to the same phone that was let through. `at` in milliseconds."""

    reference: str
    kind: str
    at: int


@dataclass(frozen=True, slots=True)
class Request:
    """A pay-out that asks to be let through.

    `at` is when it was asked for, ms. `is_own`: on the customer's own phone. `again`: the reference of the earlier one
    that they were shown, and said yes to.
    """

    kind: str
    at: int
    is_own: bool
    again: str = ""


def doubt_about(request: Request, earlier: Iterable[Earlier], rules: Rules) -> tuple[Doubt, Earlier] | None:
    """The newest pay-out that speaks against this one, and how much; None when none does.

    Their ages are those at the moment of the request: waiting for an answer makes nothing less doubtful.
    """
    compared = list(earlier)
    if request.is_own:
        compared = _unseen([each for each in compared if each.kind == request.kind], request.again)
    newest = max(compared, key=lambda each: each.at, default=None)
    if newest is None:
        return None
    age_ms = request.at - newest.at
    if rules.again_ms and age_ms < rules.again_ms:
        return "again", newest
    if rules.look_ms and age_ms < rules.look_ms and not request.is_own:
        return "look", newest
    return None


def _unseen(earlier: list[Earlier], again: str) -> list[Earlier]:
    """Those that came after the one the customer was shown: a yes covers that one and all before it."""
    shown = next((each for each in earlier if again and each.reference == again), None)
    return [each for each in earlier if shown is None or each.at > shown.at]
