"""`books.months`: once a day, whatever month is over and not kept yet is kept, some accounts at a time."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.books.months import keep_next
from gateway.operations.outcome import Done, Later, Outcome
from gateway.operations.playbook import Local, Playbook, Work

KIND = "books.months"


def playbook() -> Playbook:
    return Playbook(KIND, (Local("keep", keep),), lane=lambda _customer, _intent: KIND, priority=9)


async def keep(connection: AsyncConnection, work: Work, now: int) -> Outcome:
    kept = await keep_next(connection, date.fromisoformat(work.intent["day"]))
    return Done() if kept is None else Later(0, f"{kept.accounts} accounts")
