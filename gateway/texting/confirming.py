"""`texting.confirm`: takes effect in the unit of work of the operations that a code releases, or refuses all of it."""

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation
from gateway.accounts.codes import Codes
from gateway.clock import day_start
from gateway.config import Texting
from gateway.errors import Rejected
from gateway.operations.outbox import Context, Instant
from gateway.store import customers
from gateway.texting import requests
from gateway.texting.inbox import PURPOSE
from gateway.texting.walk import BEHIND

CONFIRM = "texting.confirm"
PREFIX = "TX"


class Confirming:
    """Given to the outbox as an instant."""

    def __init__(self, codes: Codes, settings: Texting) -> None:
        self._codes = codes
        self._settings = settings

    def handlers(self) -> dict[str, Instant]:
        return {CONFIRM: self.confirm}

    async def confirm(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        """Use the code up for just what it was sent for. Raises Rejected: `code`, `locked`, `limit`."""
        customer = await customers.get(connection, operation.customer, lock=True)
        request = await requests.get(connection, operation.intent["request"], lock=True)
        if request is None or request.used_at is not None or request.bound != operation.intent["bound"]:
            raise Rejected("no request waits for this", "code")
        if request.answer == BEHIND and customer.pin_locked_until > context.now:
            raise Rejected("the PIN is locked", "locked")
        moved = await requests.moved_cents(connection, customer.id, day_start(context.now))
        if moved + request.amount_cents > self._settings.day_limit * 100:
            raise Rejected("more than a day allows by SMS", "limit")
        content = {"bound": request.bound}
        await self._codes.use(connection, customer.id, PURPOSE, content, request.session_id)
        await requests.used(connection, request.session_id, context.now)
