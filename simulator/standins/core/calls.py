"""What every part of the core shares: the running core itself, and one call to read or to write."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from simulator.standins import stamps
from simulator.standins.book import Rows
from simulator.standins.core.errors import missing
from simulator.standins.core.fields import Fields
from simulator.standins.core.store import Store
from simulator.standins.settings import CoreServer
from simulator.standins.world import World

OFFICE = 1
EXTERNAL = "="
"""What stands before a reference that was given as somebody's own id and not as the core's."""


@dataclass(slots=True)
class Core:
    """One running core. `running` are the commands being worked on; `tasks` are hooks on their way."""

    world: World
    store: Store
    running: set[tuple[str, str, str]] = field(default_factory=set)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def server(self) -> CoreServer:
        return self.world.settings.core

    @property
    def today(self) -> date:
        """The bank's day: the business date when one is set, the day in Nairobi otherwise."""
        stored = self.world.settings.core_business_date
        return date.fromisoformat(stored) if stored else stamps.eat(self.world.now()).date()


@dataclass(frozen=True, slots=True)
class Ask:
    """A call that only reads. `refs` are the ids in its path."""

    rows: Rows
    refs: Mapping[str, str]
    query: Mapping[str, str]
    today: date
    server: CoreServer
    raw: bytes = b""

    def limit(self, usual: int = 200) -> tuple[int, int]:
        """Offset and limit of a list."""
        return whole(self.query.get("offset", ""), 0), whole(self.query.get("limit", ""), usual)


@dataclass(frozen=True, slots=True)
class Act:
    """A call that changes something, inside a transaction: `at` is seconds since the epoch."""

    rows: Rows
    refs: Mapping[str, str]
    fields: Fields
    today: date
    at: float
    key: str


Result = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Read:
    """`path` has its ids in braces. One that is posted takes a body all the same."""

    method: str
    path: str
    answer: Callable[[Ask], Any]
    command: str = ""


@dataclass(frozen=True, slots=True)
class Write:
    """A command by Fineract's names for it; `supports` are the parameters that it knows."""

    method: str
    path: str
    command: str
    action: str
    entity: str
    supports: Collection[str]
    perform: Callable[[Act], Result]


_BY_ID = {
    "clients": "SELECT id FROM clients WHERE id = ?",
    "loans": "SELECT id FROM loans WHERE id = ?",
    "transactions": "SELECT id FROM transactions WHERE id = ?",
    "loan_charges": "SELECT id FROM loan_charges WHERE id = ?",
    "savings": "SELECT id FROM savings WHERE id = ?",
}
_BY_EXTERNAL_ID = {
    "clients": "SELECT id FROM clients WHERE external_id = ?",
    "loans": "SELECT id FROM loans WHERE external_id = ?",
    "transactions": "SELECT id FROM transactions WHERE external_id = ?",
    "loan_charges": "SELECT id FROM loan_charges WHERE external_id = ?",
    "savings": "SELECT id FROM savings WHERE external_id = ?",
}
_DIGITS_MAX = 18


def whole(text: str, usual: int = -1) -> int:
    """A whole number from a path or a query, and the usual one when it is none."""
    return int(text) if text.isdecimal() and len(text) <= _DIGITS_MAX else usual


def row_id(rows: Rows, table: str, ref: str, *, code: str) -> int:
    """The id of the row that a reference names. Raises ApiError when there is none."""
    if ref.startswith(EXTERNAL):
        found = rows.value(_BY_EXTERNAL_ID[table], ref[1:])
    else:
        found = rows.value(_BY_ID[table], whole(ref))
    if found is None:
        raise missing(code, f"Nothing with identifier {ref.removeprefix(EXTERNAL)} exists", ref.removeprefix(EXTERNAL))
    return int(found)
