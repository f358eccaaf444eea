"""Answers whose link turned out bad after they had been taken: they leave once more, without it, at our cost.

A carrier takes a premium answer and says only in its report that the link was none: used up by an attempt whose fate
nobody knew, or too old by its own clock. Whoever wrote to us would wait for nothing.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation
from gateway.operations.outbox import NAMESPACE, Outbox, unspoken
from gateway.providers.contract import Delivery
from gateway.store import messages

BAD_LINK = "InvalidLinkId"
KIND = "sms.send"


class Unlinked:
    """Both are called in the unit of work that keeps what they are told: a report may come before its message is
    noted as sent."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    async def reported(self, connection: AsyncConnection, reports: Sequence[tuple[str, Delivery]]) -> None:
        """Reports have moved their messages."""
        bad = {(name, report.provider_id) for name, report in reports if report.reason == BAD_LINK}
        await self.sent(connection, bad)

    async def sent(self, connection: AsyncConnection, sent: Collection[tuple[str, str]]) -> None:
        """Queue those of these anew, by carrier and its id, that have failed by their link; each once."""
        for row in await messages.failed_by(connection, sent, BAD_LINK):
            if (row.intent.get("reply") or {}).get("link_id"):
                await self._outbox.put(connection, _again(row.id, row.customer_id, row.intent), is_ours=True)


def _again(failed_id: str, customer_id: str, intent: Mapping[str, Any]) -> Operation:
    identity = str(uuid.uuid5(NAMESPACE, f"{failed_id}:unlinked"))
    reply = {name: intent["reply"][name] for name in ("carrier", "short_code")}
    return Operation(identity, KIND, unspoken("SM", identity), customer_id, {**intent, "reply": reply})
