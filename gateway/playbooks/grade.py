"""`limit.grade`: a loan was repaid; its borrower's limit goes a step up or down, once.

An operation of its own, because it locks the person and a repayment has locked accounts by then.
"""

import uuid

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation, reference
from gateway.borrowing import records
from gateway.borrowing.limits import ON_TIME, Ladder, graded, outcome_of
from gateway.clock import local_date
from gateway.lending.portfolio import Portfolio
from gateway.lending.standings import Repaid
from gateway.notices import values as say
from gateway.operations.outbox import Outbox
from gateway.operations.outcome import Done, Outcome
from gateway.operations.playbook import Local, Playbook, Work
from gateway.playbooks.telling import Teller
from gateway.store import customers

KIND = "limit.grade"


class Grading:
    """Runs in the caller's unit of work."""

    def __init__(self, portfolio: Portfolio, outbox: Outbox, teller: Teller, ladder: Ladder) -> None:
        self._portfolio = portfolio
        self._outbox = outbox
        self._teller = teller
        self._ladder = ladder

    def playbook(self) -> Playbook:
        return Playbook(
            kind=KIND,
            steps=(Local("grade", self.grade),),
            lane=lambda customer, _: f"limit:{customer}",
        )

    async def repaid(self, connection: AsyncConnection, work: Work, repaid: Repaid, now: int) -> None:
        """The last of a loan has come in: queue its grading, once per loan. Loans between people are not graded."""
        record = repaid.standing.record
        if record.lender_id is not None or not repaid.is_cleared:
            return
        identity = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{record.id}:{KIND}"))
        intent = {"loan": record.id}
        operation = Operation(identity, KIND, reference("LM", identity), record.customer_id, intent)
        await self._outbox.put(connection, operation, is_ours=True)

    async def grade(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Keep how the loan ended, and what that does to the limit."""
        person = await customers.get(connection, work.customer_id, lock=True)
        standing = await self._portfolio.standing(connection, work.intent["loan"], local_date(now))
        outcome = outcome_of(standing.loan)
        is_late = outcome.days_late > self._ladder.late_days
        if not await records.repaid(connection, standing.record.id, person.id, outcome, now, is_late=is_late):
            return Done()
        change = graded(person.limit_cents, outcome, self._ladder)
        if change is None:
            return Done()
        await records.limit_changed(connection, work.id, person.id, change, now)
        if change.reason == ON_TIME and person.offers:
            values = {"loan": standing.record.reference, "limit": say.ksh(change.cents)}
            await self._teller.tell(connection, work, "borrow.limit_up", values)
        return Done()
