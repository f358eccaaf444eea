"""Taking what operators want sent: on disk before the answer, many commits as one, a key once.

Whether somebody may be written to is decided in the same unit of work that queues the message.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation
from gateway.errors import Rejected
from gateway.operations.outbox import Outbox, Standing, intent_hash, unspoken
from gateway.store import customers
from gateway.store.engine import Store
from gateway.store.gathering import Gathering

KIND = "sms.send"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One message to the line `to` (E.164). `identity` follows from the caller's key."""

    identity: str
    to: str
    intent: dict[str, object]
    is_offer: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """A message in the queue, as it stands now."""

    reference: str
    state: str


class Accepting:
    """`accept` returns when the message is on disk. The same key again answers what has become of the first."""

    def __init__(self, store: Store, outbox: Outbox) -> None:
        self._outbox = outbox
        self._gathering: Gathering[Wanted, Taken | Rejected] = Gathering(store, self._queued)

    async def accept(self, wanted: Wanted) -> Taken:
        """Raises Rejected (not-found, opted-out, idempotency-key-reused), Unavailable, or Uncertain: it may be kept."""
        result = await self._gathering.done(wanted)
        if isinstance(result, Rejected):
            raise result
        self._outbox.news.set()
        return result

    async def _queued(self, connection: AsyncConnection, some: Sequence[Wanted]) -> Sequence[Taken | Rejected]:
        """What was taken before stays taken, whatever its reader or their line has become since."""
        people = await customers.on_lines(connection, {wanted.to for wanted in some})
        known = await self._outbox.standing(connection, {wanted.identity for wanted in some})
        results = dict[int, Taken | Rejected]()
        operations = dict[int, Operation]()
        for place, wanted in enumerate(some):
            person = people.get(wanted.to)
            if wanted.identity in known:
                results[place] = _as_it_stands(known[wanted.identity], wanted.intent)
            elif person is None:
                results[place] = Rejected("no customer on this line", "not-found")
            elif wanted.is_offer and not person.offers:
                results[place] = Rejected("this customer has not chosen to get offers", "opted-out")
            else:
                operations[place] = _operation(wanted, person.id)
        standing = await self._outbox.put_all(connection, list(operations.values()))
        for place, operation in operations.items():
            results[place] = _as_it_stands(standing[operation.id], operation.intent)
        return [results[place] for place in range(len(some))]


def _as_it_stands(known: Standing, intent: Mapping[str, Any]) -> Taken | Rejected:
    """What the key stands for, if that is this message."""
    if known.intent_hash == intent_hash(KIND, intent):
        return Taken(known.reference, known.state)
    return Rejected("the key stands for another message", "idempotency-key-reused")


def _operation(wanted: Wanted, customer_id: str) -> Operation:
    name = unspoken("SM", wanted.identity)
    return Operation(wanted.identity, KIND, name, customer_id, wanted.intent)
