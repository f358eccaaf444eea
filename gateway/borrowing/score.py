"""How good somebody's record is, as points and reasons. Pure, and replaceable: `borrowing.scorer` names another.

A reason is a stable code and a figure; what people read for it is in the menus, under `borrow.limits` and
`approve.more`. Every code that a scorer gives has to be one of `flows.reasons`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from typing import Protocol

from flows.known import Reason
from gateway.errors import Misconfigured

POINTS_MOST = 100


@dataclass(frozen=True, slots=True)
class History:
    """What is known of somebody on a day. `saving_since` is the day of their first savings, if they ever saved."""

    today: date
    since: date
    ceiling_cents: int
    on_time: int = 0
    late: int = 0
    days_late_now: int = 0
    savings_cents: int = 0
    saving_since: date | None = None
    is_blocked: bool = False
    name_differs: bool = False

    @property
    def months(self) -> int:
        """Whole months as a customer."""
        return months_between(self.since, self.today)

    @property
    def months_saving(self) -> int:
        return months_between(self.saving_since, self.today) if self.saving_since else 0


@dataclass(frozen=True, slots=True)
class Score:
    """0 to 100 points; the reasons say what moved them, the weightiest first."""

    points: int
    reasons: tuple[Reason, ...]


class Scorer(Protocol):
    """Whatever judges a record. It knows values only, and answers at once."""

    def __call__(self, history: History) -> Score: ...


@dataclass(frozen=True, slots=True)
class Points:
    """What counts how much."""

    start: int = 50
    on_time: int = 5
    on_time_most: int = 30
    late: int = 10
    late_now: int = 30
    tenure: int = 10
    tenure_months: int = 6
    saving: int = 10
    saving_months: int = 3


@dataclass(frozen=True, slots=True)
class Rules:
    """The scorer that is there: each rule adds or takes its points, and all of them are told."""

    points: Points = Points()

    def __call__(self, history: History) -> Score:
        weighed = sorted(self._weighed(history), key=lambda each: -abs(each[0]))
        total = self.points.start + sum(points for points, _ in weighed)
        return Score(max(0, min(POINTS_MOST, total)), tuple(reason for _, reason in weighed if reason))

    def _weighed(self, history: History) -> Iterator[tuple[int, Reason | None]]:
        """Each rule that applies: its points, and what is said of it."""
        points = self.points
        if history.days_late_now:
            yield -points.late_now, Reason("late_now", history.days_late_now)
        if history.late:
            yield -points.late * history.late, Reason("late_before", history.late)
        if history.on_time:
            yield min(points.on_time * history.on_time, points.on_time_most), Reason("on_time", history.on_time)
        if not history.on_time and not history.late:
            yield 0, Reason("no_history", 0)
        is_known = history.months >= points.tenure_months
        yield (points.tenure, None) if is_known else (0, Reason("young", points.tenure_months))
        is_saver = history.months_saving >= points.saving_months
        yield (points.saving, None) if is_saver else (0, Reason("saving_short", points.saving_months))


def scorer_of(named: str, rules: Rules) -> Scorer:
    """`rules`, or the scorer at a dotted path, `package.module:name`. Raises Misconfigured."""
    if named == "rules":
        return rules
    place, _, name = named.partition(":")
    try:
        found = getattr(import_module(place), name)
    except (ImportError, ValueError, AttributeError) as error:
        raise Misconfigured(f"borrowing.scorer: nothing at {named!r}") from error
    if not callable(found):
        raise Misconfigured(f"borrowing.scorer: {named!r} cannot be called")
    scorer: Scorer = found
    return scorer


def months_between(start: date, end: date) -> int:
    """Whole months from one day to another; 0 when the second is not after the first."""
    months = (end.year - start.year) * 12 + end.month - start.month - (end.day < start.day)
    return max(0, months)
