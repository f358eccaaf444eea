"""What people do to their own account: a PIN after a reset, offers, another line, e-mail, statements, closing."""

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation
from gateway.accounts import closing, emails, lines, linked, resets, statements
from gateway.accounts.codes import PLACEHOLDER, Codes
from gateway.books.ledger import Books
from gateway.clock import HOUR_MS, local_date
from gateway.config import Accounts as Settings
from gateway.errors import BrokenInvariant
from gateway.lending.portfolio import Portfolio
from gateway.notices import values as say
from gateway.operations.outbox import NAMESPACE, Context, Instant, Outbox, unspoken
from gateway.operations.outcome import Done, Outcome, Refused
from gateway.operations.playbook import Local, Playbook, Work
from gateway.papers import records
from gateway.papers.days import Period, days_of
from gateway.playbooks import mail
from gateway.playbooks.telling import Teller
from gateway.schedules import kept as schedules
from gateway.store import customers, pins

OLD, NEW = "line.old", "line.new"
GRACE_MS = 600_000
"""Whoever began to choose a PIN in time may finish, in a session that lives for minutes."""


class Accounts:
    """Instant handlers, and the one step of closing."""

    def __init__(
        self, books: Books, portfolio: Portfolio, outbox: Outbox, teller: Teller, codes: Codes, settings: Settings
    ) -> None:
        self._books = books
        self._portfolio = portfolio
        self._outbox = outbox
        self._teller = teller
        self._codes = codes
        self._settings = settings

    def handlers(self) -> dict[str, Instant]:
        return {
            "pin.choose": self.choose_pin,
            "offers.set": self.set_offers,
            "line.codes": self.send_codes,
            "line.change": self.change_line,
            "email.set": self.set_email,
            "email.verify": self.verify_email,
            "statement.sms": self.statement_by_sms,
            "statement.mail": self.statement_by_mail,
        }

    def closing(self) -> Playbook:
        return Playbook(
            kind="account.close",
            steps=(Local("close", self.close),),
            lane=lambda customer, _: f"account:{customer}",
            refused=Local("tell", self.tell_not_closed),
        )

    async def choose_pin(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        """Once per reset, and once by whoever joined without one. Raises BrokenInvariant when none is to be chosen."""
        hashed = await pins.draft_of(connection, context.session_id)
        since = context.now - GRACE_MS
        if hashed is None or not await resets.used(connection, operation.customer, since=since, now=context.now):
            raise BrokenInvariant("there is no PIN to choose")
        await pins.draft_used(connection, context.session_id)
        await customers.changed(connection, operation.customer, pin_hash=hashed, pin_failures=0, pin_locked_until=0)
        template = "pin.first" if operation.intent.get("first") else "pin.changed"
        await self._tell(connection, operation, context, template, {})

    async def set_offers(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        """A yes or a no, kept with the wording and the language it was given in."""
        intent = operation.intent
        kind = "offers" if intent["on"] else "offers.stop"
        await customers.changed(connection, operation.customer, offers=intent["on"])
        await customers.consented(
            connection, operation.customer, kind, version=intent["version"], language=intent["language"],
            at=context.now,
        )  # fmt: skip

    async def send_codes(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        """One code to the line as it is, another to the line it shall be; each is good for this change only."""
        phone = operation.intent["phone"]
        content = moving(context.msisdn, phone)
        for purpose, to, template, slot, other in (
            (OLD, context.msisdn, "account.code_old", "new_phone", phone),
            (NEW, phone, "account.code_new", "phone", context.msisdn),
        ):
            minutes = self._settings.code_minutes
            code = await self._codes.issued(connection, operation.customer, purpose, content, minutes=minutes)
            values = {slot: say.phone(other), "by": say.clock(code.expires_at), "code": PLACEHOLDER}
            intent = {"template": template, "to": to, "values": values, "language": "", "code": code.id}
            await self._outbox.put(connection, _message(code.id, operation.customer, intent), is_ours=True)

    async def change_line(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        """Both codes are used up with the change. Raises Rejected when one is missing or the line is taken."""
        phone = operation.intent["phone"]
        for purpose in (OLD, NEW):
            content = moving(context.msisdn, phone)
            await self._codes.use(connection, operation.customer, purpose, content, context.session_id)
        cool_ms = self._settings.cool_down_hours * HOUR_MS
        await lines.moved(
            connection, operation.customer, phone, why="changed", operation_id=operation.id, now=context.now,
            cool_ms=cool_ms,
        )  # fmt: skip
        await told_moved(connection, self._outbox, operation.id, operation.customer, context.msisdn)

    async def set_email(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        """Nothing but the code goes to an address before it is verified."""
        address = operation.intent["email"]
        await emails.kept(connection, operation.customer, address)
        content = {"email": address}
        minutes = self._settings.mail_code_minutes
        code = await self._codes.issued(connection, operation.customer, emails.PURPOSE, content, minutes=minutes)
        intent = {"to": address, "code": code.id, "by": code.expires_at}
        await self._outbox.put(connection, _letter(code.id, operation.customer, intent), is_ours=True)

    async def verify_email(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        customer = await customers.get(connection, operation.customer, lock=True)
        content = {"email": customer.email}
        await self._codes.use(connection, customer.id, emails.PURPOSE, content, context.session_id)
        await emails.verified(connection, customer.id, context.now)
        if (await records.wishes_of(connection, customer.id)).no_campaigns:
            await records.wished(connection, customer.id, context.now, no_campaigns_by_mail=False)
        await self._tell(connection, operation, context, "account.email", {"email": emails.masked(customer.email)})

    async def statement_by_sms(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        values = await self.short_statement(connection, operation.customer, context.now)
        await self._tell(connection, operation, context, "account.statement", values)

    async def short_statement(self, connection: AsyncConnection, customer_id: str, now: int) -> dict[str, Any]:
        """What fits one message."""
        return await statements.short(connection, self._books, self._portfolio, customer_id, now)

    async def statement_by_mail(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        period = operation.intent["period"]
        await self.mailed(connection, operation.id, operation.customer, period, context.now)

    async def mailed(self, connection: AsyncConnection, cause: str, customer_id: str, period: Period, now: int) -> None:
        """Queue a statement to the address somebody has verified. Raises BrokenInvariant when there is none."""
        customer = await customers.get(connection, customer_id)
        if not customer.email or not customer.email_verified_at:
            raise BrokenInvariant("no verified address")
        days = days_of(period, local_date(now))
        intent = {"to": customer.email, "since": days.since.isoformat(), "until": days.until.isoformat()}
        await self._outbox.put(connection, _letter(f"{cause}:statement", customer_id, intent), is_ours=True)

    async def close(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Looked at once more: money may have come since the screen said yes."""
        customer = await customers.get(connection, work.customer_id, lock=True)
        if customer.state != "active":
            return Refused("state", f"the account is {customer.state}")
        reason = await closing.hindrance(connection, self._books, customer.id, besides=work.id)
        if reason is not None:
            return Refused(reason, "something stands in the way")
        line = customer.msisdn
        await lines.given_up(connection, customer, work.id, now)
        await linked.forgotten(connection, customer.id)
        await schedules.closed(connection, customer.id, now)
        await self._teller.tell_line(connection, work, line, "account.closed", {}, customer.language)
        return Done()

    async def tell_not_closed(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        await self._teller.tell(connection, work, "account.not_closed", {"reference": work.reference})
        return Done()

    async def _tell(
        self, connection: AsyncConnection, operation: Operation, context: Context, template: str,
        values: Mapping[str, Any],
    ) -> None:  # fmt: skip
        cause = f"{operation.id}:{template}"
        await self._outbox.tell(connection, cause, operation.customer, context.msisdn, template, values)


async def told_moved(connection: AsyncConnection, outbox: Outbox, cause: str, customer_id: str, before: str) -> None:
    """Both lines learn of it, each where the other end is."""
    customer = await customers.get(connection, customer_id)
    line, language = customer.msisdn, customer.language
    there = {"new_phone": say.phone(line)}
    here = {"phone": say.phone(before), "opens": say.day(local_date(customer.outgoing_from))}
    await outbox.tell(connection, f"{cause}:moved_old", "", before, "account.moved_old", there, language)
    await outbox.tell(connection, f"{cause}:moved_new", customer.id, line, "account.moved_new", here)


def moving(line: str, phone: str) -> dict[str, str]:
    return {"from": line, "to": phone}


def _message(cause: str, customer_id: str, intent: Mapping[str, Any]) -> Operation:
    identity = str(uuid.uuid5(NAMESPACE, f"{cause}:sms"))
    return Operation(identity, "sms.send", unspoken("SM", identity), customer_id, intent)


def _letter(cause: str, customer_id: str, intent: Mapping[str, Any]) -> Operation:
    identity = str(uuid.uuid5(NAMESPACE, f"{cause}:mail"))
    return Operation(identity, mail.KIND, unspoken("ML", identity), customer_id, intent)
