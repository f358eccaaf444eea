"""What a line of a statement means beside what we know: decided from values, nothing is done here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from gateway.rails.matching import Seen, may_be
from gateway.rails.requests import RailRequest, candidate_of
from gateway.statements.line import Line
from gateway.statements.reasons import is_by_api

Verdict = Literal[
    "repeated", "conflict", "noted", "matched", "gap", "payout", "amount", "status", "reversed", "unknown"
]  # fmt: skip
"""`repeated`: this line is kept already; `conflict`: it was kept with another amount. `gap`: money that nobody has told
us of. `payout`: paid, and by our books not, or not yet. `unknown`: for a person."""


@dataclass(frozen=True, slots=True)
class Ours:
    """A payment or pay-out by our books. `is_held`: nobody knows whose it is, and nobody has it in hand."""

    cents: int
    operation_id: str | None
    is_held: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What we have of the receipts of some lines: kept lines by (receipt, kind), to which those being taken are added,
    payments received, brought up to date while lines are taken, pay-outs made."""

    lines: dict[tuple[str, str], int]
    received: dict[str, Ours]
    paid_out: Mapping[str, Ours]

    def ours(self, line: Line) -> Ours | None:
        return self.paid_out.get(line.receipt) if line.kind == "paid_out" else self.received.get(line.receipt)


def judged(line: Line, known: Known, *, collects: bool) -> Verdict:
    """`collects`: whether customers pay to the shortcode that the statement is of."""
    if not line.is_completed:
        is_ours = line.receipt in known.received or line.receipt in known.paid_out
        return "status" if is_ours else "noted"
    before = known.lines.get((line.receipt, line.kind))
    if before is not None:
        return "repeated" if before == line.cents else "conflict"
    if line.kind in {"charge", "moved_in", "moved_out"}:
        return "noted"
    if line.kind.startswith("reversed"):
        by_us = known.paid_out.get(line.receipt)
        return "matched" if by_us is not None and by_us.cents == line.cents else "reversed"
    if line.kind not in {"paid_in", "paid_out"}:
        return "unknown"
    ours = known.ours(line)
    if ours is not None:
        return "matched" if ours.cents == line.cents else "amount"
    if line.kind == "paid_out":
        return "payout"
    return "gap" if collects else "unknown"


def fitting(line: Line, requests: Sequence[RailRequest], *, within_ms: int) -> list[RailRequest]:
    """The requests that a pay-out on a statement may be: same amount, in time, without another receipt, and a phone
    that the masked one does not contradict."""
    seen = Seen(line.receipt, line.cents, line.at, payer=line.party)
    return [
        request
        for request in requests
        if request.kind == "b2c" and request.sent_at is not None and request.receipt is None
        and may_be(seen, candidate_of(request, request.sent_at), within_ms=within_ms)
    ]  # fmt: skip


def proves(line: Line, fits: Sequence[RailRequest]) -> RailRequest | None:
    """The one request that this line is, if that is certain.

    Programs pay from our shortcode by our requests only, so a pay-out ordered by a program is one of them: with one
    that fits, it is that one. What people pay on the portal may be anything, and of two that fit it is either.
    """
    return fits[0] if len(fits) == 1 and is_by_api(line.reason, line.details) else None
