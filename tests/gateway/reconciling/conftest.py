"""A back office whose statements are read and compared."""

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gateway.clock import local
from gateway.playbooks.reconcile import PullStep, Reconcile, Told
from gateway.playbooks.statements import ReadStep, playbook
from gateway.reconciling.comparing import Comparing
from gateway.reconciling.desk import Desk, Handed
from gateway.reconciling.tables import mismatches, statement_lines, statement_pieces
from gateway.reconciling.taking import Bounds, Shortcodes, Taking
from gateway.reconciling.uploads import Upload, find
from tests.gateway.rails_flow.office import Office, office_on
from tests.gateway.rails_flow.pretend_rail import SHORTCODE, Moved
from tests.gateway.statements.exports import CLASSIC, Row, as_csv

HOUR_MS = 3_600_000
PAYOUTS = "600998"
CODES = Shortcodes(SHORTCODE, PAYOUTS)


def row_of(moved: Moved, *, by: str = " via API", **cells: str) -> Row:
    """A movement of the pretend rail as a row of a statement. The balance is not followed here."""
    at = local(moved.at).strftime("%d-%m-%Y %H:%M:%S")
    party = f"{moved.msisdn.lstrip('+')[:5]}****{moved.msisdn[-3:]} - SOMEBODY"
    cents = f"{moved.cents / 100:,.2f}"
    is_out = moved.kind == "b2c"
    reason = f"Business Payment to Customer{by}" if is_out else "Pay Utility"
    details = f"{reason} to {party}" if is_out else f"Pay Bill from {party} Acc. {moved.account}"
    written = {
        "receipt": moved.receipt, "at": at, "details": details, "status": "Completed", "in": "" if is_out else cents,
        "out": f"-{cents}" if is_out else "", "reason": reason, "party": party, 
        "account": "" if is_out else moved.account,
    } | cells  # fmt: skip
    return (
        written["receipt"], written["at"], written["at"], written["details"], written["status"], written["in"],
        written["out"], "", "true", written["reason"], written["party"], "", written["account"],
    )  # fmt: skip


@dataclass
class Finance:
    """Whoever hands statements in, and looks at what does not agree."""

    office: Office
    desk: Desk
    taking: Taking
    folder: Path

    def handed(self, rows: Sequence[Row], shortcode: str = SHORTCODE, *, day: date | None = None) -> Handed:
        """A file of these rows; with `day` it says that it covers all of it."""
        above: list[Row] = [("Short Code:", shortcode)]
        if day:
            above.append(("Time Period:", f"From {day:%d-%m-%Y} 00:00:00 To {day:%d-%m-%Y} 23:59:59"))
        content = as_csv([*above, CLASSIC, *rows]).encode()
        return self.handed_bytes(content)

    def handed_bytes(self, content: bytes) -> Handed:
        path = self.folder / f"{hashlib.sha256(content).hexdigest()}.csv"
        path.write_bytes(content)
        return Handed(path, path.name, hashlib.sha256(content).hexdigest(), len(content), content.count(b"\n"))

    async def read(self, rows: Sequence[Row], shortcode: str = SHORTCODE, *, day: date | None = None) -> Upload:
        """Handed in, read, and all that followed from it done."""
        upload, _ = await self.desk.accept(self.handed(rows, shortcode, day=day))
        await self.office.settled()
        return await self.upload(upload.id)

    async def upload(self, identity: str) -> Upload:
        async with self.office.store.read() as connection:
            found = await find(connection, identity)
        assert found is not None
        return found

    async def reconciled(self, day: date) -> None:
        await self.office.put("mpesa.reconcile", {"day": day.isoformat(), "on": day.isoformat()}, "", "RE")
        await self.office.settled()

    async def mismatches(self, *states: str) -> list[Any]:
        async with self.office.store.read() as connection:
            rows = await connection.execute(select(mismatches).order_by(mismatches.c.at, mismatches.c.kind))
            return [row for row in rows if not states or row.state in states]

    async def lines(self) -> list[Any]:
        async with self.office.store.read() as connection:
            return list(await connection.execute(select(statement_lines).order_by(statement_lines.c.row)))

    async def pieces(self) -> int:
        async with self.office.store.read() as connection:
            return len(list(await connection.execute(select(statement_pieces.c.number))))


def finance_of(office: Office, folder: Path, **reading: Any) -> Finance:
    shop = office.shop
    taking = Taking(shop.callbacks, shop.books, CODES, Bounds(72 * HOUR_MS, 24 * HOUR_MS))
    step = ReadStep(office.store, taking, office.clock, **{"rows_at_once": 3, "rejections_kept": 100, **reading})
    reconcile = Reconcile(
        Comparing(shop.books, CODES, answer_ms=24 * HOUR_MS), shop.outbox, Told("", "+254711000009", "en"), days_back=3,
        grace_ms=10 * HOUR_MS,
    )  # fmt: skip
    pull = PullStep(office.rail, office.store, taking, office.clock, days_back=3)
    for each in (playbook(step), reconcile.playbook(pull)):
        shop.playbooks[each.kind] = each
    return Finance(office, Desk(office.store, shop.outbox, taking, office.clock), taking, folder)


@pytest.fixture
async def finance(fresh_sqlite: str, tmp_path: Path) -> AsyncIterator[Finance]:
    async with office_on(fresh_sqlite) as office:
        yield finance_of(office, tmp_path)


@pytest.fixture
async def each_finance(database_url: str, tmp_path: Path) -> AsyncIterator[Finance]:
    async with office_on(database_url) as office:
        yield finance_of(office, tmp_path)
