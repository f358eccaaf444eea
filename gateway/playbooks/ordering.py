"""`order.ask`: a customer is asked on their phone to let M-PESA pay us again and again, and told once they agreed.

Nothing moves by it. Each payment comes later as a confirmation like any other, with the account that the order names.
M-PESA cannot be asked what became of an order: without an answer a person finds out, and it is never asked for again by
itself; nor is one of before a restore, which may have been asked for in the history that was forgotten.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.clock import MINUTE_MS, Clock
from gateway.errors import Rejected, Unavailable, Uncertain
from gateway.notices import values as say
from gateway.operations import queue
from gateway.operations.outcome import Accepted, Done, Later, Outcome, Park, Refused, Retry, Unsure
from gateway.operations.playbook import Local, Playbook, Work
from gateway.orders import kept
from gateway.orders.kept import Order
from gateway.playbooks.telling import Teller
from gateway.rails import pauses
from gateway.rails.callbacks import Callback
from gateway.rails.daraja_bodies import Fields
from gateway.rails.daraja_organisation import DarajaOrganisation
from gateway.rails.daraja_organisation_results import ordered
from gateway.rails.organisation import StandingOrder
from gateway.rails.steps import Addresses
from gateway.restoring import records
from gateway.store.engine import Store

KIND = "order.ask"
PREFIX = "ST"
RESULT = "order/result"
DESCRIPTION = "Payment"
LOOK_AGAIN_MS = MINUTE_MS

log = structlog.get_logger("orders")


class AskOrderStep:
    """Ask once; then wait for the answer until `answer_ms` after."""

    name = "ask"

    def __init__(
        self, organisation: DarajaOrganisation, store: Store, addresses: Addresses, clock: Clock, *, rail: str,
        answer_ms: int,
    ) -> None:  # fmt: skip
        self._organisation = organisation
        self._store = store
        self._addresses = addresses
        self._clock = clock
        self._rail = rail
        self._answer_ms = answer_ms

    async def attempt(self, work: Work) -> Outcome:
        async with self._store.begin() as connection:
            order = await kept.find(connection, work.id, lock=True)  # of two workers only the first finds it unsent
            assert order is not None
            if order.state != "asked" or order.sent_at is not None:
                return self._outcome(order)
            if await records.is_older(connection, work.created_at):
                await kept.sent(connection, order.id, self._clock())
                return Unsure(self._answer_ms, "restored since: the customer may have been asked")
            if await pauses.on(connection, self._rail, "collect") is not None:
                return Later(LOOK_AGAIN_MS, "paused")
            await kept.sent(connection, order.id, self._clock())
        return await self._asked(order)

    async def reconsider(self, connection: AsyncConnection, work: Work, outcome: Outcome, now: int) -> Outcome:
        """The answer may have come while we were asking."""
        order = await kept.find(connection, work.id)
        assert order is not None
        return self._outcome(order) if order.state != "asked" else outcome

    async def _asked(self, order: Order) -> Outcome:
        try:
            acknowledged = await self._organisation.order(self._request(order))
        except Unavailable as error:
            async with self._store.begin() as connection:
                await kept.sent(connection, order.id, None)
            return Retry(str(error), is_outage=True)
        except Rejected as error:
            async with self._store.begin() as connection:
                await kept.refused(connection, order.id, error.code, self._clock())
            return Refused("refused", str(error), error.evidence)
        except Uncertain as doubt:
            return Unsure(self._answer_ms, str(doubt), doubt.evidence)
        async with self._store.begin() as connection:
            await kept.acknowledged(connection, order.id, acknowledged.rail_id)
        return Accepted(self._answer_ms, "the customer is asked")

    def _outcome(self, order: Order) -> Outcome:
        if order.state == "agreed":
            return Done({"order_id": order.order_id})
        if order.state == "refused":
            return Refused("refused", f"M-PESA said {order.code}")
        left_ms = (order.sent_at or 0) + self._answer_ms - self._clock()
        if left_ms > 0:
            return Accepted(left_ms, "the customer is asked")
        return Park("nobody has said whether the customer has agreed", {"rail_id": order.rail_id})

    def _request(self, order: Order) -> StandingOrder:
        return StandingOrder(
            name=order.reference,
            msisdn=order.msisdn,
            amount_cents=order.amount_cents,
            reference=order.account,
            description=DESCRIPTION,
            frequency=order.frequency,
            starts_on=date.fromisoformat(order.starts_on),
            ends_on=date.fromisoformat(order.ends_on),
            callback_url=self._addresses.at(RESULT, order.token),
        )


class Orders:
    """The rest of it: the answer by callback, and the message to the customer."""

    def __init__(self, teller: Teller, clock: Clock) -> None:
        self._teller = teller
        self._clock = clock

    def playbook(self, ask: AskOrderStep) -> Playbook:
        return Playbook(KIND, (ask, Local("tell", self.tell)), lane=lambda customer, _intent: f"{KIND}:{customer}")

    async def answered(self, connection: AsyncConnection, callback: Callback, body: Mapping[str, Any]) -> str:
        """Take the answer of the customer's phone; its verdict. Raises NotACallback for a body that is none.

        An answer that comes after a person was asked brings the operation back.
        """
        answer = ordered(Fields.of(body))
        order = await kept.by_token(connection, callback.token) if callback.token else None
        if order is None:
            return "forged"
        now = self._clock()
        if not await kept.answered(connection, order, answer, now):
            return "repeated"
        await queue.unpark(connection, order.id, now)
        await queue.wake(connection, order.id, now)
        return "applied"

    async def tell(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        order = await kept.find(connection, work.id)
        assert order is not None
        values = {
            "amount": say.ksh(order.amount_cents),
            "account": order.account,
            "day": say.day(date.fromisoformat(order.starts_on)),
            "due": say.day(date.fromisoformat(order.ends_on)),
            "reference": order.reference,
        }
        await self._teller.tell(connection, work, "order.agreed", values)
        return Done()
