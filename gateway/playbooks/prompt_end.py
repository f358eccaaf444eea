"""`prompt.end`: a prompt that an officer asked for and that could not be sent in time comes no more."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.operations import queue
from gateway.operations.outcome import Done, Outcome
from gateway.operations.playbook import Local, Playbook, Work
from gateway.rails import requests
from gateway.rails.requests import Wanted
from gateway.store import customers

KIND = "prompt.end"


class PromptEnd:
    """Its one step: by then nobody remembers who asked."""

    def __init__(self, rail: str) -> None:
        self._rail = rail

    def playbook(self) -> Playbook:
        return Playbook(KIND, (Local("end", self.end),), _lane)

    async def end(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Call it off, unless it has left us. The request is locked before the operation, as callbacks lock them."""
        operation_id = work.intent["operation"]
        await requests.of_operation(connection, operation_id, lock=True)
        payment = await queue.find(connection, operation_id, lock=True)
        if not payment.is_open:
            return Done()
        asked = Work(**{each.name: getattr(payment, each.name) for each in fields(Work)})
        customer = await customers.get(connection, asked.customer_id)
        wanted = Wanted(self._rail, "stk", customer.msisdn, asked.intent["amount_cents"])
        if await requests.called_off(connection, asked, wanted, now):
            await queue.wake(connection, asked.id, now)
        return Done()


def _lane(_customer: str, intent: Mapping[str, Any]) -> str:
    return f"end:{intent['operation']}"
