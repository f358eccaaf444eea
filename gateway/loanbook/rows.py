"""What the rows of a loan book say, or what is wrong with each: every fault of every row, not the first. Pure.

A row's rate is in percent for one repayment period, as the product's own, and its term a number of instalments. Dates
of the instalments, rounding, penalty and grace are those of its product. Fees and duties were paid when it was made.
"""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, TypeVar

from flows.loans import quoted as as_values
from flows.text import msisdn, national_id, person_name
from gateway.facts.loans import quoted
from gateway.lending.errors import InvalidTerms, UnsupportedTerms
from gateway.lending.events import EndOfDay, Event, Repayment
from gateway.lending.in_duplum import InDuplum
from gateway.lending.loan import Loan
from gateway.lending.products import Product
from gateway.lending.replay import replay
from gateway.lending.terms import REPAYMENTS_MAX, Terms
from gateway.loanbook.sheet import CELL_CHARACTERS_MAX, Sheet
from gateway.loanbook.template import COLUMNS, EXTRA

Status = Literal["active", "closed", "written_off"]
STATUSES: Mapping[str, Status] = {"active": "active", "closed": "closed", "written off": "written_off"}
OLDEST = date(1990, 1, 1)
CENTS_MAX = 10_000_000_00
RATE_MAX = 1000
_AMOUNT = re.compile(r"(?:(?:KES|KSH)\.?\s*)?(\d{1,3}(?:,\d{3})+|\d{1,12})(?:\.(\d{1,2}))?", re.IGNORECASE)
_CUSTOMER = re.compile(r"\w[\w/. -]{0,39}")

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, where, and what stands there."""

    row: int
    column: str
    value: str
    message: str


@dataclass(frozen=True, slots=True)
class Line:
    """One loan to be. `payments` are what was paid of it until now, by day; `loan` is where that leaves it today."""

    row: int
    customer: str
    name: str
    phone: str
    product: Product
    terms: Terms
    quote: Mapping[str, Any]
    status: Status
    payments: tuple[Repayment, ...]
    loan: Loan

    @property
    def principal_cents(self) -> int:
        return self.terms.principal_cents

    @property
    def national_id(self) -> str | None:
        """The customer's number where it is one of an identity card; a member's number is only kept with the loan."""
        return national_id(self.customer)

    @property
    def identity(self) -> tuple[str, str, int, date]:
        """What nobody has two of."""
        return self.phone, self.product.key, self.principal_cents, self.terms.disbursed_on


@dataclass(frozen=True, slots=True)
class Checked:
    lines: tuple[Line, ...]
    faults: tuple[Fault, ...]


def checked(sheet: Sheet, products: Mapping[str, Product], today: date, rule: InDuplum | None) -> Checked:
    """Every row as a loan, and every fault. A head that is wrong is all there is to say."""
    if wrong := _of_head(sheet.head):
        return Checked((), tuple(wrong))
    places = {_plain(name): place for place, name in enumerate(sheet.head)}
    lines, faults = list[Line](), list[Fault]()
    for number, cells in sheet.rows:
        row = _Row(number, {name: _cell(cells, places.get(_plain(name))) for name in (*COLUMNS, *EXTRA)})
        line = _line(row, products, today, rule)
        faults += row.faults
        if line is not None:
            lines.append(line)
    faults += _between(lines)
    if not sheet.rows:
        faults.append(Fault(2, COLUMNS[0], "", "there is no row below the head"))
    return Checked(tuple(lines), tuple(sorted(faults, key=lambda fault: fault.row)))


@dataclass(slots=True)
class _Row:
    number: int
    cells: Mapping[str, str]
    faults: list[Fault] = field(default_factory=list)

    def wrong(self, column: str, message: str) -> None:
        self.faults.append(Fault(self.number, column, self.cells[column][:CELL_CHARACTERS_MAX], message))

    def read(self, column: str, reader: Callable[[str], Value | None], message: str) -> Value | None:
        """The cell's value; a fault where it has none."""
        text = self.cells[column]
        found = reader(text) if text else None
        if found is None:
            self.wrong(column, message if text else "is empty")
        return found


def _line(row: _Row, products: Mapping[str, Product], today: date, rule: InDuplum | None) -> Line | None:
    """None when anything is wrong with the row."""
    by_name = {_plain(name): each for each in products.values() for name in (each.key, each.name)}
    customer = row.read("Customer ID", _customer, "is no number of a customer: letters, digits, - / . up to 40")
    name = row.read("Name", person_name, "is no name of two to four words that a phone can show")
    phone = row.read("Phone", msisdn, "is no Kenyan mobile number")
    offered = ", ".join(each.key for each in products.values() if each.approval != "lender")
    product = row.read("Product", lambda text: by_name.get(_plain(text)), f"is none of {offered}")
    if product is not None and product.approval == "lender":
        row.wrong("Product", "is lent by one person to another, which no loan book brings")
    cents = row.read("Principal", _positive, "is no amount above 0 like 2000.00")
    rate = row.read("Rate", _percent, f"is no percentage of 0 to {RATE_MAX} for one repayment period")
    term = row.read("Term", _count, f"is no number of instalments of 1 to {REPAYMENTS_MAX}")
    on = row.read("Disbursed Date", _day, "is no day like 2026-07-31 or 31/07/2026")
    if on is not None and not OLDEST <= on <= today:
        row.wrong("Disbursed Date", "is in the future" if on > today else f"is before {OLDEST}")
    status: Status | None = row.read("Status", _status, f"is none of {', '.join(STATUSES)}")
    paid, paid_on = _paid(row, on, status, today)
    if row.faults or not (customer and name and phone and product and cents and term and on and status):
        return None
    try:
        priced = _priced(product, cents, rate or Decimal(0), term)
        terms, quote = priced.terms(cents, on), as_values(quoted(priced, cents, on))
        payments = _payments(terms, status, paid, paid_on or on, today)
        loan = stood(terms, payments, today, rule)
    except (InvalidTerms, UnsupportedTerms) as error:
        row.wrong("Rate" if "rate" in str(error) or "repayment_every" in str(error) else "Principal", str(error))
        return None
    _compare(row, status, loan)
    found = Line(row.number, customer, name, phone, product, terms, quote, status, payments, loan)
    return None if row.faults else found


def stood(terms: Terms, payments: tuple[Repayment, ...], today: date, rule: InDuplum | None) -> Loan:
    """Where a loan stands with these payments, penalties of the days before included."""
    over = EndOfDay(max(today - timedelta(days=1), terms.disbursed_on))
    happened: list[Event] = [*payments, over]
    events = sorted(happened, key=lambda event: event.on)
    return replay(replace(terms, events=(*terms.events, *events)), today, rule)


def _priced(product: Product, cents: int, rate: Decimal, term: int) -> Product:
    """The product as it was for this one loan: other limits, rates and counts were on offer then."""
    return replace(
        product, min_cents=cents, max_cents=cents, interest_percent=rate, repayments=(term,), fee_percent=Decimal(0),
        taxes=(), rebate="by_day" if product.interest_method == "declining_balance" else product.rebate,
    )  # fmt: skip


def _payments(terms: Terms, status: Status, paid: int, paid_on: date, today: date) -> tuple[Repayment, ...]:
    """A closed loan of which no more is known was paid instalment by instalment, each on its day."""
    if status != "closed":
        return (Repayment(paid_on, paid),) if paid else ()
    by_day: dict[date, int] = {}
    for row in replay(terms).rows:
        day = min(row.due_on, today)
        by_day[day] = by_day.get(day, 0) + row.owed.total
    return tuple(Repayment(day, cents) for day, cents in sorted(by_day.items()))


def _paid(row: _Row, on: date | None, status: Status | None, today: date) -> tuple[int, date | None]:
    """What the two columns that may be missing say. Without a day it was paid on the first one."""
    paid, paid_on = row.cells["Paid"], row.cells["Paid On"]
    cents = row.read("Paid", _cents, "is no amount like 500.00") if paid else 0
    day = row.read("Paid On", _day, "is no day like 2026-07-31 or 31/07/2026") if paid_on else None
    if day is not None and (day > today or (on is not None and day < on)):
        row.wrong("Paid On", "is in the future" if day > today else "is before the loan was paid out")
    if day is not None and not paid:
        row.wrong("Paid", "is empty, and Paid On is not")
    if cents and status == "closed":
        row.wrong("Paid", "is not asked of a closed loan: all of it was paid")
    return cents or 0, day


def _compare(row: _Row, status: Status, loan: Loan) -> None:
    """Whether what was paid and the status agree."""
    if loan.overpaid_cents:
        row.wrong("Paid", "is more than was owed")
    elif status == "closed" and loan.outstanding.total:
        row.wrong("Status", "is closed, but its instalments are not paid by what they ask for")
    elif status != "closed" and not loan.outstanding.total:
        row.wrong("Status", "is not closed, but all of it is paid")


def _of_head(head: tuple[str, ...]) -> list[Fault]:
    names = [_plain(name) for name in head if name]
    known = {_plain(name): name for name in (*COLUMNS, *EXTRA)}
    missing = [Fault(1, name, "", "is missing") for name in COLUMNS if _plain(name) not in names]
    strange = [
        Fault(1, name[:CELL_CHARACTERS_MAX], name[:CELL_CHARACTERS_MAX], "is no column of a loan book")
        for name in head
        if name and _plain(name) not in known
    ]
    twice = [Fault(1, known[name], "", "is there twice") for name in known if names.count(name) > 1]
    return [*missing, *strange, *twice]


def _between(lines: list[Line]) -> list[Fault]:
    """What rows say against each other."""
    faults = list[Fault]()
    loans: dict[tuple[str, str, int, date], int] = {}
    phones: dict[str, Line] = {}
    people: dict[str, Line] = {}
    for line in lines:
        if (first := loans.setdefault(line.identity, line.row)) != line.row:
            faults.append(Fault(line.row, "Phone", line.phone, f"is the same loan as row {first}"))
        owner = phones.setdefault(line.phone, line)
        if owner.customer != line.customer:
            message = f"has the phone of another customer, in row {owner.row}"
            faults.append(Fault(line.row, "Customer ID", line.customer, message))
        elif _plain(owner.name) != _plain(line.name):
            faults.append(Fault(line.row, "Name", line.name, f"is another one than in row {owner.row}"))
        if people.setdefault(line.customer, line).phone != line.phone:
            message = f"is another one than in row {people[line.customer].row}, of the same customer"
            faults.append(Fault(line.row, "Phone", line.phone, message))
    return faults


def _cell(cells: tuple[str, ...], place: int | None) -> str:
    return cells[place] if place is not None and place < len(cells) else ""


def _plain(text: str) -> str:
    return " ".join(text.lower().replace("_", " ").replace("-", " ").split())


def _customer(text: str) -> str | None:
    return text if _CUSTOMER.fullmatch(text) else None


def _status(text: str) -> Status | None:
    return STATUSES.get(_plain(text))


def _cents(text: str) -> int | None:
    match = _AMOUNT.fullmatch(text)
    if match is None:
        return None
    cents = int(match[1].replace(",", "")) * 100 + int((match[2] or "").ljust(2, "0"))
    return cents if cents <= CENTS_MAX else None


def _positive(text: str) -> int | None:
    return _cents(text) or None


def _percent(text: str) -> Decimal | None:
    try:
        rate = Decimal(text.removesuffix("%").strip())
    except InvalidOperation:
        return None
    return rate if rate.is_finite() and 0 <= rate <= RATE_MAX else None


def _count(text: str) -> int | None:
    return (
        int(text) if text.isascii() and text.isdigit() and len(text) < 4 and 1 <= int(text) <= REPAYMENTS_MAX else None
    )


def _day(text: str) -> date | None:
    for form in ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%Y-%m-%d %H:%M:%S"):
        try:
            return date(*time.strptime(text, form)[:3])
        except ValueError:
            continue
    return None
