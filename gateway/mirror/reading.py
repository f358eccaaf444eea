"""The steps that read the core: one loan after a command, all of a customer on request, what has changed by poll.

Reading does nothing there, so it is repeated as one likes; while the core is away everybody comes again later.
"""

from collections.abc import Awaitable, Callable
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.clock import local_date
from gateway.errors import Rejected, Unavailable, Uncertain
from gateway.ledgers.gate import Held
from gateway.ledgers.steps import Line
from gateway.mirror import kept
from gateway.mirror.keeper import Keeper
from gateway.operations.outcome import Done, Later, Outcome, Park, Retry
from gateway.operations.playbook import Work


class Reading:
    """What the three share. A reading that failed is tried again without end: an outage."""

    name = "read"

    def __init__(self, line: Line, keeper: Keeper) -> None:
        self._line = line
        self._keeper = keeper

    async def attempt(self, work: Work) -> Outcome:
        try:
            return await self._read(work)
        except Held as held:
            return Later(held.in_ms, kept.AWAY)
        except (Unavailable, Uncertain) as error:
            return self._line.waits(work, Retry(str(error), error.evidence, is_outage=True))
        except Rejected as error:
            return Park(str(error), {**error.evidence, "code": error.code})

    async def reconsider(self, connection: AsyncConnection, work: Work, outcome: Outcome, now: int) -> Outcome:
        return outcome

    async def _read(self, work: Work) -> Outcome:
        raise NotImplementedError

    async def _mirrored(self, work: Work, tied: kept.MirroredLoan) -> None:
        async with self._line.gate.passing(work.id):
            as_of = self._line.clock()
            read = await self._line.ledger.read_loan(tied.core_id)
        if not await self._keeper.is_behind(tied.loan_id, after=work.number):
            await self._keeper.keep(tied, read, as_of)


class LoanReading(Reading):
    """The last thing of every command about a loan: its figures as the core has them now.

    Left out while more about the loan is on its way, for that will read them again.
    """

    async def _read(self, work: Work) -> Outcome:
        loan_id = work.intent["loan_id"]
        tied = await self._keeper.tied(loan_id)
        if tied is None or await self._keeper.is_behind(loan_id, after=work.number):
            return Done(reason="nothing to read yet")
        await self._mirrored(work, tied)
        return Done()


class CustomerReading(Reading):
    """Everything of one customer."""

    async def _read(self, work: Work) -> Outcome:
        async with self._line.store.read() as connection:
            loans = list((await kept.loans_of(connection, work.customer_id)).values())
            client_id = await kept.client_of(connection, work.customer_id)
        for tied in loans:
            if not await self._keeper.is_behind(tied.loan_id):
                await self._mirrored(work, tied)
        if client_id is not None:
            await self._savings(work, client_id)
        return Done({"as_of": self._line.clock()})

    async def _savings(self, work: Work, client_id: str) -> None:
        async with self._line.gate.passing(work.id):
            as_of = self._line.clock()
            accounts = await self._line.ledger.savings_of(client_id)
        async with self._line.store.begin() as connection:
            for each in accounts:
                if each.account and each.is_active:
                    await kept.savings_kept(connection, work.customer_id, each, self._line.ledger.name, as_of)


class Poll(Reading):
    """Asks again and again for a day what has changed; the next day's takes over. Its call is what finds out that the
    core is back, so it wakes all that waits for that."""

    def __init__(self, line: Line, keeper: Keeper, *, every_ms: int, fresh_ms: int) -> None:
        super().__init__(line, keeper)
        self._every_ms = every_ms
        self._fresh_ms = fresh_ms

    async def attempt(self, work: Work) -> Outcome:
        if local_date(self._line.clock()) > date.fromisoformat(work.intent["day"]):
            return Done()
        outcome = await super().attempt(work)
        if isinstance(outcome, Later | Retry) and self._line.gate.away_since is not None:
            return Later(self._every_ms, outcome.reason)
        return outcome

    async def _read(self, work: Work) -> Outcome:
        line = self._line
        async with line.store.read() as connection:
            cursor = await kept.cursor(connection, line.ledger.name)
        async with line.gate.passing(work.id):
            changes = await line.ledger.changes(cursor)
        await self._woken()
        fresh_ms = self._fresh_ms if changes.is_walk else 0
        await self._each(changes.loan_ids, fresh_ms, lambda tied: self._mirrored(work, tied))
        async with line.store.begin() as connection:
            await kept.cursor_moved(connection, line.ledger.name, changes.cursor, line.clock())
        return Later(0 if changes.has_more and not changes.is_walk else self._every_ms, "polled")

    async def _woken(self) -> None:
        async with self._line.store.begin() as connection:
            await kept.woken(connection, self._line.clock(), self._line.patience.spread_ms)

    async def _each(
        self, core_ids: tuple[str, ...], fresh_ms: int, do: Callable[[kept.MirroredLoan], Awaitable[None]]
    ) -> None:
        """Those of ours whose figures are old or said to have changed, and that the core has heard all of."""
        for core_id in core_ids:
            async with self._line.store.read() as connection:
                tied = await kept.loan_at_core(connection, core_id)
            if tied is None or self._line.clock() - tied.as_of < fresh_ms:
                continue
            if not await self._keeper.is_behind(tied.loan_id):
                await do(tied)
