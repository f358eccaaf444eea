"""Cases in people's hands: who has it, what was written to it, how it ended, and what is overdue.

open -> waiting -> resolved | ignored; a note or a new owner changes no state. Every step is a row of `case_notes` and
one of the staff log. Resolving one tells its customer, in the same unit of work.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.accounts import audit
from gateway.accounts.audit import Deed
from gateway.desk.tables import ENDED, IGNORED, OPEN, RESOLVED, WAITING, case_notes
from gateway.errors import Rejected
from gateway.operations.outbox import Outbox
from gateway.store import customers
from gateway.store.pages import newest
from gateway.store.tables import cases

SYSTEM = "system"
ACTION = "case"
ALIVE = (OPEN, WAITING)

columns = cases.c


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases: in a state, of an owner, of a topic, of a customer; `overdue_at`: to be answered before a moment.

    `before` is where the page before ended: moment and id.
    """

    state: str | None = None
    owner: str | None = None
    topic: str | None = None
    customer_id: str | None = None
    overdue_at: int | None = None
    before: tuple[int, str] | None = None
    limit: int = 50


class Cases:
    """What people do. All methods run in the caller's unit of work and raise Rejected, with a code, for what cannot be
    done now."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    async def take(self, connection: AsyncConnection, deed: Deed, named: str, text: str) -> None:
        """Have it in hand from now on; from whoever had it before, too."""
        row = await self._alive(connection, named)
        await _changed(connection, row.id, owner=deed.by[:60])
        await self._noted(connection, deed, row, "take", text)

    async def note(self, connection: AsyncConnection, deed: Deed, named: str, text: str) -> None:
        """Write something to it, also after its end."""
        await self._noted(connection, deed, await _named(connection, named), "note", text)

    async def wait(self, connection: AsyncConnection, deed: Deed, named: str, text: str) -> None:
        """It waits for somebody else: the rail, a bank, the customer. Its deadline stays."""
        row = await self._alive(connection, named)
        await _changed(connection, row.id, state=WAITING, owner=row.owner or deed.by[:60])
        await self._noted(connection, deed, row, "wait", text)

    async def resolve(self, connection: AsyncConnection, deed: Deed, named: str, answer: str) -> None:
        """It is answered, in words that its customer gets."""
        row = await self._alive(connection, named)
        await _ended(connection, row.id, RESOLVED, deed.now)
        await self._noted(connection, deed, row, "resolve", answer)
        await self._tell(connection, row, "desk.answered", {"case": row.reference, "answer": answer})

    async def ignore(self, connection: AsyncConnection, deed: Deed, named: str, text: str) -> None:
        """There is nothing to answer; nobody is told."""
        row = await self._alive(connection, named)
        await _ended(connection, row.id, IGNORED, deed.now)
        await self._noted(connection, deed, row, "ignore", text)

    async def _alive(self, connection: AsyncConnection, named: str) -> Row[Any]:
        row = await _named(connection, named)
        if row.state in ENDED:
            raise Rejected(f"it is {row.state}", "ended")
        return row

    async def _noted(self, connection: AsyncConnection, deed: Deed, row: Row[Any], act: str, text: str) -> None:
        await _written(connection, row.id, act, deed.by, text, deed.now)
        detail = {"case": row.reference, "act": act, "topic": row.topic}
        await audit.noted(connection, deed, ACTION, row.customer_id, detail)

    async def _tell(self, connection: AsyncConnection, row: Row[Any], template: str, values: dict[str, Any]) -> None:
        """Whoever it concerns, on the line that they have now."""
        customer = await customers.find(connection, row.customer_id) if row.customer_id else None
        if customer is not None and customer.state != "closed":
            cause = f"{row.id}:{template}"
            await self._outbox.tell(connection, cause, customer.id, customer.msisdn, template, values)


async def settled(connection: AsyncConnection, case_id: str, text: str, now: int, *, by: str = SYSTEM) -> bool:
    """What it was about is certain by now; False when it had ended before, or never was."""
    moved = await connection.execute(
        update(cases).where(columns.id == case_id, columns.state.in_(ALIVE)).values(state=RESOLVED, closed_at=now)
    )
    if moved.rowcount:
        await _written(connection, case_id, "settle", by, text, now)
    return bool(moved.rowcount)


async def overdue(connection: AsyncConnection, now: int, limit: int) -> Sequence[Row[Any]]:
    """Those past their day that nobody above knows of yet, the oldest first."""
    query = select(cases).where(columns.state.in_(ALIVE), columns.answer_by < now, columns.escalated_at.is_(None))
    return (await connection.execute(query.order_by(columns.answer_by).limit(limit))).all()


async def count_overdue(connection: AsyncConnection, now: int) -> int:
    query = select(func.count()).select_from(cases).where(columns.state.in_(ALIVE), columns.answer_by < now)
    return int(await connection.scalar(query) or 0)


async def escalated(connection: AsyncConnection, case_ids: Sequence[str], now: int) -> None:
    """Somebody above is told, in the same unit of work; once."""
    await connection.execute(update(cases).where(columns.id.in_(case_ids)).values(escalated_at=now))
    for case_id in case_ids:
        await _written(connection, case_id, "escalate", SYSTEM, "overdue", now)


async def listed(connection: AsyncConnection, wanted: Wanted) -> Sequence[Row[Any]]:
    """The newest first."""
    query = select(cases)
    for name in ("state", "owner", "topic", "customer_id"):
        if (value := getattr(wanted, name)) is not None:
            query = query.where(columns[name] == value)
    if wanted.overdue_at is not None:
        query = query.where(columns.state.in_(ALIVE), columns.answer_by < wanted.overdue_at)
    return (await connection.execute(newest(query, cases, wanted.before, wanted.limit))).all()


async def find(connection: AsyncConnection, named: str) -> Row[Any] | None:
    return (await connection.execute(select(cases).where(columns.reference == named))).one_or_none()


async def notes(connection: AsyncConnection, case_id: str) -> Sequence[Row[Any]]:
    """What was written to it, in order."""
    query = select(case_notes).where(case_notes.c.case_id == case_id).order_by(case_notes.c.id)
    return (await connection.execute(query)).all()


async def _named(connection: AsyncConnection, named: str) -> Row[Any]:
    """Locked, so that of two who close it the second sees that it is closed."""
    query = select(cases).where(columns.reference == named).with_for_update()
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise Rejected("no case of this number", "unknown")
    return row


async def _changed(connection: AsyncConnection, case_id: str, **values: object) -> None:
    await connection.execute(update(cases).where(columns.id == case_id).values(**values))


async def _ended(connection: AsyncConnection, case_id: str, state: str, now: int) -> None:
    await _changed(connection, case_id, state=state, closed_at=now)


async def _written(connection: AsyncConnection, case_id: str, act: str, by: str, text: str, now: int) -> None:
    await connection.execute(insert(case_notes).values(case_id=case_id, act=act, by=by[:60], text=text[:500], at=now))
