"""A paper as values: what stands on it, in its language, before anybody knows whether it will be PDF or XLSX."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

CURRENCY = "KES"


@dataclass(frozen=True, slots=True)
class Money:
    """Cents. A table with a currency of its own writes them bare."""

    cents: int

    @property
    def bare(self) -> str:
        """`1,500.00`, always with cents."""
        sign = "-" if self.cents < 0 else ""
        return f"{sign}{abs(self.cents) // 100:,}.{abs(self.cents) % 100:02}"

    @property
    def full(self) -> str:
        """`KES 1,500.00`, as papers say it."""
        return f"{CURRENCY} {self.bare}"


Cell = str | int | Money | date | datetime | None
Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """`width` is its share of the page's width; what is wide may take several lines; money stands at the right."""

    head: str
    width: float
    is_wide: bool = False
    is_money: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """`last` is set apart below the rows: totals, a closing balance. `empty` is said when there are no rows."""

    title: str
    columns: tuple[Column, ...]
    rows: Sequence[Row]
    last: Sequence[Row] = ()
    empty: str = ""


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who makes it."""

    name: str
    code: str
    help_line: str


@dataclass(frozen=True, slots=True)
class Fact:
    """`Account holder: AMINA WANJIRU`."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Paper:
    """One document. `boxes` are the figures that are looked for first; `page` has the slots `{page}` and `{pages}`.

    `code` is what it can be checked by: the code itself, and what the square next to it says to a telephone.
    """

    letterhead: Letterhead
    language: str
    months: tuple[str, ...]
    title: str
    facts: tuple[Fact, ...]
    boxes: tuple[Fact, ...]
    tables: tuple[Table, ...]
    notes: tuple[str, ...]
    page: str
    code: str
    square: str

    def day(self, value: date) -> str:
        """`4 Sep 2026`."""
        return f"{value.day} {self.months[value.month - 1]} {value.year}"

    def moment(self, value: datetime) -> str:
        """`4 Sep 2026 14:05`."""
        return f"{self.day(value.date())} {value:%H:%M}"

    def text(self, cell: Cell) -> str:
        """A cell as people read it."""
        if isinstance(cell, Money):
            return cell.bare
        if isinstance(cell, datetime):
            return self.moment(cell)
        if isinstance(cell, date):
            return self.day(cell)
        return "" if cell is None else str(cell)
