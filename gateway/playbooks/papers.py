"""What customers ask of papers: a link to a statement, and receipts by e-mail beside those by SMS.

A receipt by e-mail follows whatever the books post for somebody who wants them, in the same unit of work, whatever
domain posted it: nobody who moves money has to think of it.
"""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation
from gateway.accounts.consents import STOP
from gateway.books.entry import Entry
from gateway.clock import local_date
from gateway.notices import values as say
from gateway.operations.outbox import NAMESPACE, Context, Instant, Outbox, unspoken
from gateway.papers import records
from gateway.papers.days import days_of
from gateway.papers.links import PLACEHOLDER, Links
from gateway.playbooks import mail
from gateway.playbooks.autorepay import STEP as AUTO
from gateway.store import customers

PEOPLE = ("wallet", "savings", "shares")
LOANS = ("loan.principal", "loan.interest", "loan.fees", "peer.principal", "peer.interest")


class Papers:
    """Instant handlers, and what watches the books."""

    def __init__(self, outbox: Outbox, links: Links) -> None:
        self._outbox = outbox
        self._links = links

    def handlers(self) -> dict[str, Instant]:
        return {"statement.link": self.link, "receipts.mail": self.wish, "reminders.mail": self.wish}

    async def link(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        """A new link by SMS. The address is in no row: the message is filled while it is handed over."""
        days = days_of(operation.intent["period"], local_date(context.now))
        link_id, expires_at = await self._links.issued(connection, operation.customer, days)
        values = {"link": PLACEHOLDER, "by": say.clock(expires_at)}
        intent = {
            "template": "account.link", "to": context.msisdn, "values": values, "language": "", "link": link_id,
        }  # fmt: skip
        await self._outbox.put(connection, _queued("sms.send", "SM", link_id, operation.customer, intent), is_ours=True)

    async def wish(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        """Receipts or reminders by e-mail from now on, or no more; kept with the wording and the language of it."""
        intent, subject = operation.intent, operation.kind.partition(".")[0]
        await records.wished(connection, operation.customer, context.now, **{f"{subject}_by_mail": bool(intent["on"])})
        await customers.consented(
            connection, operation.customer, f"{subject}_mail" if intent["on"] else f"{subject}_mail{STOP}",
            version=intent["version"], language=intent["language"], at=context.now,
        )  # fmt: skip

    async def posted(self, connection: AsyncConnection, entry: Entry, at: int) -> None:
        """Queue a receipt for everybody whose money has just moved and who wants it; once per journal and person.

        The automatic share of incoming money stands on the receipt of what brought it.
        """
        if entry.step.startswith(f"{AUTO}."):
            return
        people, loans = owners(line.account_key for line in entry.lines)
        if not people and not loans:
            return
        for person in await records.wishing(connection, people, loans):
            cause = f"{entry.operation_id}:{entry.step}:{person.id}:receipt"
            intent = {"to": person.email, "receipt": entry.operation_id}
            await self._outbox.put(connection, _queued(mail.KIND, "ML", cause, person.id, intent), is_ours=True)


def owners(keys: Iterable[str]) -> tuple[set[str], set[str]]:
    """The people and the loans whose accounts these are."""
    parted = [key.partition(":")[::2] for key in keys]
    people = {owner for control, owner in parted if control in PEOPLE and owner}
    return people, {owner for control, owner in parted if control in LOANS and owner}


def _queued(kind: str, prefix: str, cause: str, customer_id: str, intent: Mapping[str, Any]) -> Operation:
    identity = str(uuid.uuid5(NAMESPACE, f"{cause}:{kind}"))
    return Operation(identity, kind, unspoken(prefix, identity), customer_id, intent)
