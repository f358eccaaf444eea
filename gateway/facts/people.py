"""Who is behind a line, and what is under way for them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.known import Customer, Request
from gateway.accounts import resets
from gateway.clock import Clock, system
from gateway.facts.source import Reader
from gateway.operations import queue
from gateway.store import customers

UNSURE_STATES = frozenset({"uncertain", "parked", "dead"})


class PeopleFacts:
    """`kinds` are the operations that people are shown as under way."""

    def __init__(self, kinds: Collection[str], clock: Clock = system) -> None:
        self._kinds = kinds
        self._clock = clock

    def readers(self) -> Mapping[str, Reader]:
        return {"customer": self.customer, "id_taken": self.id_taken, "id_matches": self.id_matches}

    async def customer(self, connection: AsyncConnection, msisdn: str) -> Customer | None:
        rows = await queue.with_requests(connection, msisdn)
        if not rows:
            return None
        person = rows[0]
        pin = await self._pin_to_choose(connection, person)
        return Customer(
            id=person.id,
            name=person.name,
            language=person.language,
            is_member=person.state == "active",
            phone=person.msisdn,
            role=person.role,
            requests=self.requests(rows),
            is_paused=person.state == "inactive",
            chooses_pin=bool(pin),
            is_first_pin=pin == "first",
        )

    async def _pin_to_choose(self, connection: AsyncConnection, person: Any) -> resets.Waiting:
        """Hardly anybody: whose PIN staff have cleared, for a while, and who has joined by SMS and not dialled yet."""
        if person.state != "active" or not person.has_no_pin:
            return ""
        return await resets.waiting(connection, person.id, self._clock())

    def requests(self, rows: Sequence[Any]) -> tuple[Request, ...]:
        """Loans, payments and transfers under way, among a person's open operations."""
        return tuple(_request(row) for row in rows if row.request_kind in self._kinds)

    async def id_taken(self, connection: AsyncConnection, msisdn: str, national_id: str) -> bool:
        owner = await customers.with_national_id(connection, national_id)
        return owner is not None and owner.msisdn != msisdn

    async def id_matches(self, connection: AsyncConnection, msisdn: str, national_id: str) -> bool:
        owner = await customers.with_national_id(connection, national_id)
        return owner is not None and owner.msisdn == msisdn


def _request(row: Any) -> Request:
    intent = row.request_intent
    cents = intent["quote"]["net_cents"] if "quote" in intent else intent["amount_cents"]
    certain = row.request_state not in UNSURE_STATES
    about = f"{row.id}:{intent['lender']}" if "lender" in intent else intent.get("loan", "")
    waits_for = intent["person"] if "lender" in intent else ""
    return Request(row.request_reference, row.request_kind, cents, certain, about, waits_for)
