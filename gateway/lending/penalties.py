"""A flat penalty on each overdue instalment: how much, and on which days it falls due.

The days follow from the due date alone and each (instalment, day) is posted once, so the daily job may run
twice or three days late without changing anything.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from gateway.lending.duedates import EVERY_MAX, UNITS, Unit, stepped
from gateway.lending.fields import Fields, amount_text

GRACE_DAYS_MAX = 366
DAYS_IN_UNIT_MOST: dict[Unit, int] = {"days": 1, "weeks": 7, "months": 31}


@dataclass(frozen=True, slots=True)
class LatePenalty:
    """`amount_cents` on the first late day after `grace_days` of them, then again every `every` units.

    `cap_cents` limits what one instalment can gather; None means no limit.
    """

    amount_cents: int
    every: int = 1
    unit: Unit = "months"
    grace_days: int = 0
    cap_cents: int | None = None


def penalty_days(penalty: LatePenalty, due_on: date, after: date, through: date) -> Iterator[date]:
    """The days in (`after`, `through`] on which an instalment still unpaid since `due_on` is penalised."""
    if due_on >= through:
        return
    first = due_on + timedelta(days=penalty.grace_days + 1)
    # At least this many steps lie before `after`; counting from the first would be slow on old loans.
    step = max(0, (after - first).days // (DAYS_IN_UNIT_MOST[penalty.unit] * penalty.every))
    while (day := stepped(first, step * penalty.every, penalty.unit)) <= through:
        if day > after:
            yield day
        step += 1


def penalty_cents(penalty: LatePenalty, gathered_cents: int) -> int:
    """The next penalty on an instalment that has gathered `gathered_cents`: 0 once the cap is reached."""
    if penalty.cap_cents is None:
        return penalty.amount_cents
    return max(0, min(penalty.amount_cents, penalty.cap_cents - gathered_cents))


def read_late_penalty(source: object, prefix: str, *, grace_days: str) -> LatePenalty:
    """Reads the JSON or the configuration of a penalty; `grace_days` is how that spelling names its grace."""
    fields = Fields.of(source, ("amount", "every", "unit", grace_days, "cap"), prefix)
    return LatePenalty(
        amount_cents=fields.cents("amount"),
        every=fields.whole("every", 1, EVERY_MAX, 1),
        unit=fields.choice("unit", UNITS, "months"),
        grace_days=fields.whole(grace_days, 0, GRACE_DAYS_MAX, 0),
        cap_cents=fields.cents("cap") if fields.has("cap") else None,
    )


def late_penalty_mapping(penalty: LatePenalty | None) -> dict[str, object] | None:
    """The JSON of a penalty."""
    if penalty is None:
        return None
    cap = penalty.cap_cents
    return {
        "amount": amount_text(penalty.amount_cents),
        "every": penalty.every,
        "unit": penalty.unit,
        "graceDays": penalty.grace_days,
        "cap": None if cap is None else amount_text(cap),
    }
