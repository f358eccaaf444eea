"""The organisation's statement as the portal exports it, of this world's own book: the classic form, newest first.

    Receipt No.,Completion Time,Initiation Time,Details,Transaction Status,Paid In,Withdrawn,Balance,...
    UA12BC34DE,02-01-2026 03:04:31,...,Pay Bill from 25471****600 - AMINA TEST Acc. LN00042,Completed,"1,500.00",...

Faults of the API `statement`: `missing-rows` leaves rows out, `duplicate-rows` writes them twice. Balances and totals
stay those of the whole account, so that a reader can see what is missing.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import xlsxwriter

from simulator.standins import money, stamps
from simulator.standins.world import World

API = "statement"
COLUMNS = (
    "Receipt No.", "Completion Time", "Initiation Time", "Details", "Transaction Status", "Paid In", "Withdrawn",
    "Balance", "Balance Confirmed", "Reason Type", "Other Party Info", "Linked Transaction ID", "A/C No.",
)  # fmt: skip
MARK = "\ufeff"
BUSINESS = {
    "BusinessPayToBulk": "Organization Settlement",
    "BusinessTransferFromMMFToUtility": "Business Transfer from MMF to Utility",
}
Row = Sequence[str]


@dataclass(frozen=True, slots=True)
class Moved:
    """Something that changed the balance. `cents` with its sign, `at` in seconds since the epoch."""

    receipt: str
    at: float
    cents: int
    reason: str
    details: str
    party: str
    linked: str
    account: str


@dataclass(frozen=True, slots=True)
class Period:
    """From one second up to but not including another; the title names the last second inside."""

    since: float
    before: float


def as_csv(world: World, shortcode: str, period: Period) -> bytes:
    file = io.StringIO()
    csv.writer(file, lineterminator="\r\n").writerows(rows(world, shortcode, period))
    return (MARK + file.getvalue()).encode()


def as_xlsx(world: World, shortcode: str, period: Period) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet("transaction")
        for number, cells in enumerate(rows(world, shortcode, period)):
            for place, cell in enumerate(cells):
                sheet.write_string(number, place, cell)
    return file.getvalue()


def rows(world: World, shortcode: str, period: Period) -> Iterator[Row]:
    """The whole file: preamble, header, rows."""
    moved, balance = _inside(world, shortcode, period)
    opening = balance - sum(each.cents for each in moved)
    paid_in = sum(each.cents for each in moved if each.cents > 0)
    yield "Account Holder:", world.settings.organisation(shortcode)
    yield "Short Code:", shortcode, "", "Account:", "Utility Account"
    yield "Time Period:", f"From {_stamp(period.since)} To {_stamp(period.before - 1)}"
    yield "Operator:", "standin"
    yield "Date of Report:", _stamp(world.now())
    yield "Opening Balance:", _amount(opening), "", "Closing Balance:", _amount(balance)
    yield "Total Paid In:", _amount(paid_in), "", "Total Withdrawn:", _amount(balance - opening - paid_in)
    yield ()
    yield COLUMNS
    for each in reversed(moved):
        drawn = world.faults.draw(API)
        row = _row(each, balance)
        if "missing-rows" not in drawn:
            yield row
        if "duplicate-rows" in drawn:
            yield row
        balance -= each.cents


def _inside(world: World, shortcode: str, period: Period) -> tuple[list[Moved], int]:
    """What moved in the period, oldest first, and the balance at its end: what there is now without what came after."""
    everything = sorted((*_of_customers(world, shortcode), *_of_businesses(world, shortcode)), key=lambda each: each.at)
    later = sum(each.cents for each in everything if each.at >= period.before)
    inside = [each for each in everything if period.since <= each.at < period.before]
    return inside, money.utility_cents(world.book, shortcode) - later


def _of_customers(world: World, shortcode: str) -> Iterator[Moved]:
    for moved in money.movements(world.book):
        if moved.shortcode != shortcode:
            continue
        party = f"{_masked(moved.phone)} - {_masked_name(money.person(world, moved.phone).name)}"
        if moved.kind == "b2c":
            reason = "Business Payment to Customer via API"
            yield Moved(moved.receipt, moved.at, -moved.amount_cents, reason, f"{reason} to {party}", party, "", "")
        elif moved.kind == "reversal":
            details = f"Pay Bill Reversal to {party}"
            yield Moved(
                moved.receipt, moved.at, -moved.amount_cents, "Pay Bill Reversal", details, party, moved.reference, ""
            )
        else:
            details, account = f"Pay Bill from {party} Acc. {moved.reference}", moved.reference
            yield Moved(moved.receipt, moved.at, moved.amount_cents, "Pay Utility", details, party, "", account)


def _of_businesses(world: World, shortcode: str) -> Iterator[Moved]:
    query = "SELECT * FROM business_payments WHERE ? IN (shortcode, receiver) ORDER BY at"
    for row in world.book.all(query, shortcode):
        is_ours = row["shortcode"] == shortcode
        reason = BUSINESS.get(row["command"], "Business Pay Bill")
        other = row["receiver"] if is_ours else row["shortcode"]
        party = f"{other} - {world.settings.organisation(other) or 'SOMEBODY'}"
        cents = -row["amount_cents"] if is_ours else row["amount_cents"]
        yield Moved(row["receipt"], row["at"], cents, reason, f"{reason} {party}", party, "", row["reference"])


def _row(moved: Moved, balance: int) -> Row:
    at = _stamp(moved.at)
    paid_in, withdrawn = (_amount(moved.cents), "") if moved.cents > 0 else ("", _amount(moved.cents))
    return (
        moved.receipt, at, at, moved.details, "Completed", paid_in, withdrawn, _amount(balance), "true", moved.reason,
        moved.party, moved.linked, moved.account,
    )  # fmt: skip


def _amount(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100:,}.{abs(cents) % 100:02}"


def _stamp(at: float) -> str:
    return stamps.eat(at).strftime("%d-%m-%Y %H:%M:%S")


def _masked(phone: str) -> str:
    return f"{phone[:5]}****{phone[-3:]}"


def _masked_name(name: str) -> str:
    """Middle names are hidden."""
    names = name.split() or ["SOMEBODY"]
    return " ".join((names[0], *("****" for _ in names[1:-1]), *names[1:][-1:]))
