"""Takes lines of a statement, some at a time: kept once, matched, and acted on where that is certain.

Money that nobody has told us of is credited as its confirmation would be, by receipt, so through several doors it is
credited once. A pay-out that the statement proves settles its request as the late callback does. All else moves
nothing: it is named, and a person decides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.books import accounts as chart
from gateway.books.entry import Entry
from gateway.books.entry import Line as BookLine
from gateway.books.ledger import Books
from gateway.rails import requests
from gateway.rails.callbacks import RailCallbacks
from gateway.rails.contract import Received, Result
from gateway.rails.matching import SLACK_MS
from gateway.rails.requests import RailRequest
from gateway.reconciling import matching, mismatches, records
from gateway.reconciling.matching import Known, Ours, Verdict
from gateway.reconciling.mismatches import Found
from gateway.reconciling.uploads import Counts
from gateway.statements.line import Line, Rejected
from gateway.store import payments

DOOR = "statement"
Came = Literal["gap", "known", "doubted"]
"""What a payment came to that was not in our books: credited now, known after all, or held for people."""
CREDITED: Mapping[Came, Counts] = {
    "gap": Counts(gaps_filled=1), "known": Counts(matched=1), "doubted": Counts(mismatched=1),
}  # fmt: skip
COUNTED = {"repeated": "matched", "matched": "matched", "noted": "noted", "conflict": "rejected"}


@dataclass(frozen=True, slots=True)
class Shortcodes:
    """What customers pay to, and what they are paid from; both may be one."""

    collection: str
    payout: str

    def __contains__(self, shortcode: str) -> bool:
        return shortcode in {self.collection, self.payout}

    def account(self, shortcode: str) -> str:
        """Its account in our books."""
        return chart.COLLECTION if shortcode == self.collection else chart.PAYOUT


@dataclass(frozen=True, slots=True)
class Bounds:
    """How late a pay-out may show, how long a person has for an answer, and whether charges are booked."""

    payout_ms: int
    answer_ms: int
    books_charges: bool = True


@dataclass(frozen=True, slots=True)
class Source:
    """Where lines come from. `id` is the file's, `step` names this part of it in the books' key."""

    id: str
    shortcode: str
    operation_id: str
    step: str


class Taking:
    """Everything happens in the caller's unit of work."""

    def __init__(self, callbacks: RailCallbacks, books: Books, shortcodes: Shortcodes, bounds: Bounds) -> None:
        self._callbacks = callbacks
        self._books = books
        self.shortcodes = shortcodes
        self._bounds = bounds

    async def taken(
        self, connection: AsyncConnection, source: Source, rows: Sequence[Line | Rejected], now: int
    ) -> tuple[Counts, list[Rejected]]:
        """What became of these rows, and those of them that are rejected."""
        await payments.arriving(connection)
        lines = [row for row in rows if isinstance(row, Line)]
        rejected = [row for row in rows if isinstance(row, Rejected)]
        known = await records.known_of(connection, source.shortcode, [line.receipt for line in lines])
        counts = Counts(rejected=len(rejected))
        fresh: list[tuple[Line, str]] = []
        for line in lines:
            verdict = self._judged(line, known, source.shortcode)
            if verdict in {"matched", "amount"}:
                await self._compared(connection, _news(line, source.shortcode), DOOR, known)
                verdict = self._judged(line, known, source.shortcode)
            counts += await self._done(connection, source, line, verdict, known, now)
            if verdict == "conflict":
                rejected.append(Rejected(line.number, "Receipt No.", "was read before with another amount"))
            elif line.is_completed and verdict != "repeated":
                fresh.append((line, verdict))
                known.lines[line.receipt, line.kind] = line.cents
        await records.kept(connection, source.shortcode, source.id, fresh)
        await self._charged(connection, source, [line for line, _ in fresh], now)
        return counts, rejected

    async def foreseen(self, connection: AsyncConnection, shortcode: str, rows: Sequence[Line | Rejected]) -> Counts:
        """What would become of them now; nothing is changed."""
        lines = [row for row in rows if isinstance(row, Line)]
        known = await records.known_of(connection, shortcode, [line.receipt for line in lines])
        counts = Counts(rejected=len(rows) - len(lines))
        for line in lines:
            verdict = self._judged(line, known, shortcode)
            if verdict == "payout" and matching.proves(line, await self._fits(connection, line)):
                counts += Counts(settled=1)
            elif verdict == "gap":
                counts += Counts(gaps_filled=1)
            else:
                counts += Counts(**{COUNTED.get(verdict, "mismatched"): 1})
            if line.is_completed:
                known.lines.setdefault((line.receipt, line.kind), line.cents)
        return counts

    async def listed(self, connection: AsyncConnection, news: Received, now: int) -> bool:
        """A payment in the rail's own list: whether it had to be credited."""
        known = await records.known_of(connection, news.shortcode, [news.receipt])
        await self._compared(connection, news, "pull", known)
        ours = known.received.get(news.receipt)
        found = _found("amount_mismatch", news.shortcode, news.receipt, news.at, "the rail lists another amount")
        if ours is not None:
            if ours.cents != news.amount_cents:
                await self._opened(connection, _beside(found, ours, news.amount_cents), now)
            return False
        return await self._credited(connection, news, "pull", now) == "gap"

    def _judged(self, line: Line, known: Known, shortcode: str) -> Verdict:
        return matching.judged(line, known, collects=shortcode == self.shortcodes.collection)

    async def _done(
        self, connection: AsyncConnection, source: Source, line: Line, verdict: Verdict, known: Known, now: int
    ) -> Counts:
        if verdict in COUNTED:
            return Counts(**{COUNTED[verdict]: 1})
        if verdict == "gap":
            return CREDITED[await self._credited(connection, _news(line, source.shortcode), DOOR, now)]
        if verdict == "payout":
            return await self._paid_out(connection, source, line, now)
        await self._opened(connection, _named(line, verdict, source, known), now)
        return Counts(mismatched=1)

    async def _compared(self, connection: AsyncConnection, news: Received, door: str, known: Known) -> None:
        """A payment that is held as nobody's may be a prompt's, by what is said of it here: it is taken once more, and
        `known` has what we have of it then."""
        ours = known.received.get(news.receipt)
        if ours is not None and ours.is_held:
            await self._callbacks.found(connection, news, door)
            fresh = await records.known_of(connection, news.shortcode, [news.receipt])
            known.received.update(fresh.received)

    async def _credited(self, connection: AsyncConnection, news: Received, door: str, now: int) -> Came:
        """As its confirmation would be. What was put right is kept with the reason why that was certain; what
        contradicts people is held, with a case of its own."""
        verdict, operation_id = await self._callbacks.found(connection, news, door)
        if verdict == "repeated":
            return "known"
        if verdict == "contradiction":
            return "doubted"
        found = _found(
            "missing_callback", news.shortcode, news.receipt, news.at, f"received; no confirmation came ({verdict})"
        )
        found = replace(found, operation_id=operation_id, theirs_cents=news.amount_cents)
        note = f"credited by its receipt, which nothing else had brought; seen in: {door}"
        await mismatches.healed(connection, found, note, now)
        return "gap"

    async def _paid_out(self, connection: AsyncConnection, source: Source, line: Line, now: int) -> Counts:
        fits = await self._fits(connection, line)
        request = matching.proves(line, fits)
        if request is not None:
            return await self._settled(connection, source, line, request, now)
        why = "paid out, and no pay-out of ours fits"
        if fits:
            why = "paid out by hand" if len(fits) == 1 else f"paid out, and {len(fits)} of ours fit"
        found = replace(
            _found("missing_ledger", source.shortcode, line.receipt, line.at, why),
            theirs_cents=line.cents,
            evidence=_evidence(line, fits),
        )
        await self._opened(connection, found, now)
        return Counts(mismatched=1)

    async def _settled(
        self, connection: AsyncConnection, source: Source, line: Line, request: RailRequest, now: int
    ) -> Counts:
        """By the statement's word, as the late callback would."""
        locked = await requests.by_id(connection, request.id, lock=True)
        assert locked is not None
        result = Result("done", "0", "paid", "on the statement", receipt=line.receipt, amount_cents=line.cents)
        verdict = await self._callbacks.vouched(connection, locked, result, DOOR)
        found = replace(
            _found("status_mismatch", source.shortcode, line.receipt, line.at, f"paid; by us it was {request.state}"),
            operation_id=request.operation_id, ours_cents=request.amount_cents, theirs_cents=line.cents,
        )  # fmt: skip
        if verdict not in {"applied", "late", "repeated"}:
            await self._opened(connection, found, now)
            return Counts(mismatched=1)
        note = "the only pay-out of ours with this amount and phone at this time, ordered by API"
        await mismatches.healed(connection, found, note, now)
        return Counts(settled=1)

    async def _fits(self, connection: AsyncConnection, line: Line) -> list[RailRequest]:
        within = self._bounds.payout_ms
        candidates = await records.unnamed_payouts(connection, line.cents, line.at - within, line.at + SLACK_MS)
        return matching.fitting(line, candidates, within_ms=within)

    async def _opened(self, connection: AsyncConnection, found: Found, now: int) -> None:
        await mismatches.opened(connection, found, now, answer_ms=self._bounds.answer_ms)

    async def _charged(self, connection: AsyncConnection, source: Source, lines: Sequence[Line], now: int) -> None:
        """The rail's charges of these lines, as one expense. A line is taken once, so it is booked once."""
        cents = sum(line.cents for line in lines if line.kind == "charge")
        if not cents or not self._bounds.books_charges:
            return
        account = self.shortcodes.account(source.shortcode)
        booked = (BookLine(chart.RAIL_CHARGES, cents), BookLine(account, -cents))
        entry = Entry(source.operation_id, f"charges:{source.step}", f"M-PESA charges {source.shortcode}", booked)
        await self._books.post(connection, entry, now)


def _named(line: Line, verdict: Verdict, source: Source, known: Known) -> Found:
    ours = known.received.get(line.receipt) or known.paid_out.get(line.receipt)
    if verdict == "amount":
        found = _found("amount_mismatch", source.shortcode, line.receipt, line.at, "the statement has another amount")
    elif verdict == "status":
        why = f"we have it as paid; the statement says {line.status}"
        found = _found("status_mismatch", source.shortcode, line.receipt, line.at, why)
    elif verdict == "reversed":
        found = _found("status_mismatch", source.shortcode, line.receipt, line.at, "M-PESA has reversed a payment")
    else:
        why = f"nobody knows what this is: {line.reason or line.details}"
        found = _found("missing_ledger", source.shortcode, line.receipt, line.at, why)
    return replace(_beside(found, ours, line.cents), evidence=_evidence(line))


def _found(kind: mismatches.Kind, shortcode: str, receipt: str, at: int, why: str) -> Found:
    return Found(kind, shortcode, receipt, why, at, receipt=receipt)


def _beside(found: Found, ours: Ours | None, theirs_cents: int) -> Found:
    if ours is None:
        return replace(found, theirs_cents=theirs_cents)
    return replace(found, operation_id=ours.operation_id, ours_cents=ours.cents, theirs_cents=theirs_cents)


def _evidence(line: Line, fits: Sequence[RailRequest] = ()) -> dict[str, Any]:
    """For whoever looks: the row as it was, names and masked phones too, because nobody knows yet whose it is."""
    return {
        "row": line.number, "kind": line.kind, "reason": line.reason, "details": line.details[:300],
        "party": line.party[:100], "account": line.account[:40], "status": line.status,
        **({"fits": [request.account_reference for request in fits]} if fits else {}),
    }  # fmt: skip


def _news(line: Line, shortcode: str) -> Received:
    """What the confirmation of a line would say."""
    return Received(line.receipt, shortcode, line.cents, line.account, _phone(line.party), line.at)


def _phone(party: str) -> str:
    return party.partition(" - ")[0].strip()
