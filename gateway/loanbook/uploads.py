"""Loan books from elsewhere: kept as they came, shown before anything is done, then brought in whole or not at all.

The same file is the same upload, whoever brings it and how often. What is owed on the day of the import is the opening
balance: principal and interest still to come against `opening` and `interest.deferred`. What was earned before is not
earned again, and nobody is told by SMS.
"""

import asyncio
import hashlib
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import reference
from gateway.books import accounts as chart
from gateway.books.entry import Entry
from gateway.books.entry import Line as Booked
from gateway.books.ledger import Books
from gateway.clock import Clock, local_date
from gateway.errors import BrokenInvariant, Rejected
from gateway.lending.portfolio import Portfolio
from gateway.lending.standings import LoanRecord
from gateway.lending.terms import terms_mapping
from gateway.loanbook import sheet
from gateway.loanbook.rows import Checked, Fault, Line, checked
from gateway.loanbook.sheet import Sheet, Unreadable
from gateway.loanbook.tables import loan_uploads
from gateway.store import customers
from gateway.store.engine import Store, insert_into
from gateway.store.tables import customers as people
from gateway.store.tables import loans

NAMESPACE = uuid.UUID("5c6b2a0e-71c5-5f0b-9c55-0b6f616e626b")
NAME_CHARACTERS_MAX = 120
AT_ONCE = 400
"""How many phones are looked up at once."""

columns = loan_uploads.c
Progress = Callable[[int, int], None]
"""Told after each loan how many are done, and of how many."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One file and what it comes to. `new_people` are phones that no customer has."""

    id: str
    sha256: str
    name: str
    state: str
    uploaded_by: str
    created_at: int
    imported_by: str | None
    imported_at: int | None
    lines: tuple[Line, ...]
    faults: tuple[Fault, ...]
    new_people: frozenset[str] = frozenset()


class Uploads:
    """`rows_most` is the longest loan book at once: an import is one unit of work."""

    def __init__(self, store: Store, books: Books, portfolio: Portfolio, clock: Clock, *, rows_most: int) -> None:
        self._store = store
        self._books = books
        self._portfolio = portfolio
        self._clock = clock
        self._rows_most = rows_most

    async def brought(self, content: bytes, name: str, by: str) -> Upload:
        """Keep a file, and say what is in it. Raises Rejected for what is no table at all."""
        digest = hashlib.sha256(content).hexdigest()
        identity = str(uuid.uuid5(NAMESPACE, digest))
        if (known := await self.find(identity)) is not None:
            return known
        found = await self._read(content)
        async with self._store.read() as connection:
            faults = [*found.faults, *await self._against(connection, found.lines)]
        async with self._store.begin() as connection:
            await connection.execute(
                insert_into(connection, loan_uploads).on_conflict_do_nothing().values(
                    id=identity, sha256=digest, name=name[:NAME_CHARACTERS_MAX], uploaded_by=by, content=content,
                    state="refused" if faults else "checked", loans=len(found.lines), created_at=self._clock(),
                )
            )  # fmt: skip
        upload = await self.find(identity)
        if upload is None:
            raise BrokenInvariant("an upload that was just kept is not there", upload=identity)
        return upload

    async def find(self, identity: str) -> Upload | None:
        """An upload as it stands against the customers and loans of now; None: there is none."""
        async with self._store.read() as connection:
            row = await _row(connection, identity)
        if row is None:
            return None
        found = await self._read(row.content, row.imported_at)
        if row.state == "imported":
            return _upload(row, replace(found, faults=()), frozenset())
        async with self._store.read() as connection:
            faults = await self._against(connection, found.lines)
            known = await _on_lines(connection, {line.phone for line in found.lines})
        new = frozenset({line.phone for line in found.lines} - known.keys())
        return _upload(row, replace(found, faults=_sorted((*found.faults, *faults))), new)

    async def imported(self, identity: str, by: str, progress: Progress = lambda done, of: None) -> Upload:
        """Bring it in, all of it in one unit of work; a second time changes nothing.

        Raises Rejected where there is no such upload, and where something is wrong with it by now.
        """
        async with self._store.read() as connection:
            row = await _row(connection, identity)
        if row is None:
            raise Rejected("there is no such upload", "not-found")
        found = await self._read(row.content)
        async with self._store.begin() as connection:
            row = await _row(connection, identity, lock=True)
            if row is not None and row.state != "imported":
                if found.faults or await self._against(connection, found.lines):
                    raise Rejected("something is wrong with it: look at its errors", "refused")
                await self._bring_in(connection, identity, found.lines, by, progress)
        upload = await self.find(identity)
        if upload is None:
            raise BrokenInvariant("an upload has gone", upload=identity)
        return upload

    async def _read(self, content: bytes, at: int | None = None) -> Checked:
        """As of a moment, or now. In a thread: it is work for the processor, and others are answered meanwhile."""
        today = local_date(self._clock() if at is None else at)
        try:
            table: Sheet = await asyncio.to_thread(sheet.read, content, rows_most=self._rows_most)
        except Unreadable as error:
            raise Rejected(str(error), "unreadable") from error
        return await asyncio.to_thread(checked, table, self._portfolio.products, today, self._portfolio.rule)

    async def _against(self, connection: AsyncConnection, lines: Iterable[Line]) -> list[Fault]:
        """What the customers and loans that are there say against the rows."""
        lines = list(lines)
        known = await _on_lines(connection, {line.phone for line in lines})
        owners = await _with_ids(connection, {line.national_id for line in lines if line.national_id})
        held = await _loans_of(connection, [row.id for row in known.values()])
        faults = list[Fault]()
        for line in lines:
            customer = known.get(line.phone)
            if customer is not None and customer.state == "closed":
                faults.append(Fault(line.row, "Phone", line.phone, "is of an account that was closed"))
            other = customer is not None and customer.national_id and line.national_id
            if other and customer is not None and customer.national_id != line.national_id:
                faults.append(Fault(line.row, "Customer ID", line.customer, "is not that of the phone's owner"))
            elif line.national_id and owners.get(line.national_id, line.phone) != line.phone:
                faults.append(Fault(line.row, "Phone", line.phone, "is not the one that this customer has with us"))
            if (
                customer is not None
                and (customer.id, line.product.key, line.principal_cents, line.terms.disbursed_on.isoformat()) in held
            ):
                faults.append(Fault(line.row, "Disbursed Date", str(line.terms.disbursed_on), "is in our book already"))
        return faults

    async def _bring_in(
        self, connection: AsyncConnection, identity: str, lines: tuple[Line, ...], by: str, progress: Progress
    ) -> None:
        now, openings = self._clock(), list[Entry]()
        for done, line in enumerate(lines, start=1):
            customer_id = await self._person(connection, line, now)
            openings += await self._loan(connection, identity, line, customer_id, by, now)
            progress(done, len(lines))
        await self._books.locked_for(connection, openings)  # last of all: every payment of a day touches these accounts
        for opening in openings:
            await self._books.post(connection, opening, now)
        await connection.execute(
            update(loan_uploads)
            .where(columns.id == identity)
            .values(state="imported", imported_by=by, imported_at=now, loans=len(lines))
        )

    async def _person(self, connection: AsyncConnection, line: Line, now: int) -> str:
        """Whoever has the line. Somebody new is merely listed: they join, with this loan, when they dial."""
        known = await customers.on_line(connection, line.phone)
        if known is not None:
            return str(known.id)
        customer_id = str(uuid.uuid5(NAMESPACE, line.phone))
        await customers.added(
            connection, customer_id, msisdn=line.phone, name=line.name, national_id=line.national_id, language="en",
            state="listed", created_at=now,
        )  # fmt: skip
        return customer_id

    async def _loan(
        self, connection: AsyncConnection, upload: str, line: Line, customer_id: str, by: str, now: int
    ) -> list[Entry]:
        """Keep it; what it brings into the books, if anything."""
        loan_id = str(uuid.uuid5(uuid.UUID(upload), str(line.row)))
        record = LoanRecord(
            loan_id, await self._free_reference(connection, loan_id), customer_id, line.product.key,
            terms_mapping(line.terms), line.quote, line.principal_cents, "active",
        )  # fmt: skip
        notes = {"by": by, "upload": upload, "row": line.row, "customer": line.customer}
        await self._portfolio.book(connection, record, loan_id, now, notes)
        for number, payment in enumerate(line.payments):
            paid = replace(payment, reference=f"before {record.reference}")
            work = str(uuid.uuid5(uuid.UUID(loan_id), str(number)))
            await self._portfolio.repay(connection, loan_id, paid, work, now)
        if line.status == "written_off":
            await self._portfolio.write_off(connection, loan_id, loan_id, now, notes)
            return []
        standing = await self._portfolio.standing(connection, loan_id, local_date(now))
        if standing.loan.outstanding != line.loan.outstanding:
            raise BrokenInvariant("a loan came out otherwise than it was shown", row=line.row)
        lines = opening_lines(loan_id, line)
        return [Entry(loan_id, "opening", f"opening of {record.reference}", lines)] if lines else []

    async def _free_reference(self, connection: AsyncConnection, loan_id: str) -> str:
        salt = 0
        while await self._portfolio.by_reference(connection, reference("LN", loan_id, salt)) is not None:
            salt += 1
        return reference("LN", loan_id, salt)


def opening_lines(loan_id: str, line: Line) -> tuple[Booked, ...]:
    """What is owed of a loan now, against the opening balance. A penalty is in no books before it is paid."""
    owed = line.loan.outstanding
    lines = (
        Booked(chart.loan_principal(loan_id), owed.principal),
        Booked(chart.OPENING, -owed.principal),
        Booked(chart.loan_interest(loan_id), owed.interest),
        Booked(chart.INTEREST_DEFERRED, -owed.interest),
    )
    return tuple(each for each in lines if each.amount_cents)


async def _row(connection: AsyncConnection, identity: str, *, lock: bool = False) -> Row[Any] | None:
    query = select(loan_uploads).where(columns.id == identity)
    return (await connection.execute(query.with_for_update() if lock else query)).one_or_none()


async def _on_lines(connection: AsyncConnection, phones: set[str]) -> Mapping[str, Row[Any]]:
    found: dict[str, Row[Any]] = {}
    for some in _some(phones):
        for row in await connection.execute(select(people).where(people.c.msisdn.in_(some))):
            found[row.msisdn] = row
    return found


async def _with_ids(connection: AsyncConnection, ids: set[str]) -> Mapping[str, str]:
    """Whose phone goes with which national ID."""
    found: dict[str, str] = {}
    for some in _some(ids):
        query = select(people.c.national_id, people.c.msisdn).where(people.c.national_id.in_(some))
        found |= {row.national_id: row.msisdn for row in await connection.execute(query)}
    return found


async def _loans_of(connection: AsyncConnection, ids: Iterable[str]) -> set[tuple[str, str, int, Any]]:
    """Product, principal and day of every loan that these people were ever paid out."""
    found = set()
    for some in _some(set(ids)):
        query = select(loans.c.customer_id, loans.c.product, loans.c.principal_cents, loans.c.terms).where(
            loans.c.customer_id.in_(some), loans.c.state.in_(("active", "closed", "written_off"))
        )
        for row in await connection.execute(query):
            found.add((row.customer_id, row.product, row.principal_cents, row.terms["disbursedOn"]))
    return found


def _some(values: set[str]) -> Iterable[list[str]]:
    ordered = sorted(values)
    return (ordered[start : start + AT_ONCE] for start in range(0, len(ordered), AT_ONCE))


def _sorted(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    return tuple(sorted(faults, key=lambda fault: fault.row))


def _upload(row: Row[Any], found: Checked, new_people: frozenset[str]) -> Upload:
    state = row.state if row.state == "imported" else "refused" if found.faults else "checked"
    return Upload(
        row.id, row.sha256, row.name, state, row.uploaded_by, row.created_at, row.imported_by, row.imported_at,
        found.lines, found.faults, new_people,
    )  # fmt: skip
