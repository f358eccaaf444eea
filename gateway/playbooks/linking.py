"""`line.ask`, `line.link`, `line.unlink`: another phone pays for a customer, once a code sent to it was typed."""

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.linked import PURPOSE
from flows.turn import Operation
from gateway.accounts import linked
from gateway.accounts.codes import PLACEHOLDER, Codes
from gateway.accounts.linked import Linked
from gateway.config import Accounts as Settings
from gateway.notices import values as say
from gateway.operations.outbox import NAMESPACE, Context, Instant, Outbox, unspoken
from gateway.store import customers

ASK = "line.ask"


class Linking:
    """They take effect with their turn."""

    def __init__(self, outbox: Outbox, codes: Codes, settings: Settings) -> None:
        self._outbox = outbox
        self._codes = codes
        self._settings = settings

    def handlers(self) -> Mapping[str, Instant]:
        return {ASK: self.ask, "line.link": self.link, "line.unlink": self.unlink}

    async def ask(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        """A code to the other phone, good for this link only; it says whose account asks."""
        phone = operation.intent["phone"]
        minutes = self._settings.code_minutes
        owner = await customers.get(connection, operation.customer)
        code = await self._codes.issued(
            connection, owner.id, PURPOSE, linking(context.msisdn, phone), minutes=minutes
        )  # fmt: skip
        values = {"person": say.short(owner.name), "by": say.clock(code.expires_at), "code": PLACEHOLDER}
        intent = {
            "template": "account.code_link", "to": phone, "values": values, "language": owner.language,
            "code": code.id,
        }  # fmt: skip
        identity = str(uuid.uuid5(NAMESPACE, f"{code.id}:sms"))
        name = unspoken("SM", identity)
        await self._outbox.put(connection, Operation(identity, "sms.send", name, owner.id, intent), is_ours=True)

    async def link(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        """The code is used up with it. Raises Rejected when it was not proved, or the line cannot be linked by now."""
        phone = operation.intent["phone"]
        content = linking(context.msisdn, phone)
        await customers.get(connection, operation.customer, lock=True)
        await self._codes.use(connection, operation.customer, PURPOSE, content, context.session_id)
        line = Linked(operation.reference, phone)
        most = self._settings.linked_lines
        await linked.put(connection, operation.customer, line, most=most, now=context.now)
        await self._tell(connection, operation, context, "account.linked", phone)

    async def unlink(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        phone = await linked.removed(connection, operation.customer, operation.intent["line"])
        if phone is not None:
            await self._tell(connection, operation, context, "account.unlinked", phone)

    async def _tell(
        self, connection: AsyncConnection, operation: Operation, context: Context, template: str, phone: str
    ) -> None:
        cause, values = f"{operation.id}:{template}", {"phone": say.phone(phone)}
        await self._outbox.tell(connection, cause, operation.customer, context.msisdn, template, values)


def linking(line: str, phone: str) -> dict[str, Any]:
    """What a code is for."""
    return {"for": line, "phone": phone}
