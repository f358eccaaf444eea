"""Keeps what was read of the core, and raises what does not agree: the core's figure counts, a person looks why."""

import uuid

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import reference
from gateway.clock import DAY_MS, Clock, local_date
from gateway.ledgers.contract import CoreLoan
from gateway.lending.portfolio import Portfolio
from gateway.metrics import ALARMS
from gateway.mirror import kept
from gateway.mirror.telling import NAMESPACE, lane_of
from gateway.store import cases
from gateway.store.engine import Store

MISMATCH = "core mismatch"

log = structlog.get_logger("core")


class Keeper:
    """`source` is the core's name in rows of the mirror."""

    def __init__(self, store: Store, portfolio: Portfolio, source: str, clock: Clock) -> None:
        self._store = store
        self._portfolio = portfolio
        self._source = source
        self._clock = clock

    async def tied(self, loan_id: str) -> kept.MirroredLoan | None:
        async with self._store.read() as connection:
            return await kept.loan(connection, loan_id)

    async def is_behind(self, loan_id: str, *, after: int = 0) -> bool:
        """Whether the core has not heard all of a loan yet, so that its figures do not say what is owed."""
        async with self._store.read() as connection:
            return await kept.has_untold(connection, lane_of(loan_id), after=after)

    async def keep(self, tied: kept.MirroredLoan, read: CoreLoan, as_of: int) -> None:
        async with self._store.begin() as connection:
            await kept.loan_kept(connection, tied.loan_id, tied.customer_id, read, self._source, as_of)
            await self._compare(connection, tied, read, as_of)

    async def _compare(self, connection: AsyncConnection, tied: kept.MirroredLoan, read: CoreLoan, as_of: int) -> None:
        """One open case per loan; none while something about it is still on its way, or is being told just now."""
        if read.status not in {"active", "closed", "overpaid"}:
            return
        ours = await self._portfolio.standing(connection, tied.loan_id, local_date(as_of))
        if ours.owed_cents == read.owed_cents:
            return
        identity = str(uuid.uuid5(NAMESPACE, f"mismatch:{tied.loan_id}"))
        evidence = {
            "loan": ours.record.reference, "core_id": read.id, "ours_cents": ours.owed_cents,
            "core_cents": read.owed_cents,
        }  # fmt: skip
        now = self._clock()
        ALARMS.labels(MISMATCH).inc()
        log.error("mismatch", loan=ours.record.reference, core=self._source)
        await cases.opened(
            connection, identity, reference("CS", identity), MISMATCH, evidence=evidence, answer_by=now + DAY_MS,
            now=now, customer_id=tied.customer_id,
        )  # fmt: skip
