"""What the screens of approving ask: how many wait, which, what each is about, and what stands in the way of a yes."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.known import Asked, Borrower, Reason
from gateway.approvals import decisions, pledges
from gateway.approvals.decisions import CUSTOMER, Approval
from gateway.books import accounts as chart
from gateway.books.ledger import Books
from gateway.clock import Clock, local_date
from gateway.facts.repaying import with_initial
from gateway.facts.source import Reader, customer_on
from gateway.lending.portfolio import Portfolio
from gateway.peers import asking
from gateway.store import customers
from gateway.store.customers import Customer
from gateway.wallet.limits import Limits

LISTED_MAX = 9


class ApprovalFacts:
    """As of now."""

    def __init__(self, books: Books, portfolio: Portfolio, limits: Limits, clock: Clock) -> None:
        self._books = books
        self._portfolio = portfolio
        self._limits = limits
        self._clock = clock

    def readers(self) -> Mapping[str, Reader]:
        return {
            "waiting": self.waiting,
            "asked": self.asked,
            "asked_one": self.asked_one,
            "borrower": self.borrower,
            "refuses_all": self.refuses_all,
            "blocked": self.blocked,
        }

    async def waiting(self, connection: AsyncConnection, msisdn: str) -> int:
        """How many requests wait for whoever is on this line."""
        return await decisions.count_for(connection, msisdn, self._clock())

    async def asked(self, connection: AsyncConnection, msisdn: str) -> tuple[Asked, ...]:
        """What waits for them, the oldest first."""
        me = await customer_on(connection, msisdn)
        rows = await decisions.waiting_for(connection, me.id, is_staff=me.role != CUSTOMER, now=self._clock())
        return tuple([await self._seen(connection, row, "") for row in rows[:LISTED_MAX]])

    async def asked_one(self, connection: AsyncConnection, msisdn: str, request: str) -> Asked | None:
        """One request, whatever has become of it; None when it is not theirs to decide."""
        me = await customer_on(connection, msisdn)
        row = await decisions.get(connection, request)
        if row is None or not decisions.may_decide(row, me.id, is_staff=me.role != CUSTOMER):
            return None
        return await self._seen(connection, row, await self._hindrance(connection, row, me))

    async def borrower(self, connection: AsyncConnection, msisdn: str, request: str) -> Borrower | None:
        """What an officer may see of somebody who asked the organisation for a loan."""
        seen = await self.asked_one(connection, msisdn, request)
        if seen is None or seen.kind != "officer":
            return None
        person = await customers.get(connection, seen.requester)
        today = local_date(self._clock())
        saved = await self._books.balance(connection, chart.savings(person.id))
        running = await self._portfolio.active(connection, person.id, today)
        return Borrower(
            saved_cents=saved.posted_cents,
            pledged_cents=sum((await pledges.pledged_for(connection, seen.operation)).values()),
            owed_cents=sum(standing.owed_cents for standing in running),
            since=local_date(person.created_at),
            score=seen.detail.get("score", 0),
            reasons=tuple(Reason(code, value) for code, value in seen.detail.get("reasons", ())),
        )

    async def refuses_all(self, connection: AsyncConnection, msisdn: str) -> bool:
        """Whether they have chosen not to be asked for loans."""
        return await asking.refuses_all(connection, (await customer_on(connection, msisdn)).id)

    async def blocked(self, connection: AsyncConnection, msisdn: str) -> tuple[tuple[str, str], ...]:
        """Whom they have shut out: id, and first name and initial."""
        me = await customer_on(connection, msisdn)
        rows = await asking.blocked_by(connection, me.id)
        return tuple((row.id, with_initial(row.name)) for row in rows[:LISTED_MAX])

    async def _seen(self, connection: AsyncConnection, row: Approval, hindrance: str) -> Asked:
        requester = await customers.get(connection, row.requester_id)
        late = row.state == "open" and row.expires_at <= self._clock()
        return Asked(
            id=row.id,
            reference=row.reference,
            kind=row.kind,
            name=requester.name,
            amount_cents=row.amount_cents,
            state="expired" if late else row.state,
            detail=row.detail,
            requester=row.requester_id,
            operation=row.operation_id,
            hindrance=hindrance,
        )

    async def _hindrance(self, connection: AsyncConnection, row: Approval, me: Customer) -> str:
        """Why they cannot say yes now: `short` of money, or `later`, because no (more) money may leave yet."""
        if row.kind == "guarantee":
            return "short" if await pledges.free_cents(connection, self._books, me.id) < row.amount_cents else ""
        if row.kind != "peer":
            return ""
        now = self._clock()
        if me.outgoing_from > now or (await self._most_cents(connection, me, now)) < row.amount_cents:
            return "later"
        wallet = await self._books.balance(connection, chart.wallet(me.id))
        return "short" if wallet.available_cents < row.amount_cents else ""

    async def _most_cents(self, connection: AsyncConnection, me: Customer, now: int) -> int:
        return (await self._limits.allowed(connection, me, "send", now)).most_cents
