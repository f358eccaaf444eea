"""Operations that take effect with their turn: joining, a new PIN, a language, a case, a text on request."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation
from gateway.accounts import resets
from gateway.books import accounts as chart
from gateway.books.ledger import Books
from gateway.clock import HOUR_MS
from gateway.errors import BrokenInvariant
from gateway.lending.products import Product
from gateway.notices import values as say
from gateway.operations.outbox import Context, Instant, Outbox
from gateway.store import cases, customers, pins

CONSENTS = ("terms", "data")

Joined = Callable[[AsyncConnection, Operation, str, Context], Awaitable[None]]
"""What happens in the unit of work in which somebody joins; given the registration and the new customer's id."""


class Instants:
    """The handlers by kind. They are given to the outbox, and use it to queue messages."""

    def __init__(
        self, books: Books, products: Mapping[str, Product], outbox: Outbox, *, answer_hours: int,
        joined: tuple[Joined, ...] = (),
    ) -> None:  # fmt: skip
        self._books = books
        self._outbox = outbox
        self._first_limit_cents = max((product.first_limit_cents for product in products.values()), default=0)
        self._answer_ms = answer_hours * HOUR_MS
        self._joined = joined

    def handlers(self) -> dict[str, Instant]:
        return {
            "customer.register": self.register,
            "pin.change": self.change_pin,
            "language.set": self.set_language,
            "case.open": self.open_case,
            "sms.notice": self.notice,
        }

    async def register(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        """Join: the person, their consents, their PIN, an open wallet and savings, a welcome.

        With `pin_later` the PIN is the first thing that they choose on the phone.
        """
        intent = operation.intent
        customer_id = await self._person(connection, operation, context)
        if intent.get("pin_later"):
            await resets.opened(connection, customer_id, until=resets.NO_END, now=context.now)
        for kind in CONSENTS:
            await customers.consented(
                connection, customer_id, kind, version=intent["terms_version"], language=intent["language"],
                at=context.now,
            )  # fmt: skip
        for account in (chart.wallet(customer_id), chart.savings(customer_id)):
            await self._books.open_account(connection, account)
        welcome = {"first_name": say.first(intent["name"])}
        await self._tell(connection, operation, context, customer_id, "register.welcome", welcome)
        for each in self._joined:
            await each(connection, operation, customer_id, context)

    async def _person(self, connection: AsyncConnection, operation: Operation, context: Context) -> str:
        """Whoever joins, by id: somebody new, or who was on the members' list."""
        intent = operation.intent
        values = {
            "name": intent["name"], "national_id": intent["id"], "language": intent["language"], "state": "active",
            "pin_hash": None if intent.get("pin_later") else await self._drafted(connection, context),
            "limit_cents": self._first_limit_cents,
        }  # fmt: skip
        listed = await customers.on_line(connection, context.msisdn)
        if listed is not None and listed.state == "listed":
            await customers.changed(connection, listed.id, **values)
            return str(listed.id)
        await customers.added(connection, operation.id, msisdn=context.msisdn, created_at=context.now, **values)
        return operation.id

    async def change_pin(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        hashed = await self._drafted(connection, context)
        await customers.changed(connection, operation.customer, pin_hash=hashed, pin_failures=0)
        await self._tell(connection, operation, context, operation.customer, "pin.changed", {})

    async def set_language(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        await customers.changed(connection, operation.customer, language=operation.intent["language"])

    async def open_case(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        """A person answers; its number goes to the phone too, to keep."""
        answer_by = context.now + self._answer_ms
        number = await cases.opened(
            connection,
            operation.id,
            operation.reference,
            operation.intent["topic"],
            evidence={"said": operation.intent["said"]},
            customer_id=operation.customer or None,
            answer_by=answer_by,
            now=context.now,
        )
        values = {"case": number, "by": say.clock(answer_by)}
        await self._tell(connection, operation, context, operation.customer, "desk.opened", values)

    async def notice(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        """A text somebody asked for on a screen: the price of a loan, or the terms."""
        intent = operation.intent
        values: dict[str, Any] = say.price(intent["quote"]) if "quote" in intent else {}
        if "loan" in intent:
            values["loan"] = intent["loan"]
        await self._tell(connection, operation, context, operation.customer, intent["template"], values)

    async def _drafted(self, connection: AsyncConnection, context: Context) -> str:
        """The hash of the PIN typed twice in this session; used up."""
        hashed = await pins.draft_of(connection, context.session_id)
        if hashed is None:
            raise BrokenInvariant("no PIN was chosen in this session")
        await pins.draft_used(connection, context.session_id)
        return hashed

    async def _tell(
        self, connection: AsyncConnection, operation: Operation, context: Context, customer_id: str, template: str,
        values: Mapping[str, Any],
    ) -> None:  # fmt: skip
        await self._outbox.tell(
            connection, f"{operation.id}:{template}", customer_id, context.msisdn, template, values,
            language=operation.intent.get("language", ""),
        )  # fmt: skip
