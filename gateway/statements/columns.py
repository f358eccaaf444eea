"""Which column is which, by the words of the header row, wherever it stands.

Receipt No. | Completion Time | Initiation Time | Details | Transaction Status | Paid In | Withdrawn | Balance |
Balance Confirmed | Reason Type | Other Party Info | Linked Transaction ID | A/C No. | (Currency)
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.statements.line import Unreadable

NAMES: Mapping[str, str] = {
    "receipt no": "receipt", "receipt": "receipt", "receipt number": "receipt", "completion time": "completed",
    "date": "completed", "details": "details", "transaction status": "status", "status": "status",
    "paid in": "paid_in", "withdrawn": "withdrawn", "balance": "balance", "reason type": "reason",
    "transaction type": "reason", "other party info": "party", "a/c no": "account", "currency": "currency",
}  # fmt: skip
WRITTEN: Mapping[str, str] = {
    "receipt": "Receipt No.", "completed": "Completion Time", "details": "Details", "status": "Transaction Status",
    "paid_in": "Paid In", "withdrawn": "Withdrawn", "balance": "Balance", "reason": "Reason Type",
    "party": "Other Party Info", "account": "A/C No.", "currency": "Currency",
}  # fmt: skip
"""How a column is named to people."""

NEEDED = ("receipt", "completed", "details", "status", "paid_in", "withdrawn")
_UNIT = re.compile(r"\((kshs?|kes)\)")


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each column stands, from 0. One that is not there is the empty text."""

    places: Mapping[str, int]

    def of(self, cells: Sequence[str], name: str) -> str:
        place = self.places.get(name)
        return cells[place].strip() if place is not None and place < len(cells) else ""

    def repeats(self, cells: Sequence[str]) -> bool:
        """Whether this row is the header once more, as at the top of a page."""
        return plain(self.of(cells, "receipt")) in {"receipt no", "receipt", "receipt number"}


def columns_of(cells: Sequence[str]) -> Columns | None:
    """The columns, if this row is the header: it names the receipt and the completion time.

    Raises Unreadable for a header without a column that cannot be done without.
    """
    places: dict[str, int] = {}
    for place, cell in enumerate(cells):
        name = NAMES.get(plain(cell))
        if name is not None:
            places.setdefault(name, place)
    if not {"receipt", "completed"} <= places.keys():
        return None
    absent = [WRITTEN[name] for name in NEEDED if name not in places]
    if absent:
        raise Unreadable(f"the header has no column {', '.join(absent)}")
    return Columns(places)


def plain(cell: str) -> str:
    """A header's words without case, unit and full stop."""
    return " ".join(_UNIT.sub("", cell.casefold()).split()).rstrip(".: ").strip()
