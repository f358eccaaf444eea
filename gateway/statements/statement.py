"""A statement being read: its head, then its lines one by one, each a `Line` or `Rejected`; then what does not add up.

Nothing of it is kept here but sums, so a file may be as long as it likes.
"""

import re
from collections.abc import Iterator, Sequence

from gateway.statements import reasons, values
from gateway.statements.columns import WRITTEN, Columns, columns_of
from gateway.statements.head import Head, head_of
from gateway.statements.line import Line, Rejected, Unreadable
from gateway.statements.proof import Proof

Cells = tuple[int, Sequence[str]]
"""A row's number in the file, from 1, and its cells as text."""

HEADER_WITHIN = 200
RECEIPT = re.compile(r"[A-Z0-9]{6,20}", re.ASCII)
_TOTALS = ("total", "totals", "grand total", "opening balance", "closing balance", "end of")
_PARTY = re.compile(r"\b(?:from|to|by)\s+([\d*+][\d*]{4,15}\s+-\s+.*)", re.IGNORECASE)
_ACCOUNT = re.compile(r"\s+acc\.\s*", re.IGNORECASE)


class Statement:
    """`head` is there at once; `since`, `until`, `rejected` and `findings()` when the lines have been walked through.

    Raises Unreadable without a header row. `name` is the file's.
    """

    def __init__(self, rows: Iterator[Cells], name: str = "") -> None:
        self._rows = rows
        above: list[Sequence[str]] = []
        for number, cells in rows:
            found = columns_of(cells)
            if found is not None:
                self._columns: Columns = found
                break
            above.append(cells)
            if number > HEADER_WITHIN:
                raise _headless()
        else:
            raise _headless()
        self.head: Head = head_of(above, name)
        self.columns = tuple(WRITTEN[name] for name in self._columns.places)
        self.rejected = 0
        self.completed = 0
        self.since: int | None = self.head.since
        self.until: int | None = _earlier(self.head.until, self.head.reported)
        self.proof = Proof()

    def __iter__(self) -> Iterator[Line | Rejected]:
        for number, cells in self._rows:
            if self._is_row(cells):
                yield self._counted(self._read(number, cells))

    def findings(self) -> list[str]:
        """What does not add up, in sentences; see `Proof`."""
        return self.proof.findings(self.head, self.rejected)

    def _is_row(self, cells: Sequence[str]) -> bool:
        """Neither empty, nor the header once more, nor a line of totals."""
        if not any(cell.strip() for cell in cells) or self._columns.repeats(cells):
            return False
        receipt, completed = self._columns.of(cells, "receipt"), self._columns.of(cells, "completed")
        first = next(cell.strip().casefold() for cell in cells if cell.strip())
        return not (first.startswith(_TOTALS) and (not completed or not RECEIPT.fullmatch(receipt.upper())))

    def _counted(self, read: Line | Rejected) -> Line | Rejected:
        if isinstance(read, Rejected):
            self.rejected += 1
        elif read.is_completed:
            self.completed += 1
            self.proof.add(read)
            if self.head.since is None:
                self.since = read.at if self.since is None else min(self.since, read.at)
            if self.head.until is None:
                self.until = read.at if self.until is None else max(self.until, read.at)
        return read

    def _read(self, number: int, cells: Sequence[str]) -> Line | Rejected:
        of = self._columns.of
        receipt = of(cells, "receipt").upper()
        if not RECEIPT.fullmatch(receipt):
            return Rejected(number, WRITTEN["receipt"], "is empty" if not receipt else "is not a receipt")
        column = ""
        try:
            column = "completed"
            at = values.moment(of(cells, column))
            column = "paid_in"
            paid_in = values.cents(of(cells, column))
            column = "withdrawn"
            withdrawn = abs(values.cents(of(cells, column)))
            column = "balance"
            written = of(cells, column)
            balance = values.cents(written) if written else None
        except ValueError as error:
            return Rejected(number, WRITTEN[column], _words(error, of(cells, column)))
        if of(cells, "currency").upper() not in {"", "KES", "KSH", "KSHS"}:
            return Rejected(number, WRITTEN["currency"], "is not KES")
        if paid_in < 0:
            return Rejected(number, WRITTEN["paid_in"], "is negative")
        if bool(paid_in) == bool(withdrawn):
            return Rejected(number, WRITTEN["paid_in"], "and Withdrawn: one of them must have an amount, and one only")
        details = " ".join(of(cells, "details").split())
        party, account = self._named(cells, details)
        reason = " ".join(of(cells, "reason").split())
        return Line(
            number=number, receipt=receipt, at=at, cents=paid_in or withdrawn, status=of(cells, "status"),
            kind=reasons.kind_of(reason, details, party, is_in=bool(paid_in)),
            balance_cents=balance, account=account, reason=reason, party=party, details=details,
        )  # fmt: skip

    def _named(self, cells: Sequence[str], details: str) -> tuple[str, str]:
        """Party and account; from the details where an export has no columns for them. A name may hold anything, so
        the account is what follows the last ` Acc.`."""
        party, account = self._columns.of(cells, "party"), self._columns.of(cells, "account")
        parts = _ACCOUNT.split(details)
        if "account" not in self._columns.places and len(parts) > 1:
            account = parts[-1].strip()
        if "party" not in self._columns.places and (found := _PARTY.search(details)):
            party = _ACCOUNT.split(found[1])[0].strip()
        return party, account


def _words(error: ValueError, cell: str) -> str:
    """Why a cell cannot be read. Of days that do not exist Python speaks in words that are of no use to people."""
    if not cell:
        return "is empty"
    said = str(error)
    return said if said.startswith("is ") else "is no day of the calendar"


def _earlier(until: int | None, reported: int | None) -> int | None:
    """A period that was not over when the file was made ends there."""
    return until if until is None or reported is None else min(until, reported)


def _headless() -> Unreadable:
    return Unreadable("no row has both Receipt No. and Completion Time: this is not an organisation statement")
