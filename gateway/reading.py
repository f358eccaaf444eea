"""What is new in a hop: a repeat of what was answered, fresh answers, or a text that does not continue ours.

Cumulative dialects send everything typed so far; only its length and keyed digest are kept, never the text, which
holds the PIN. Last-input dialects send one answer and say with a sequence which hop it is, if they can.
"""

from collections.abc import Callable
from dataclasses import dataclass

from flows.text import parts
from gateway.inbound import Inbound
from gateway.sessions import Stored


@dataclass(frozen=True, slots=True)
class Reading:
    """`answers` to fold, or a repeat of what has been answered. `consumed` and `prefix` describe the whole text.

    `reopens` begins a new session under an id that has one. `resyncs` marks a text that somebody rewrote on its way:
    showing the screen again is safe, guessing is not; from then on this text counts as consumed.
    """

    is_repeat: bool
    answers: tuple[str, ...]
    consumed: int
    prefix: str
    resyncs: bool = False
    reopens: bool = False


def read(inbound: Inbound, stored: Stored | None, digest: Callable[[str], str], now: int) -> Reading:
    """Compare a hop at `now` (ms) with what its session has understood so far (None: nothing yet)."""
    if not inbound.is_cumulative:
        return _read_last(inbound, stored, digest, now)
    text = inbound.text
    if stored is None:
        return Reading(False, parts(text), len(text), digest(text))
    if len(text) < stored.consumed:
        return Reading(True, (), stored.consumed, stored.prefix)
    if digest(text[: stored.consumed]) != stored.prefix:
        return Reading(True, (), len(text), digest(text), resyncs=True)
    if len(text) == stored.consumed:
        return Reading(True, (), stored.consumed, stored.prefix)
    rest = text[stored.consumed :]
    if stored.consumed:
        if not rest.startswith("*"):
            return Reading(True, (), len(text), digest(text), resyncs=True)
        rest = rest[1:]
    return Reading(False, parts(rest), len(text), digest(text))


def _read_last(inbound: Inbound, stored: Stored | None, digest: Callable[[str], str], now: int) -> Reading:
    """`1` then `1` is honest input: a repeat has the same sequence, or comes faster than a hand could type it."""
    mark = digest(f"{inbound.sequence}\0{inbound.text}\0{inbound.is_opening}")
    if stored is None:
        return Reading(False, parts(inbound.text), 0, mark)
    is_fast = now - stored.seen_at < inbound.repeats_within_ms
    if mark == stored.prefix and (inbound.sequence or is_fast):
        return Reading(True, (), stored.consumed, stored.prefix)
    if inbound.is_opening:
        return Reading(False, parts(inbound.text), 0, mark, reopens=True)
    return Reading(False, parts(inbound.text), stored.consumed + 1, mark)
