"""Asking people to guarantee a loan, as one step of whatever brings that loan.

    guarantees = Guarantees(books, teller, answer_days=3)
    steps=(Local("guarantors", ...), Local("decision", decision), ...)

    async def guarantors(self, connection, work, now):
        await guarantees.ask(connection, work, shares(cents, ids), cents, now)
        return Done()

Each is asked for their own share, on their own phone. A yes pledges that much of their savings at once (see
`gateway.approvals.pledges`), for as long as the loan is open; the first no, or silence, refuses the whole.
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.approvals import decisions, pledges
from gateway.approvals.decisions import Ask
from gateway.books.ledger import Books
from gateway.clock import EAT, local_date, milliseconds
from gateway.notices import values as say
from gateway.operations.playbook import Work
from gateway.playbooks.telling import Teller
from gateway.store import customers

KIND = "guarantee"
"""Of the question."""


class Guarantees:
    """Runs in the caller's unit of work. `answer_days` is how many days a guarantor may take."""

    def __init__(self, books: Books, teller: Teller, *, answer_days: int) -> None:
        self._books = books
        self._teller = teller
        self._answer_days = answer_days

    async def ask(
        self, connection: AsyncConnection, work: Work, shares_cents: Mapping[str, int], loan_cents: int, now: int
    ) -> None:
        """Put the question to each guarantor, by customer id, and tell them who asks for how much."""
        borrower = await customers.get(connection, work.customer_id)
        answer_by = local_date(now) + timedelta(days=self._answer_days)
        over_at = milliseconds(datetime.combine(answer_by + timedelta(days=1), time(), EAT))
        for guarantor_id, cents in shares_cents.items():
            identity = str(uuid.uuid5(uuid.UUID(work.id), f"guarantee:{guarantor_id}"))
            ask = Ask(identity, KIND, guarantor_id, cents, over_at, {"loan_cents": loan_cents})
            await decisions.asked(connection, work, ask, now)
            values = {
                "reference": work.reference,
                "full_name": say.full(borrower.name),
                "phone": "0" + borrower.msisdn[4:],
                "amount": say.ksh(cents),
                "day": say.day(answer_by),
            }
            await self._teller.tell_other(connection, work, guarantor_id, "guarantee.asked", values)

    async def pledge_own(self, connection: AsyncConnection, work: Work, cents: int, now: int) -> bool:
        """The borrower's own savings as security; False when less than that is free."""
        identity = str(uuid.uuid5(uuid.UUID(work.id), "own"))
        return await pledges.pledge(
            connection, self._books, identity, work.customer_id, work.id, cents, now, kind="own"
        )


def shares(cents: int, guarantors: Sequence[str]) -> dict[str, int]:
    """Equal whole shillings for each, by id; the first ones take what does not divide. They sum to `cents`."""
    shillings, odd = divmod(cents, 100)
    each, extra = divmod(shillings, len(guarantors))
    parts = [(each + (number < extra)) * 100 for number in range(len(guarantors))]
    parts[0] += odd
    return dict(zip(guarantors, parts, strict=True))
