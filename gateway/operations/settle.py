"""What an outcome means for an operation: pure, so that every decision about money can be tested as a table."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from gateway.operations.outcome import Accepted, Done, Later, Outcome, Park, Refused, Retry, Unsure

State = Literal["queued", "waiting", "uncertain", "done", "rejected", "parked", "dead", "cancelled"]
STATES: tuple[State, ...] = get_args(State)
CLOSED: frozenset[State] = frozenset({"done", "rejected", "cancelled"})


@dataclass(frozen=True, slots=True)
class Policy:
    """How patient to be: tries of a step that did nothing, first wait and longest wait in milliseconds."""

    attempts_max: int
    retry_ms: int
    retry_max_ms: int


@dataclass(frozen=True, slots=True)
class Decision:
    """The operation's next state. `name` is the outcome's word in attempts, logs and metrics."""

    name: str
    state: State
    step: str
    due_at: int
    attempts: int
    data: Mapping[str, Any]
    reason: str
    evidence: Mapping[str, Any]

    @property
    def is_open(self) -> bool:
        return self.state not in CLOSED


@dataclass(frozen=True, slots=True)
class Position:
    """Where the operation stands: its id, step, the step after it, and where a refusal leads."""

    id: str
    step: str
    following: str | None
    refused: str | None
    attempts: int
    is_compensating: bool = False


def settle(position: Position, outcome: Outcome, now: int, policy: Policy) -> Decision:
    """Decide what follows. A step that is done makes the next one due at once; doubt only ever leads to asking."""
    here = position.step
    match outcome:
        case Done(data, reason):
            if position.is_compensating:
                return Decision("compensated", "rejected", here, now, 0, data, reason, {})
            if position.following:
                return Decision("done", "queued", position.following, now, 0, data, reason, {})
            return Decision("done", "done", here, now, 0, data, reason, {})
        case Accepted(ask_in_ms, reason, data):
            return Decision("accepted", "waiting", here, now + ask_in_ms, position.attempts, data, reason, {})
        case Later(in_ms, reason):
            return Decision("later", "queued", here, now + in_ms, position.attempts, {}, reason, {})
        case Unsure(ask_in_ms, reason, evidence, _, data):
            due = now + ask_in_ms
            return Decision("uncertain", "uncertain", here, due, position.attempts, data, reason, evidence)
        case Refused(code, reason, evidence, data):
            kept = {**data, "refusal": code}
            if position.refused and not position.is_compensating:
                return Decision("refused", "queued", position.refused, now, 0, kept, reason, evidence)
            return Decision("refused", "rejected", here, now, 0, kept, reason, evidence)
        case Retry(reason, evidence, is_outage):
            tries = position.attempts + 1
            if tries >= policy.attempts_max and not is_outage:
                return Decision("dead", "dead", here, now, tries, {}, reason, evidence)
            due = now + backoff_ms(position.id, tries, policy)
            return Decision("retry", "queued", here, due, tries, {}, reason, evidence)
        case Park(reason, evidence):
            return Decision("parked", "parked", here, now, position.attempts, {}, reason, evidence)


def backoff_ms(identity: str, tries: int, policy: Policy) -> int:
    """Exponential, capped, with full jitter taken from the id: spread out, and the same when replayed."""
    ceiling = doubling_ms(policy.retry_ms, policy.retry_max_ms, tries - 1)
    draw = int.from_bytes(hashlib.sha256(f"{identity}:{tries}".encode()).digest()[:4])
    return max(1, int(ceiling * (draw + 1)) >> 32)


def doubling_ms(first_ms: int, most_ms: int, times: int) -> int:
    """The wait before question number `times` (from 0): doubles up to `most_ms`."""
    return min(most_ms, first_ms << min(times, 32))
