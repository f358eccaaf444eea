"""A report of the loan book as one table with its totals, in the forms that it is asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.books.accounts import CURRENCY
from gateway.lending.fields import amount_text
from gateway.loanbook.ageing import AT_RISK_DAYS, Ageing
from gateway.loanbook.figures import Figures
from gateway.loanbook.late import Calls
from gateway.papers.csv import START, written
from gateway.papers.paper import Cell, Column, Fact, Letterhead, Money, Paper, Row, Table
from gateway.papers.xlsx import rendered

TOTAL = "total"
PAR = ("product", "days", "atRisk", "outstanding", "percent")
AGEING = ("product", "band", "loans", "principal", "owed")
KPIS = (
    "disbursedLoans", "disbursed", "collected", "expected", "settled", "repaymentRate", "writtenOff", "recovered",
    "outstandingLoans", "outstanding",
)  # fmt: skip
COLLECTIONS = ("loan", "product", "name", "phone", "daysLate", "overdue", "owed", "promised", "lastContact", "callFrom")


@dataclass(frozen=True, slots=True)
class Report:
    """`names` are the columns; `facts` are said beside the table; `totals` are rows that sum the others up."""

    title: str
    facts: Mapping[str, str]
    names: tuple[str, ...]
    rows: Sequence[Row]
    totals: Sequence[Row]

    def as_json(self) -> dict[str, Any]:
        return {
            **self.facts,
            "currency": CURRENCY,
            "rows": [self._named(row) for row in self.rows],
            "totals": [self._named(row) for row in self.totals],
        }

    def as_csv(self) -> str:
        return START + "".join(written(row) for row in (self.names, *self.rows, *self.totals))

    def as_xlsx(self, letterhead: Letterhead) -> bytes:
        columns = tuple(Column(name, 0.15) for name in self.names)
        facts = tuple(Fact(name, value) for name, value in {**self.facts, "currency": CURRENCY}.items())
        table = Table(self.title, columns, self.rows, self.totals, "Nothing.")
        return rendered(Paper(letterhead, "en", (), self.title, facts, (), (table,), (), "", "", ""))

    def _named(self, row: Row) -> dict[str, Any]:
        return dict(zip(self.names, [_plain(cell) for cell in row], strict=True))


def _plain(cell: Cell) -> Any:
    return amount_text(cell.cents) if isinstance(cell, Money) else cell


def ageing(on: str, books: Mapping[str, Ageing]) -> Report:
    whole = _whole(books)
    rows = [row for name, book in books.items() for row in _bands(name, book)]
    grand = (TOTAL, "all", whole.loans, Money(whole.principal_cents), Money(whole.owed_cents))
    return Report("Ageing", {"on": on}, AGEING, rows, [*_bands(TOTAL, whole), grand])


def par(on: str, books: Mapping[str, Ageing]) -> Report:
    rows = [row for name, book in books.items() for row in _risks(name, book)]
    return Report("Portfolio at risk", {"on": on}, PAR, rows, _risks(TOTAL, _whole(books)))


def kpis(facts: Mapping[str, str], split: str, found: Mapping[str, Figures]) -> Report:
    whole = Figures()
    for each in found.values():
        whole = whole.plus(each)
    rows = [_figures(name, each) for name, each in found.items()]
    return Report("Loan book", facts, (split, *KPIS), rows, [_figures(TOTAL, whole)])


def collections(on: str, rows: Sequence[Row], calls: Calls) -> Report:
    """`rows` are the latest loans; the total is of all late ones."""
    total = (f"{TOTAL} of {calls.loans}", None, None, None, None, Money(calls.overdue_cents), Money(calls.owed_cents))
    return Report("Collections", {"on": on}, COLLECTIONS, rows, [(*total, None, None, None)])


def _whole(books: Mapping[str, Ageing]) -> Ageing:
    whole = Ageing()
    for book in books.values():
        whole = whole.together(book)
    return whole


def _bands(product: str, book: Ageing) -> list[Row]:
    return [
        (product, name, band.loans, Money(band.principal_cents), Money(band.owed_cents))
        for name, band in book.bands.items()
    ]


def _risks(product: str, book: Ageing) -> list[Row]:
    gross = Money(book.principal_cents)
    return [
        (product, days, Money(book.at_risk[days]), gross, amount_text(book.par_basis_points(days)))
        for days in AT_RISK_DAYS
    ]


def _figures(name: str, each: Figures) -> Row:
    rate = each.rate_basis_points
    return (
        name, each.disbursed_loans, Money(each.disbursed), Money(each.collected), Money(each.expected),
        Money(each.settled), None if rate is None else amount_text(rate), Money(each.written_off),
        Money(each.recovered), each.outstanding_loans, Money(each.outstanding),
    )  # fmt: skip
