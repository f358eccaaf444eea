"""A thousand members for a benchmark, put straight into the database of a gateway that is not running.

Registering them by dialling would measure the PIN hash a thousand times over before anything starts. So Amina's
row is copied, PIN hash and all: only the line and the names of the rows differ. Nothing else may write so.
"""

import sqlite3
import uuid
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from simulator.load.copies import inserted

FILE = "nyota.db"
AMINA, AMINAS_PIN = "+254711000001", "4826"
LIMIT_CENTS = 5_000_00


def added(data: Path, count: int) -> Sequence[str]:
    """Make so many members; their lines. The gateway must have run on this directory once, and not run now."""
    phones = [f"+2547{20_000_000 + number:08d}" for number in range(count)]
    with closing(sqlite3.connect(data / FILE)) as database, database:
        database.row_factory = sqlite3.Row
        amina = dict(database.execute("SELECT * FROM customers WHERE msisdn = ?", (AMINA,)).fetchone())
        rows = [_copied(amina, phone) for phone in phones]
        inserted(database, "customers", rows)
    return phones


def _copied(row: dict[str, object], phone: str) -> dict[str, object]:
    identity = str(uuid.uuid5(uuid.NAMESPACE_URL, f"tel:{phone}"))
    return {**row, "id": identity, "msisdn": phone, "national_id": phone[-8:], "limit_cents": LIMIT_CENTS}
