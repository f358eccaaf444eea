"""Thousands of accepted messages, put straight into the queue of a gateway that is not running.

The benchmark wants to see a backlog drain, whatever accepting it costs. So one message that the gateway has accepted
is copied: only its names, its phone and its text differ. Nothing else may write so.
"""

import json
import sqlite3
import uuid
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from simulator.load.copies import inserted
from simulator.load.members import FILE
from simulator.load.sms_bare import TEXT

KIND = "sms.send"


def queued(data: Path, phones: Sequence[str], count: int, *, same_text: bool) -> None:
    """So many messages, to one phone after the other, each with its own text or all with the same."""
    with closing(sqlite3.connect(data / FILE)) as database, database:
        database.row_factory = sqlite3.Row
        query = "SELECT * FROM operations WHERE kind = ? ORDER BY number DESC LIMIT 1"
        accepted = dict(database.execute(query, (KIND,)).fetchone())
        accepted.pop("number")
        rows = [
            _copied(accepted, phones[number % len(phones)], TEXT.format(number=0 if same_text else number))
            for number in range(count)
        ]
        inserted(database, "operations", rows)


def _copied(row: dict[str, object], phone: str, text: str) -> dict[str, object]:
    identity = uuid.uuid4()
    intent = json.loads(str(row["intent"])) | {"to": phone, "values": {"said": text}}
    return {
        **row, "id": str(identity), "reference": f"SM{identity.hex[:14].upper()}", "intent": json.dumps(intent),
        "lane": f"messages:alert:{phone}", "state": "queued", "is_open": 1, "data": "{}", "attempts": 0, "fence": 0,
        "lease_until": 0, "reason": None,
    }  # fmt: skip
