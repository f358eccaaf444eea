"""What the screens of an account ask: how things stand, what was agreed to, what hinders closing, codes left."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.known import Account, Consent
from gateway.accounts import closing, consents, emails, lines
from gateway.accounts.codes import Codes
from gateway.books.ledger import Books
from gateway.clock import local_date
from gateway.facts.source import Reader, customer_on
from gateway.operations import queue
from gateway.papers import links, records
from gateway.papers.links import Links
from gateway.playbooks.accounts import OLD, moving


class AccountFacts:
    """As of now."""

    def __init__(self, books: Books, codes: Codes, links: Links, *, has_mail: bool) -> None:
        self._books = books
        self._codes = codes
        self._links = links
        self._has_mail = has_mail

    def readers(self) -> Mapping[str, Reader]:
        return {
            "account": self.account,
            "consents": self.consents,
            "closing": self.closing,
            "codes_left": self.codes_left,
            "links_left": self.links_left,
            "line_free": self.line_free,
            "pending_line": self.pending_line,
        }

    async def account(self, connection: AsyncConnection, msisdn: str) -> Account:
        customer = await customer_on(connection, msisdn)
        address = customer.email or ""
        is_verified = bool(address and customer.email_verified_at)
        awaits = bool(address) and not is_verified
        if awaits:
            awaits = await self._codes.is_pending(connection, customer.id, emails.PURPOSE, {"email": address})
        wishes = await records.wishes_of(connection, customer.id)
        return Account(
            auto_percent=customer.auto_repay_percent,
            offers=customer.offers,
            has_mail=self._has_mail,
            email=emails.masked(address) if address else "",
            is_verified=is_verified,
            awaits_code=awaits,
            has_links=self._links.are_offered and links.is_for(customer),
            mail_receipts=wishes.receipts,
            mail_reminders=wishes.reminders,
        )

    async def consents(self, connection: AsyncConnection, msisdn: str) -> tuple[Consent, ...]:
        customer = await customer_on(connection, msisdn)
        rows = await consents.in_force(connection, customer.id)
        return tuple(Consent(row.kind, row.version, local_date(row.at)) for row in rows)

    async def closing(self, connection: AsyncConnection, msisdn: str) -> str:
        """What hinders it: loan, money, request; nothing when it can be closed."""
        customer = await customer_on(connection, msisdn)
        return await closing.hindrance(connection, self._books, customer.id) or ""

    async def codes_left(self, connection: AsyncConnection, msisdn: str, purpose: str) -> int:
        customer = await customer_on(connection, msisdn)
        return await self._codes.left(connection, customer.id, purpose)

    async def links_left(self, connection: AsyncConnection, msisdn: str) -> int:
        """How many links to a statement may still be asked for today."""
        customer = await customer_on(connection, msisdn)
        return await self._links.left(connection, customer.id)

    async def line_free(self, connection: AsyncConnection, msisdn: str, phone: str) -> bool:
        return await lines.is_free(connection, phone)

    async def pending_line(self, connection: AsyncConnection, msisdn: str) -> str:
        """The number that an account is being moved to, while the codes for it can be typed; else nothing."""
        customer = await customer_on(connection, msisdn)
        intent = await queue.newest_intent(connection, customer.id, "line.codes")
        if intent is None:
            return ""
        phone = str(intent["phone"])
        pending = await self._codes.is_pending(connection, customer.id, OLD, moving(msisdn, phone))
        return phone if pending else ""
