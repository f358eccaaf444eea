"""Puts statements into words: which columns, which figures, in whose language. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from gateway.clock import local
from gateway.papers.days import Days
from gateway.papers.loans import Instalment
from gateway.papers.paper import Cell, Column, Fact, Letterhead, Money, Paper, Row, Table
from gateway.papers.statement import Line, Statement, Totals
from menus.catalogue import Catalogue
from menus.values import masked

IDENTITY_SHOWN = 3
LOAN_STATES = ("active", "closed", "written_off")


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose account it is, as a paper shows them."""

    name: str
    msisdn: str
    national_id: str
    language: str

    @property
    def masked_id(self) -> str:
        """`*****789`."""
        shown = self.national_id[-IDENTITY_SHOWN:]
        return "*" * (len(self.national_id) - len(shown)) + shown if self.national_id else "-"


@dataclass(frozen=True, slots=True)
class Lent:
    """What a loan's statement begins with, cents."""

    reference: str
    product: str
    state: str
    principal_cents: int
    paid_out_on: date
    left_cents: int


@dataclass(frozen=True, slots=True)
class Made:
    """What is the same on every paper: who makes it, when, and what it can be checked by."""

    letterhead: Letterhead
    at: datetime
    code: str
    square: str


class Voice:
    """The words of papers in one language."""

    def __init__(self, catalogue: Catalogue, language: str) -> None:
        self._catalogue = catalogue
        self._spoken = catalogue.language(language)

    @property
    def language(self) -> str:
        return self._spoken.code

    @property
    def months(self) -> tuple[str, ...]:
        return self._spoken.months

    def __call__(self, key: str, **values: object) -> str:
        return self._catalogue.paper(self.language, key, values)

    def day(self, value: date) -> str:
        """`4 Sep 2026`."""
        return f"{value.day} {self.months[value.month - 1]} {value.year}"

    def period(self, days: Days) -> str:
        return self("note.days", since=self.day(days.since), until=self.day(days.until))


def described(voice: Voice, line: Line) -> str:
    """What a line was, in words."""
    if line.kind in {"person", "phone", "loan"}:
        return voice(f"line.{line.kind}_{line.direction}", about=line.about)
    if line.kind in {"mpesa", "wallet", "savings"}:
        return voice(f"line.{line.kind}_{line.direction}")
    return line.about or "-" if line.kind == "other" else voice(f"line.{line.kind}")


def of_accounts(
    voice: Voice, made: Made, holder: Holder, days: Days, statements: Sequence[Statement],
    loans: Sequence[tuple[Lent, Statement, Sequence[Instalment]]] = (),
) -> Paper:  # fmt: skip
    """One paper about wallet, savings and loans, as many of them as are given."""
    accounts = [each.account for each in statements] + ["loan"] * len(loans)
    kind = accounts[0] if len(accounts) == 1 else "all"
    tables: list[Table] = []
    for statement in statements:
        title = voice(f"fact.{statement.account}") if len(accounts) > 1 else voice("section.movements")
        tables += _of_account(voice, statement, title)
    for lent, statement, schedule in loans:
        tables += _of_loan(voice, lent, statement, schedule, is_alone=len(accounts) == 1)
    facts = [*_who(voice, made, holder), Fact(voice("fact.period"), voice.period(days))]
    facts += _about_loan(voice, loans[0][0]) if kind == "loan" else []
    boxes = _figures(voice, statements, loans)
    return _paper(voice, made, voice(f"title.{kind}"), facts, boxes, tables)


def of_receipt(
    voice: Voice, made: Made, holder: Holder, event: str, amount_cents: int, facts: Iterable[Fact], rows: Sequence[Row]
) -> Paper:
    """What one operation moved for its holder."""
    boxes = (Fact(voice(f"event.{event}"), Money(amount_cents).full),)
    columns = (
        Column(voice("head.account"), 0.2),
        Column(voice("head.description"), 0.4, is_wide=True),
        Column(voice("head.amount"), 0.2, is_money=True),
        Column(voice("head.balance"), 0.2, is_money=True),
    )
    tables = (Table(voice("section.movements"), columns, rows),)
    return _paper(voice, made, voice("title.receipt"), [*_who(voice, made, holder), *facts], boxes, tables)


def head(voice: Voice) -> tuple[str, ...]:
    """The heads of an account's lines in a CSV."""
    names = ("day", "reference", "receipt", "kind", "description", "status", "out", "in", "balance")
    return tuple(voice(f"head.{name}") for name in names)


def row(voice: Voice, line: Line) -> Row:
    """A line of a CSV."""
    came, went = _came(line), _went(line)
    words = described(voice, line)
    return (
        local(line.at), line.reference, line.receipt, line.kind, words, voice(f"state.{line.status}"), went, came,
        Money(line.balance_cents),
    )  # fmt: skip


def ends(voice: Voice, days: Days, totals: Totals) -> tuple[Row, Row]:
    """The first and the last line of a CSV: what was there before, what is there after."""

    def end(day: date, name: str, cents: int) -> Row:
        return (day, None, None, name, voice(f"fact.{name}"), None, None, None, Money(cents))

    return end(days.since, "opening", totals.opening_cents), end(days.until, "closing", totals.closing_cents)


def loan_head(voice: Voice) -> tuple[str, ...]:
    names = (
        "date", "reference", "description", "charged", "paid", "principal", "interest", "fees", "penalties", "balance",
    )  # fmt: skip
    return tuple(voice(f"head.{name}") for name in names)


def loan_row(voice: Voice, line: Line) -> Row:
    """A line of a loan: what was charged or paid, and of which part."""
    parts = (line.parts.principal, line.parts.interest, line.parts.fee, line.parts.penalty) if line.parts else (0,) * 4
    return (
        local(line.at).date(), line.reference, described(voice, line), _came(line), _went(line),
        *(Money(abs(cents)) if cents else None for cents in parts), Money(line.balance_cents),
    )  # fmt: skip


def _paper(
    voice: Voice, made: Made, title: str, facts: Iterable[Fact], boxes: Iterable[Fact], tables: Iterable[Table]
) -> Paper:
    page = voice("note.page", page="{page}", pages="{pages}")
    notes = (voice("note.check", code=made.code), voice("note.wrong"))
    return Paper(
        made.letterhead, voice.language, voice.months, title, tuple(facts), tuple(boxes), tuple(tables), notes, page,
        made.code, made.square,
    )  # fmt: skip


def _who(voice: Voice, made: Made, holder: Holder) -> list[Fact]:
    return [
        Fact(voice("fact.holder"), " ".join(holder.name.split()).upper()),
        Fact(voice("fact.made"), f"{voice.day(made.at.date())} {made.at:%H:%M} EAT"),
        Fact(voice("fact.phone"), masked(holder.msisdn)),
        Fact(voice("fact.code"), made.code),
        Fact(voice("fact.id"), holder.masked_id),
    ]


def _about_loan(voice: Voice, lent: Lent) -> list[Fact]:
    state = lent.state if lent.state in LOAN_STATES else "other"
    return [
        Fact(voice("fact.loan"), f"{lent.reference} ({lent.product})"),
        Fact(voice("fact.borrowed"), Money(lent.principal_cents).full),
        Fact(voice("fact.paid_out"), voice.day(lent.paid_out_on)),
        Fact(voice("fact.state"), voice(f"state.{state}")),
    ]


def _figures(
    voice: Voice, statements: Sequence[Statement], loans: Sequence[tuple[Lent, Statement, Sequence[Instalment]]]
) -> list[Fact]:
    """The totals of the one account, or what is in each of them at the end."""
    if len(statements) + len(loans) == 1:
        totals = (*statements, *(statement for _, statement, _ in loans))[0].totals
        came, went, closing = ("charged", "paid", "owed") if loans else ("came", "went", "closing")
        return [
            Fact(voice("fact.opening"), Money(totals.opening_cents).full),
            Fact(voice(f"fact.{came}"), Money(totals.came_cents).full),
            Fact(voice(f"fact.{went}"), Money(totals.went_cents).full),
            Fact(voice(f"fact.{closing}"), Money(totals.closing_cents).full),
        ]
    closings = [Fact(voice(f"fact.{each.account}"), Money(each.totals.closing_cents).full) for each in statements]
    return closings + [
        Fact(f"{voice('fact.loan')} {lent.reference}", Money(statement.totals.closing_cents).full)
        for lent, statement, _ in loans
    ]


def _of_account(voice: Voice, statement: Statement, title: str) -> list[Table]:
    totals = statement.totals
    columns = (
        Column(voice("head.day"), 0.16),
        Column(voice("head.reference"), 0.11),
        Column(voice("head.description"), 0.25, is_wide=True),
        Column(voice("head.receipt"), 0.12),
        Column(voice("head.out"), 0.12, is_money=True),
        Column(voice("head.in"), 0.12, is_money=True),
        Column(voice("head.balance"), 0.12, is_money=True),
    )
    moved = [line for line in statement.lines if line.status == "posted"]
    held = [line for line in statement.lines if line.status == "held"]
    last: tuple[Row, ...] = ()
    rows = [_moved(voice, line) for line in moved]
    if statement.choice.is_whole:
        rows.insert(0, _set_apart(voice("fact.opening"), None, None, totals.opening_cents))
        last = (_set_apart(voice("fact.closing"), totals.went_cents, totals.came_cents, totals.closing_cents),)
    else:
        chosen = ", ".join(sorted(statement.choice.kinds)) or statement.choice.status or "-"
        title = f"{title}. {voice('note.filtered', count=chosen)}"
    tables = [Table(title, columns, rows, last, voice("section.nothing"))]
    if held:
        tables.append(Table(voice("section.held"), columns, [_moved(voice, line) for line in held]))
    return tables


def _moved(voice: Voice, line: Line) -> Row:
    words = described(voice, line)
    return (
        local(line.at), line.reference, words, line.receipt, _went(line), _came(line), Money(line.balance_cents),
    )  # fmt: skip


def _set_apart(label: str, went: int | None, came: int | None, balance_cents: int) -> Row:
    out, into = (None if cents is None else Money(cents) for cents in (went, came))
    return (None, None, label, None, out, into, Money(balance_cents))


def _of_loan(
    voice: Voice, lent: Lent, statement: Statement, schedule: Sequence[Instalment], *, is_alone: bool
) -> list[Table]:
    named = "" if is_alone else f"{voice('fact.loan')} {lent.reference}: "
    widths = (0.125, 0.12, 0.14, 0.11, 0.105, 0.105, 0.095, 0.08, 0.092, 0.11)
    columns = tuple(
        Column(text, width, is_wide=place == 2, is_money=place > 2)
        for place, (text, width) in enumerate(zip(loan_head(voice), widths, strict=True))
    )
    totals = statement.totals
    closing: tuple[Cell, ...] = (
        None, None, voice("fact.owed"), Money(totals.came_cents), Money(totals.went_cents), None, None, None, None,
        Money(totals.closing_cents),
    )  # fmt: skip
    rows = [loan_row(voice, line) for line in statement.lines]
    repayments = Table(f"{named}{voice('section.repayments')}", columns, rows, (closing,), voice("section.nothing"))
    return [repayments, _schedule(voice, schedule, named)]


def _schedule(voice: Voice, schedule: Sequence[Instalment], named: str) -> Table:
    names = ("number", "due", "principal", "interest", "fees", "penalties", "instalment", "paid", "left")
    widths = (0.06, 0.14, 0.13, 0.12, 0.1, 0.1, 0.13, 0.11, 0.11)
    columns = tuple(
        Column(voice(f"head.{name}"), width, is_money=place > 1)
        for place, (name, width) in enumerate(zip(names, widths, strict=True))
    )
    rows: list[Row] = [
        (
            str(each.number), each.due_on, *_parts(each), Money(each.owed.total), Money(each.paid_cents),
            Money(each.left_cents),
        )
        for each in schedule
    ]  # fmt: skip
    return Table(f"{named}{voice('section.schedule')}", columns, rows)


def _parts(each: Instalment) -> tuple[Money, Money, Money, Money]:
    return Money(each.owed.principal), Money(each.owed.interest), Money(each.owed.fee), Money(each.owed.penalty)


def _came(line: Line) -> Money | None:
    return Money(line.cents) if line.cents > 0 else None


def _went(line: Line) -> Money | None:
    return Money(-line.cents) if line.cents < 0 else None
