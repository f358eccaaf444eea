"""What happened to one operation or case, or around one receipt, in order of time, and what we believe and why. Pure:
reads nothing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

What = Literal[
    "asked", "attempt", "sent", "settled", "callback", "journal", "message", "case", "note", "line", "person"
]
ORDER: tuple[What, ...] = (
    "asked", "attempt", "sent", "callback", "line", "person", "settled", "journal", "message", "case", "note",
)  # fmt: skip

CONTRADICTIONS = ("paid again", "refused after payment", "paid after refusal")
"""Cases that are opened when the rail says two things that cannot both be true."""

DOUBTS: Mapping[str, str] = {
    "contradiction": "a callback contradicts what the rail said before",
    "mismatch": "a callback names another amount or phone than we asked for, and settled nothing",
    "forged": "a callback proved nothing: it belongs to no request of ours",
}
"""What a callback's verdict says against what we believe."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at a moment (ms). `detail` is plain and names no phone."""

    at: int
    what: What
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Story:
    """Something of a name with all that belongs to it; `events` are in order of time.

    `kind` is an operation's, or `case` or `receipt` for one that belongs to no operation of ours.
    """

    reference: str
    kind: str
    state: str
    step: str
    reason: str
    is_open: bool
    events: tuple[Event, ...]

    @property
    def belief(self) -> str:
        """One sentence: what we hold to be true, on whose word, and what speaks against it."""
        held = {"case": self._case, "receipt": self._receipt}.get(self.kind, self._operation)()
        return "; but ".join([held, *dict.fromkeys(self._against())]) + "."

    def _operation(self) -> str:
        settled = [event.detail for event in self.events if event.what == "settled"]
        posted = [event.detail["step"] for event in self.events if _has_moved(event)]
        booked = f"; booked as {', '.join(posted)}" if posted else "; nothing is booked"
        if paid := next((each for each in settled if each["state"] == "completed"), None):
            receipt = paid["receipt"] or "not known yet"
            return f"The rail moved the money, receipt {receipt}, on the word of a {paid['by']}{booked}"
        if settled and not self.is_open:
            last = settled[-1]
            return (
                f"The rail moved nothing: {last['state']}, code {last['code']}, on the word of a {last['by']}{booked}"
            )
        if self.state in {"parked", "dead"}:
            return f"A person has to decide: {self.reason or self.state}{booked}"
        if self.is_open and any(event.what == "sent" for event in self.events):
            return f"Nobody has said yet whether the money moved: it is {self.state} and will be asked{booked}"
        if self.is_open:
            return f"Nothing has left us yet: it is {self.state} at {self.step}{booked}"
        return f"It ended {self.state}{f', {self.reason}' if self.reason else ''}{booked}"

    def _case(self) -> str:
        last = next((event.detail for event in reversed(self.events) if event.what == "note"), None)
        by = f" by {last['by']}" if last and last.get("by") else ""
        said = f": {last['said']}" if last and last.get("said") else ""
        whose = "a person has to answer it" if self.is_open and last is None else f"last word{by}{said}"
        return f"The case ({self.reason}) is {self.state}; {whose}"

    def _receipt(self) -> str:
        if any(event.what == "line" for event in self.events):
            return "The rail's own statement has this receipt, and no operation of ours does: the books do not know it"
        return "The rail has named this receipt to us, and no operation of ours has it: nothing is booked of it"

    def _against(self) -> Iterator[str]:
        """What speaks against it: cases of a rail that contradicts itself, and callbacks that prove nothing."""
        for event in self.events:
            if event.what == "case" and event.detail["topic"] in CONTRADICTIONS:
                number, state = event.detail["number"], event.detail["state"]
                yield f"the rail contradicts itself: {event.detail['topic']} (case {number}, {state})"
            if event.what == "callback" and (doubt := DOUBTS.get(event.detail["verdict"])):
                yield doubt


def _has_moved(event: Event) -> bool:
    return event.what == "journal" and event.detail["phase"] == "posted"


def told(events: Sequence[Event]) -> tuple[Event, ...]:
    """In order of time; what is of one moment in the order of how it comes about."""
    return tuple(sorted(events, key=lambda event: (event.at, ORDER.index(event.what))))
