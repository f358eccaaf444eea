"""`account.order`: money that staff take out of somebody's account for them, once a second person has agreed.

    POST /api/wallet/withdraw {"phone": "0711000001", "amount": "500.00", "by": "jane", "why": "came in person"}
    POST /api/wallet/acts/WO4K7QD/confirm {"by": "omar"}

Nothing moves before that, and nobody is told; then it is the very operation that the owner would have begun on their
phone, with its limits, its guards and its messages. From a wallet the money goes to the owner's own line, from savings
to their wallet, what is owed beside any loan from the wallet to the house.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation, reference
from gateway.accounts import audit
from gateway.accounts.audit import Deed
from gateway.approvals import decisions
from gateway.approvals.seconding import demand_another
from gateway.errors import Rejected
from gateway.operations.outbox import Outbox
from gateway.operations.outcome import Done, Outcome
from gateway.operations.playbook import Local, Playbook, Work

KIND = "account.order"
DESK = "accounts"
"""Who is asked: any second person at the operators' desk."""
PREFIX = "WO"
NAMESPACE = uuid.UUID("a4d0b1c6-7e52-5f0d-8a4b-6f7264657221")


@dataclass(frozen=True, slots=True)
class Way:
    """What an order begins: an operation of this kind, with references that begin like that."""

    kind: str
    prefix: str


WAYS: Mapping[str, Way] = MappingProxyType(
    {"wallet": Way("wallet.withdraw", "WD"), "savings": Way("savings.move", "SV"), "owed": Way("owed.collect", "OC")}
)
"""By the account that the money leaves."""


class Ordered:
    """A second person has `answer_ms` to agree."""

    def __init__(self, outbox: Outbox, *, answer_ms: int) -> None:
        self._outbox = outbox
        self._answer_ms = answer_ms

    def playbook(self) -> Playbook:
        return Playbook(
            kind=KIND,
            steps=(Local("decision", decisions.decision), Local("begin", self.begin)),
            lane=lambda customer, _: f"order:{customer}",
        )

    async def ask(self, connection: AsyncConnection, row: Row[object], deed: Deed) -> None:
        """Put it to a second person, in the unit of work that has queued it as `row`."""
        intent = row.intent
        ask = decisions.Ask(
            _question(row.id), KIND, DESK, intent["amount_cents"], deed.now + self._answer_ms, dict(intent)
        )  # fmt: skip
        await decisions.asked_at_once(connection, row, ask, deed.now)
        await audit.noted(connection, deed, KIND, row.customer_id, {"account": intent["account"]})

    async def decided(self, connection: AsyncConnection, deed: Deed, state: str) -> None:
        """The second person's word. Raises Rejected for the first one's, for the owner's, and when it was answered
        already."""
        row = await decisions.get(connection, _question(deed.operation_id))
        if row is None:
            raise Rejected("nobody asked this", "unknown")
        await demand_another(connection, deed.by, (row.detail["by"], row.requester_id))
        if not await decisions.decided(
            connection, row.id, by=deed.by, state=state, reason=deed.reason[:40] or None, now=deed.now
        ):
            raise Rejected("it was answered already, or too late", "answered")
        await audit.noted(connection, deed, KIND, row.requester_id, {"account": row.detail["account"], "state": state})

    async def begin(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Queue what was agreed on; it says itself what becomes of it."""
        intent = {name: value for name, value in work.intent.items() if name != "account"}
        way, identity = WAYS[work.intent["account"]], str(uuid.uuid5(NAMESPACE, work.id))
        operation = Operation(identity, way.kind, reference(way.prefix, identity), work.customer_id, intent)
        await self._outbox.put(connection, operation, is_ours=True)
        return Done()


def _question(operation_id: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{operation_id}:{KIND}"))
