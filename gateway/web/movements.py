"""The movements of one account, a page at a time, as operators read them."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.books.accounts import CURRENCY
from gateway.books.ledger import Books
from gateway.books.statement import Cursor, Movement
from gateway.clock import EAT, iso, milliseconds
from gateway.lending.fields import amount_text
from gateway.wallet import labels
from gateway.wallet.labels import Label
from gateway.web.problems import problem

PAGE, PAGE_MAX = 50, 200


@dataclass(frozen=True, slots=True)
class Window:
    """Which movements: before a place in the history, not older than a moment, so many."""

    before: Cursor | None
    since: int
    limit: int


def window_of(request: web.Request) -> Window | web.Response:
    """What a query asks for, or the problem with it."""
    query = request.query
    try:
        limit = min(PAGE_MAX, max(1, int(query.get("limit", str(PAGE)))))
        before = _cursor(query["cursor"]) if query.get("cursor") else _until(query.get("to"))
        since = _midnight(date.fromisoformat(query["from"])) if query.get("from") else 0
    except ValueError:
        return problem(422, "invalid", "limit is a number, cursor the one of the page before, from and to are dates")
    return Window(before, since, limit)


async def listed(connection: AsyncConnection, books: Books, key: str, account: str, window: Window) -> web.Response:
    """A page of the account `key`, which is somebody's `account`: wallet or savings."""
    page = await books.statement(connection, key, before=window.before, limit=window.limit)
    wanted = [movement for movement in page.movements if movement.at >= window.since]
    named = await labels.labelled(connection, wanted, account)
    more = page.next if len(wanted) == len(page.movements) else None
    return web.json_response(
        {
            "currency": CURRENCY,
            "transactions": [_described(movement, label) for movement, label in named],
            "cursor": f"{more.at}-{more.id}" if more else None,
        }
    )


def _cursor(text: str) -> Cursor:
    at, _, number = text.partition("-")
    cursor = Cursor(int(at), int(number))
    if not 0 <= cursor.at < 2**63 or not 0 <= cursor.id < 2**63:
        raise ValueError(text)
    return cursor


def _until(text: str | None) -> Cursor | None:
    """To the end of a day, in Nairobi."""
    return Cursor(_midnight(date.fromisoformat(text) + timedelta(days=1)), 0) if text else None


def _midnight(day: date) -> int:
    return milliseconds(datetime.combine(day, time(), EAT))


def _described(movement: Movement, label: Label) -> dict[str, Any]:
    return {
        "id": movement.journal_id,
        "operation": movement.operation_id,
        "step": movement.step,
        "at": iso(movement.at),
        "amount": amount_text(movement.amount_cents),
        "balance": amount_text(movement.balance_cents),
        "kind": label.kind,
        "about": label.about or None,
        "memo": movement.memo,
    }
