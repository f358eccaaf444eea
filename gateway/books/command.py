"""The books from a terminal: what an account held at any moment, and the trial balance of any day. Needs no server."""

import csv
import io
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from gateway.books.balances import TrialRow, balance_at, trial_balance
from gateway.books.errors import UnknownAccount
from gateway.books.moments import end_of, moment_of
from gateway.clock import iso, system
from gateway.config import load
from gateway.errors import Misconfigured
from gateway.lending.fields import amount_text
from gateway.store.engine import Store

HEADER = ("account", "kind", "debit", "credit")


async def balance(config_path: Path | None, data: Path, key: str, at: str | None) -> str:
    """`wallet:... at 2026-08-05T23:59:59+03:00: KES 120.00`. Raises Misconfigured for a key or moment that is none."""
    try:
        moment = system() if at is None else moment_of(at)
    except ValueError as error:
        raise Misconfigured(f"--at {at}: a day, or a time with its offset") from error
    store = _store(config_path, data)
    try:
        async with store.read() as connection:
            cents = await balance_at(connection, key, moment)
    except UnknownAccount as error:
        raise Misconfigured(str(error)) from error
    finally:
        await store.close()
    return f"{key} at {iso(moment)}: KES {amount_text(cents)}"


async def trial(config_path: Path | None, data: Path, on: date | None) -> list[TrialRow]:
    """Of now, or of the end of a day."""
    store = _store(config_path, data)
    try:
        async with store.read() as connection:
            return await trial_balance(connection, None if on is None else end_of(on))
    finally:
        await store.close()


def table_of(rows: Sequence[TrialRow], form: str) -> str:
    """As text in columns, or as CSV; the last line is the total. Raises Misconfigured for another form."""
    if form not in {"table", "csv"}:
        raise Misconfigured(f"--format {form}: table or csv")
    debit, credit = sum(row.debit_cents for row in rows), sum(row.credit_cents for row in rows)
    lines = [(row.control, row.kind, amount_text(row.debit_cents), amount_text(row.credit_cents)) for row in rows]
    whole = [HEADER, *lines, ("total", "", amount_text(debit), amount_text(credit))]
    if form == "csv":
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(whole)
        return out.getvalue().rstrip("\n")
    return "\n".join(f"{name:<20}{kind:<12}{left:>18}{right:>18}" for name, kind, left, right in whole)


def _store(config_path: Path | None, data: Path) -> Store:
    return Store(load(config_path, {"database": {"url": f"sqlite+aiosqlite:///{data / 'nyota.db'}"}}).database.url)
