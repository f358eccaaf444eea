"""What happened to one operation, in order of time, and what we believe and why. Pure: reads nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

What = Literal["asked", "attempt", "sent", "settled", "callback", "journal", "message", "case"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at a moment (ms). `detail` is plain and names no phone."""

    at: int
    what: What
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Story:
    """An operation with all that belongs to it; `events` are in order of time."""

    reference: str
    kind: str
    state: str
    step: str
    reason: str
    is_open: bool
    events: tuple[Event, ...]

    @property
    def belief(self) -> str:
        """One sentence: what we hold to be true, and on whose word."""
        settled = [event.detail for event in self.events if event.what == "settled"]
        posted = [event.detail["step"] for event in self.events if _has_moved(event)]
        booked = f"; booked as {', '.join(posted)}" if posted else "; nothing is booked"
        if paid := next((each for each in settled if each["state"] == "completed"), None):
            receipt = paid["receipt"] or "not known yet"
            return f"The rail moved the money, receipt {receipt}, on the word of a {paid['by']}{booked}."
        if settled and not self.is_open:
            last = settled[-1]
            return (
                f"The rail moved nothing: {last['state']}, code {last['code']}, on the word of a {last['by']}{booked}."
            )
        if self.state in {"parked", "dead"}:
            return f"A person has to decide: {self.reason or self.state}{booked}."
        if self.is_open and any(event.what == "sent" for event in self.events):
            return f"Nobody has said yet whether the money moved: it is {self.state} and will be asked{booked}."
        if self.is_open:
            return f"Nothing has left us yet: it is {self.state} at {self.step}{booked}."
        return f"It ended {self.state}{f', {self.reason}' if self.reason else ''}{booked}."


def _has_moved(event: Event) -> bool:
    return event.what == "journal" and event.detail["phase"] == "posted"


def told(events: Sequence[Event]) -> tuple[Event, ...]:
    """In order of time; what is of one moment in the order of how it comes about."""
    order = ("asked", "attempt", "sent", "callback", "settled", "journal", "message", "case")
    return tuple(sorted(events, key=lambda event: (event.at, order.index(event.what))))
