"""Operations that take effect with their turn: joining, a new PIN, a language, a case, a text on request."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation
from gateway.books import accounts as chart
from gateway.books.ledger import Books
from gateway.errors import BrokenInvariant
from gateway.lending.products import Product
from gateway.notices import values as say
from gateway.operations.outbox import Context, Instant, Outbox
from gateway.store.tables import cases, consents, customers, pin_drafts

HOUR_MS = 3_600_000
CONSENTS = ("terms", "data")


class Instants:
    """The handlers by kind. They are given to the outbox, and use it to queue messages."""

    def __init__(self, books: Books, products: Mapping[str, Product], *, answer_hours: int) -> None:
        self._books = books
        self._first_limit_cents = max((product.first_limit_cents for product in products.values()), default=0)
        self._answer_ms = answer_hours * HOUR_MS

    def handlers(self, outbox: Callable[[], Outbox]) -> dict[str, Instant]:
        self._outbox = outbox
        return {
            "customer.register": self.register,
            "pin.change": self.change_pin,
            "language.set": self.set_language,
            "case.open": self.open_case,
            "sms.notice": self.notice,
        }

    async def register(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        """Join: the person, their consents, their PIN, an open wallet and savings, a welcome."""
        intent = operation.intent
        values = {
            "name": intent["name"], "national_id": intent["id"], "language": intent["language"], "state": "active",
            "pin_hash": await self._drafted(connection, context), "limit_cents": self._first_limit_cents,
        }  # fmt: skip
        query = select(customers.c.id).where(customers.c.msisdn == context.msisdn, customers.c.state == "listed")
        listed = await connection.scalar(query)
        if listed:
            await connection.execute(update(customers).where(customers.c.id == listed).values(**values))
        else:
            await connection.execute(
                insert(customers).values(id=operation.id, msisdn=context.msisdn, created_at=context.now, **values)
            )
        customer_id = listed or operation.id
        for kind in CONSENTS:
            await connection.execute(
                insert(consents).values(
                    customer_id=customer_id, kind=kind, version=intent["terms_version"],
                    language=intent["language"], at=context.now,
                )
            )  # fmt: skip
        for account in (chart.wallet(customer_id), chart.savings(customer_id)):
            await self._books.open_account(connection, account)
        await self._tell(
            connection,
            operation,
            context,
            customer_id,
            "register.welcome",
            {"first_name": say.first(intent["name"])},
        )

    async def change_pin(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        hashed = await self._drafted(connection, context)
        await connection.execute(
            update(customers).where(customers.c.id == operation.customer).values(pin_hash=hashed, pin_failures=0)
        )
        await self._tell(connection, operation, context, operation.customer, "pin.changed", {})

    async def set_language(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        await connection.execute(
            update(customers).where(customers.c.id == operation.customer).values(language=operation.intent["language"])
        )

    async def open_case(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        await connection.execute(
            insert(cases).values(
                id=operation.id, reference=operation.reference, customer_id=operation.customer or None,
                topic=operation.intent["topic"], evidence={"said": operation.intent["said"]}, state="open",
                answer_by=context.now + self._answer_ms, created_at=context.now,
            )
        )  # fmt: skip

    async def notice(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        """A text somebody asked for on a screen: the price of a loan, or the terms."""
        intent = operation.intent
        values: dict[str, Any] = say.price(intent["quote"]) if "quote" in intent else {}
        if "loan" in intent:
            values["loan"] = intent["loan"]
        await self._tell(connection, operation, context, operation.customer, intent["template"], values)

    async def _drafted(self, connection: AsyncConnection, context: Context) -> str:
        """The hash of the PIN typed twice in this session; used up."""
        query = select(pin_drafts.c.pin_hash).where(pin_drafts.c.session_id == context.session_id)
        hashed = await connection.scalar(query)
        if hashed is None:
            raise BrokenInvariant("no PIN was chosen in this session")
        await connection.execute(delete(pin_drafts).where(pin_drafts.c.session_id == context.session_id))
        return str(hashed)

    async def _tell(
        self, connection: AsyncConnection, operation: Operation, context: Context, customer_id: str, template: str,
        values: Mapping[str, Any],
    ) -> None:  # fmt: skip
        await self._outbox().tell(
            connection, f"{operation.id}:{template}", customer_id, context.msisdn, template, values,
            language=operation.intent.get("language", ""),
        )  # fmt: skip
