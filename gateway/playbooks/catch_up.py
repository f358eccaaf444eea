"""`restore.catch_up`: what a restored database has forgotten, asked of the rail. Pay-outs are stopped meanwhile.

What was on its way at the point is asked about, payments received since are read from the rail's own list, pay-outs
that the rail made and we do not know are named, each with a case. It ends with a report; a person lets pay-outs go.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.clock import HOUR_MS, Clock, iso
from gateway.errors import NotACallback, Rejected, Unavailable, Uncertain
from gateway.lending.fields import amount_text
from gateway.operations import queue
from gateway.operations.outcome import Done, Later, Outcome, Retry
from gateway.operations.playbook import Local, Playbook, Work
from gateway.rails.callbacks import STEPS
from gateway.rails.contract import Rail, Result
from gateway.reconciling import mismatches
from gateway.reconciling.mismatches import Found
from gateway.reconciling.taking import Taking
from gateway.restoring import records
from gateway.restoring.asking import KIND
from gateway.restoring.records import Restore
from gateway.store.engine import Store

LIST_MS = 47 * HOUR_MS
"""The rail's list goes back 48 hours; some of it goes by while we ask."""

log = structlog.get_logger("restore")


@dataclass(frozen=True, slots=True)
class Thoroughness:
    """How often each is asked about before the rail is taken not to know it, how long all that may take, how much
    before the point the lists are read from, how far apart questions begin, and how soon to look again."""

    questions: int
    wait_ms: int
    margin_ms: int
    every_ms: float
    look_ms: int
    answer_ms: int


class ReceivedStep:
    """Reads the rail's own list of payments since the point. Nothing is caught up while it does not answer."""

    name = "received"

    def __init__(self, rail: Rail, store: Store, taking: Taking, clock: Clock, *, margin_ms: int) -> None:
        self._rail = rail
        self._store = store
        self._taking = taking
        self._clock = clock
        self._margin_ms = margin_ms

    async def attempt(self, work: Work) -> Outcome:
        """Credits each once, by its receipt, as its confirmation would be."""
        async with self._store.read() as connection:
            restore = await records.latest(connection)
        assert restore is not None
        now = self._clock()
        wanted = restore.point - self._margin_ms
        since = max(wanted, now - LIST_MS)
        try:
            listed = await self._rail.received_between(since, now)
        except (Unavailable, Uncertain) as error:
            return Retry(f"the rail's list: {error}", is_outage=True)
        except Rejected as error:
            return Done({"list": f"may not be read: {error}", "listed": 0, "credited": 0})
        credited = 0
        for news in listed:
            async with self._store.begin() as connection:
                credited += await self._taking.listed(connection, news, self._clock())
        read = "read" if since == wanted else f"read from {iso(since)} on only; hand in the statement of before"
        return Done({"list": read, "listed": len(listed), "credited": credited})

    async def reconsider(self, connection: AsyncConnection, work: Work, outcome: Outcome, now: int) -> Outcome:
        return outcome


class CatchUp:
    """The local steps. `payout` is the shortcode that pays out."""

    def __init__(self, rail: Rail, taking: Taking, thoroughness: Thoroughness) -> None:
        self._rail = rail
        self._payout = taking.shortcodes.payout
        self._thoroughness = thoroughness

    def playbook(self, received: ReceivedStep) -> Playbook:
        return Playbook(
            kind=KIND,
            steps=(Local("ask", self.ask), Local("answers", self.answers), received, Local("report", self.report)),
            lane=lambda _customer, _intent: KIND,
            priority=2,
        )

    async def ask(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Everything that stands at the rail is due now, one after another: its next step is a question."""
        restore = await self._restore(connection)
        await records.became(connection, restore.id, "catching_up", now)
        waiting = await records.at_the_rail(connection, restore, tuple(STEPS.values()))
        await queue.wake_in_turn(connection, waiting, now, self._thoroughness.every_ms)
        return Done({"asked_at": now, "asked": len(waiting)})

    async def answers(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Until each is settled or was asked about often enough; not for ever."""
        restore = await self._restore(connection)
        open_still = await records.in_flight(connection, restore)
        asked_often = all(row.questions > self._thoroughness.questions for row in open_still)
        if now - work.data["asked_at"] >= self._thoroughness.wait_ms:
            return Done()
        if asked_often and not await records.unmoved(connection, restore, now, but=KIND):
            return Done()
        return Later(self._thoroughness.look_ms, f"{len(open_still)} are asked about")

    async def report(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """What was found out. It may be made again, after a statement was handed in."""
        restore = await self._restore(connection)
        await self._named_unknown(connection, restore, now)
        report = await self._found(connection, restore, work.data, now)
        await records.became(connection, restore.id, "caught_up", now, report)
        log.info("caught_up", point=restore.point, credited=work.data["credited"], unknown=len(report["unknown"]))
        return Done()

    async def _restore(self, connection: AsyncConnection) -> Restore:
        found = await records.latest(connection)
        assert found is not None
        return found

    async def _named_unknown(self, connection: AsyncConnection, restore: Restore, now: int) -> None:
        """Results of pay-outs whose requests are forgotten. Statements name the others by themselves."""
        for row in await records.unknown_callbacks(connection, restore):
            paid = self._paid(row.body)
            if paid is None or paid.receipt is None:
                continue
            found = Found(
                "missing_ledger", self._payout, paid.receipt, "paid out, and by us only before the restore",
                row.received_at, receipt=paid.receipt, theirs_cents=paid.amount_cents,
                evidence={"originatorConversationId": paid.our_id, "conversationId": paid.rail_id},
            )  # fmt: skip
            await mismatches.opened(connection, found, now, answer_ms=self._thoroughness.answer_ms)

    def _paid(self, body: str) -> Result | None:
        """What the callback says was paid, if it says so."""
        try:
            told = self._rail.parse_callback("b2c/result", json.loads(body))
        except NotACallback:
            return None
        return told if isinstance(told, Result) and told.kind == "done" else None

    async def _found(
        self, connection: AsyncConnection, restore: Restore, data: Mapping[str, Any], now: int
    ) -> dict[str, Any]:
        since = restore.point - self._thoroughness.margin_ms
        unknown = await mismatches.pending(connection, self._payout, since, now)
        settled = await records.settled(connection, restore)
        return {
            "list": data["list"],
            "listed": data["listed"],
            "credited": data["credited"],
            "asked": data["asked"],
            "paid": [row.reference for row in settled if row.state == "completed"],
            "notPaid": [row.reference for row in settled if row.state != "completed"],
            "open": [row.reference for row in await records.in_flight(connection, restore)],
            "unknown": [
                {
                    "reference": row.reference, "receipt": row.receipt, "at": iso(row.at),
                    "amount": amount_text(row.theirs_cents or 0),
                }
                for row in unknown
                if row.kind == "missing_ledger"
            ],
        }  # fmt: skip
