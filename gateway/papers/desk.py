"""Makes papers: reads, puts into words, remembers the fact, and writes the file. No paper is kept."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Literal

from gateway.clock import Clock, local
from gateway.config import Organisation
from gateway.config import Papers as Settings
from gateway.papers import csv, pdf, receipt, records, writing, xlsx
from gateway.papers.days import Days
from gateway.papers.paper import Letterhead, Paper, Row
from gateway.papers.reader import LoanStatement, Reader, Walk
from gateway.papers.receipt import Receipt
from gateway.papers.records import Made
from gateway.papers.statement import WHOLE, Account, Choice, Statement, Totals
from gateway.papers.writing import Holder, Voice
from gateway.store.customers import Customer
from gateway.store.engine import Store
from menus.catalogue import Catalogue

Form = Literal["pdf", "xlsx"]
Channel = Literal["api", "mail", "link"]
MIME = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
}


@dataclass(frozen=True, slots=True)
class File:
    """A finished paper: its name and content."""

    name: str
    mime: str
    content: bytes


class Desk:
    """Used by the operators' routes, by links and by e-mail."""

    def __init__(
        self, reader: Reader, store: Store, catalogue: Callable[[], Catalogue], clock: Clock,
        organisation: Organisation, settings: Settings, checked_at: str,
    ) -> None:  # fmt: skip
        self.reader = reader
        self.settings = settings
        self._store = store
        self._catalogue = catalogue
        self._clock = clock
        self._letterhead = Letterhead(organisation.name, organisation.code, organisation.help_line)
        self._checked_at = checked_at

    @property
    def languages(self) -> list[str]:
        """All that are spoken, by their codes."""
        return list(self._catalogue().languages)

    def voice(self, language: str) -> Voice:
        return Voice(self._catalogue(), language)

    async def account(
        self, customer: Customer, account: Account, days: Days, choice: Choice, form: Form, channel: Channel
    ) -> File:
        """A wallet's or savings' statement. Raises TooManyLines."""
        most = self.settings.pdf_lines_most if form == "pdf" else self.settings.xlsx_lines_most
        statement = await self.reader.statement(account, customer.id, days, choice, most=most)
        fact = Made(customer.id, account, form, channel, days=days, totals=statement.totals)
        made = await self._remembered(fact)
        paper = writing.of_accounts(self.voice(customer.language), made, holder_of(customer), days, [statement])
        return await self._file(paper, form, f"{account}-{days.since}-{days.until}")

    async def whole(self, customer: Customer, days: Days, channel: Channel) -> File:
        """Wallet, savings and running loans of a customer in one PDF. Raises TooManyLines."""
        most = self.settings.pdf_lines_most
        statements = [await self.reader.statement(each, customer.id, days, WHOLE, most=most) for each in _BOTH]
        loans = await self.reader.running(customer, days)
        made = await self._remembered(Made(customer.id, "all", "pdf", channel, days=days, totals=_together(statements)))
        paper = writing.of_accounts(
            self.voice(customer.language), made, holder_of(customer), days, statements,
            [(each.lent, each.statement, each.schedule) for each in loans],
        )  # fmt: skip
        return await self._file(paper, "pdf", f"statement-{days.since}-{days.until}")

    async def loan(self, customer: Customer, found: LoanStatement, days: Days, form: Form, channel: Channel) -> File:
        """A loan's statement with its schedule."""
        fact = Made(
            customer.id, "loan", form, channel, about=found.lent.reference, days=days, totals=found.statement.totals
        )
        made = await self._remembered(fact)
        loans = [(found.lent, found.statement, found.schedule)]
        paper = writing.of_accounts(self.voice(customer.language), made, holder_of(customer), days, [], loans)
        return await self._file(paper, form, f"{found.lent.reference}-{days.since}-{days.until}")

    async def receipt(self, customer: Customer, found: Receipt, channel: Channel) -> File:
        """What one operation moved for a customer."""
        made = await self._remembered(Made(customer.id, "receipt", "pdf", channel, about=found.reference))
        paper = receipt.paper(self.voice(customer.language), made, holder_of(customer), found)
        return await self._file(paper, "pdf", f"receipt-{found.reference}")

    async def table(
        self, customer: Customer, account: Account, days: Days, walk: Walk, channel: Channel
    ) -> AsyncIterator[bytes]:
        """A wallet's or savings' statement as CSV, as it is read."""
        voice = self.voice(customer.language)

        async def rows() -> AsyncIterator[Row]:
            if walk.choice.is_whole:
                yield writing.ends(voice, days, walk.totals)[0]
            async for line in walk.chosen():
                yield writing.row(voice, line)
            if walk.choice.is_whole:
                yield writing.ends(voice, days, walk.totals)[1]

        async for piece in csv.streamed(writing.head(voice), rows()):
            yield piece
        fact = Made(customer.id, account, "csv", channel, days=days, totals=walk.totals)
        await self._remembered(fact)

    async def loan_table(
        self, customer: Customer, found: LoanStatement, days: Days, channel: Channel
    ) -> AsyncIterator[bytes]:
        """A loan's charges and repayments as CSV."""
        voice, statement = self.voice(customer.language), found.statement

        async def rows() -> AsyncIterator[Row]:
            for line in statement.lines:
                yield writing.loan_row(voice, line)

        async for piece in csv.streamed(writing.loan_head(voice), rows()):
            yield piece
        about = found.lent.reference
        await self._remembered(
            Made(customer.id, "loan", "csv", channel, about=about, days=days, totals=statement.totals)
        )

    async def _remembered(self, fact: Made) -> writing.Made:
        code, now = records.new_code(), self._clock()
        async with self._store.begin() as connection:
            await records.remembered(connection, code, fact, now)
        return writing.Made(self._letterhead, local(now), code, f"{self._checked_at}/{code}")

    async def _file(self, paper: Paper, form: Form, name: str) -> File:
        """In a thread: it is work for the processor, and others are answered meanwhile."""
        content = await asyncio.to_thread(pdf.rendered if form == "pdf" else xlsx.rendered, paper)
        return File(f"{name}.{form}", MIME[form], content)


_BOTH: tuple[Account, Account] = ("wallet", "savings")


def holder_of(customer: Customer) -> Holder:
    return Holder(customer.name, customer.msisdn, customer.national_id or "", customer.language)


def _together(statements: list[Statement]) -> Totals:
    """All accounts as one, for what is remembered of a paper about several."""
    each = [statement.totals for statement in statements]
    return Totals(
        sum(totals.opening_cents for totals in each),
        sum(totals.came_cents for totals in each),
        sum(totals.went_cents for totals in each),
        sum(totals.lines for totals in each),
    )
