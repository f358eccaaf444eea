"""What is to be done for each kind of operation: steps in order, one lane, one way back.

A local step runs inside the unit of work that also moves the operation on, so it happens exactly once. A remote
step talks to the world outside and must say what it knows about the outcome; what it needs to be settled after a
crash it writes down before it speaks.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.operations.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Work:
    """One claimed operation as its steps see it. `fence` proves that the claim is still ours."""

    number: int
    id: str
    reference: str
    kind: str
    customer_id: str
    intent: Mapping[str, Any]
    state: str
    step: str
    generation: int
    attempts: int
    data: Mapping[str, Any]
    created_at: int
    waiting_since: int | None
    fence: int


class RemoteStep(Protocol):
    """A step that talks to the world outside."""

    @property
    def name(self) -> str: ...

    async def attempt(self, work: Work) -> Outcome:
        """Speak to the outside, or ask it. Called again after a crash: it must know what it did before."""

    async def reconsider(self, connection: AsyncConnection, work: Work, outcome: Outcome, now: int) -> Outcome:
        """Last look inside the unit of work that stores `outcome`: a callback may have come meanwhile."""


class ManyStep(RemoteStep, Protocol):
    """A remote step that also takes many operations at once, at a fraction of their cost."""

    async def attempt_many(self, works: Sequence[Work], until: int) -> Sequence[Outcome]:
        """As `attempt`, for each, in their order. What has not begun by `until` (ms) is to come back later."""

    async def reconsider_many(
        self, connection: AsyncConnection, settled: Sequence[tuple[Work, Outcome]], now: int
    ) -> Sequence[Outcome]:
        """As `reconsider`, for each, in their order."""


@dataclass(frozen=True, slots=True)
class Local:
    """A step inside the unit of work that moves the operation on."""

    name: str
    run: Callable[[AsyncConnection, Work, int], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True)
class Playbook:
    """`refused` runs when a step is refused for good (void, cancel, tell); afterwards the operation is rejected.

    `lane` keeps one customer's operations of a kind in order. `delay_ms` waits before the first step. `rank`, where
    there is one, says how urgent an operation is; else all of a kind are as urgent as `priority`. `many`, where there
    is one, is the only step, for operations that are not the most urgent: workers take many of them at once.
    """

    kind: str
    steps: tuple[Local | RemoteStep, ...]
    lane: Callable[[str, Mapping[str, Any]], str]
    refused: Local | None = None
    delay_ms: int = 0
    priority: int = 5
    rank: Callable[[Mapping[str, Any]], int] | None = None
    many: ManyStep | None = None

    def priority_of(self, intent: Mapping[str, Any]) -> int:
        """The smaller, the sooner."""
        return self.rank(intent) if self.rank else self.priority

    def step(self, name: str) -> Local | RemoteStep:
        if self.refused and name == self.refused.name:
            return self.refused
        return next(step for step in self.steps if step.name == name)

    def after(self, name: str) -> str | None:
        """The step that follows `name`; None after the last one and after `refused`."""
        names = [step.name for step in self.steps]
        if name not in names or name == names[-1]:
            return None
        return names[names.index(name) + 1]
