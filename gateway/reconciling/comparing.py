"""One business day of one shortcode: what by our books happened and the statement does not have, and the sums of both.

Only what a statement covers is missed on it. Repeating a day finds nothing twice, and heals what agrees by now.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.books.ledger import Books
from gateway.clock import EAT, SECOND_MS, milliseconds
from gateway.reconciling import mismatches, records, uploads
from gateway.reconciling.mismatches import Found
from gateway.reconciling.taking import Shortcodes

MARGIN_MS = 120_000
"""Clocks differ: what is so near to the end of a statement may be on the next."""


@dataclass(frozen=True, slots=True)
class Sums:
    """How many, and how much in cents."""

    count: int = 0
    cents: int = 0

    @classmethod
    def of(cls, amounts: Sequence[int]) -> "Sums":
        return cls(len(amounts), sum(amounts))


@dataclass(frozen=True, slots=True)
class Compared:
    """A day of a shortcode. `closing_cents` is the statement's balance at the end of the day, None where it has none;
    `books_cents` what our books say of the account then. `is_covered`: the statement has all of the day."""

    shortcode: str
    is_covered: bool
    theirs_in: Sums
    theirs_out: Sums
    charges: Sums
    moved: Sums
    ours_in: Sums
    ours_out: Sums
    closing_cents: int | None
    books_cents: int
    new: int
    healed: int
    pending: int
    resolved: int
    ignored: int


class Comparing:
    """Everything happens in the caller's unit of work."""

    def __init__(self, books: Books, shortcodes: Shortcodes, *, answer_ms: int) -> None:
        self._books = books
        self._shortcodes = shortcodes
        self._answer_ms = answer_ms

    async def compared(self, connection: AsyncConnection, day: date, now: int) -> list[Compared]:
        """Each of our shortcodes, the one that customers pay to first."""
        codes = dict.fromkeys((self._shortcodes.collection, self._shortcodes.payout))
        return [await self._one(connection, shortcode, day, now) for shortcode in codes]

    async def _one(self, connection: AsyncConnection, shortcode: str, day: date, now: int) -> Compared:
        since, until = stretch(day)
        covered = await uploads.covered(connection, shortcode)
        healed = await self._healed(connection, shortcode, since, until, now)
        new = await self._missed(connection, shortcode, since, until, covered, now)
        lines = await records.lines_between(connection, shortcode, since, until)
        states = await mismatches.counted(connection, shortcode, since, until)
        collects, pays = shortcode == self._shortcodes.collection, shortcode == self._shortcodes.payout
        account = self._shortcodes.account(shortcode)
        ours_in = await records.ours_between(connection, shortcode, since, until) if collects else []
        ours_out = await records.payouts_between(connection, since, until) if pays else []
        return Compared(
            shortcode=shortcode,
            # Statements count in seconds: the last one of a day is its end.
            is_covered=any(start <= since and until - SECOND_MS < end for start, end in covered),
            theirs_in=_sums(lines, "paid_in"),
            theirs_out=_sums(lines, "paid_out"),
            charges=_sums(lines, "charge"),
            moved=_sums(lines, "moved_in", "moved_out"),
            ours_in=Sums.of(ours_in),
            ours_out=Sums.of(ours_out),
            closing_cents=closing(lines),
            books_cents=await self._books.balance_at(connection, account, until),
            new=new,
            healed=healed,
            **states,
        )

    async def _missed(
        self, connection: AsyncConnection, shortcode: str, since: int, until: int,
        covered: Sequence[tuple[int, int]], now: int,
    ) -> int:  # fmt: skip
        """Money by our books that a statement of its moment does not have; how much of it is new."""
        new = 0
        if shortcode == self._shortcodes.collection:
            for row in await records.payments_absent(connection, shortcode, since, until):
                if is_within(row.at, covered):
                    found = _absent(shortcode, row.receipt, row.operation_id, row.amount_cents, row.at, "payment")
                    new += await mismatches.opened(connection, found, now, answer_ms=self._answer_ms)
        if shortcode == self._shortcodes.payout:
            for row in await records.payouts_absent(connection, shortcode, since, until):
                if is_within(row.settled_at, covered):
                    found = _absent(
                        shortcode, row.receipt, row.operation_id, row.amount_cents, row.settled_at, "pay-out"
                    )
                    new += await mismatches.opened(connection, found, now, answer_ms=self._answer_ms)
        return new

    async def _healed(self, connection: AsyncConnection, shortcode: str, since: int, until: int, now: int) -> int:
        """Those that agree by now, each with the reason."""
        healed = 0
        for row in await mismatches.pending(connection, shortcode, since, until):
            if why := await self._agrees(connection, row):
                await mismatches.proven(connection, row.id, why, now)
                healed += 1
        return healed

    async def _agrees(self, connection: AsyncConnection, row: Any) -> str:
        """Why this one agrees by now; empty when it does not."""
        if row.receipt is None:
            return ""
        known = await records.known_of(connection, row.shortcode, [row.receipt])
        if row.kind == "missing_statement":
            theirs = [cents for (_, kind), cents in known.lines.items() if kind in {"paid_in", "paid_out"}]
            return "on a statement that came later, with the same amount" if row.ours_cents in theirs else ""
        if row.kind == "missing_ledger":
            ours = known.received.get(row.receipt) or known.paid_out.get(row.receipt)
            same = ours is not None and ours.cents == row.theirs_cents
            return "in our books by now, with the same amount" if same else ""
        return ""


def stretch(day: date) -> tuple[int, int]:
    """The first and the last millisecond of a business day in East Africa Time: nothing happens between two days."""
    start = milliseconds(datetime.combine(day, time(), EAT))
    return start, milliseconds(datetime.combine(day + timedelta(days=1), time(), EAT)) - 1


def is_within(at: int, covered: Sequence[tuple[int, int]]) -> bool:
    """Whether what happened then must be on a statement."""
    return any(since + MARGIN_MS <= at <= until - MARGIN_MS for since, until in covered)


def closing(lines: Sequence[Any]) -> int | None:
    """The balance after the last line. Of lines in one second the last is the one whose balance none of them began
    with; None where that is not one."""
    if not lines:
        return None
    last = [line for line in lines if line.at == max(each.at for each in lines)]
    if any(line.balance_cents is None for line in last):
        return None
    ends = {line.balance_cents for line in last}
    begins = {line.balance_cents - (line.cents if line.kind.endswith("_in") else -line.cents) for line in last}
    final = ends - begins
    return final.pop() if len(final) == 1 else None


def _sums(lines: Sequence[Any], *kinds: str) -> Sums:
    return Sums.of([line.cents for line in lines if line.kind in kinds])


def _absent(
    shortcode: str, receipt: str | None, operation_id: str | None, cents: int, at: int, what: str
) -> Found:  # fmt: skip
    why = f"a {what} by our books that is not on the statement of its moment"
    if receipt is None:
        why = f"a {what} by our books without a receipt, which no line of the statement is"
    return Found(
        "missing_statement", shortcode, receipt or f"operation:{operation_id}", why, at, receipt=receipt,
        operation_id=operation_id, ours_cents=cents,
    )  # fmt: skip
