"""The experiment: whoever owns the database changes, deletes, inserts and cuts; is everything found, and named?

    python -m tests.gateway.audit.meddle 1000 --seed 7

Each trial gets past every guard, does one thing, proves the books on the same connection, and is taken back. Half of
what is done is done with care: hashes and balances are put right afterwards, so that only seals and marks can tell.
What happened after the last sealing is not part of it, but for journals that are put in there.
"""

import argparse
import asyncio
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random, SystemRandom
from typing import Any, NoReturn

from sqlalchemy import Integer, LargeBinary, Row, Table, delete, func, insert, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.accounts.audit import Deed, noted
from gateway.accounts.tables import staff_actions
from gateway.audit.proof import Trust, proved
from gateway.audit.tables import seals
from gateway.books.entry import Entry, Journal, Line
from gateway.books.integrity import Finding, check
from gateway.books.tables import PENDING, POSTED, accounts, balances, journals, postings
from gateway.store.callbacks import recorded
from gateway.store.engine import Store
from gateway.store.migrate import migrate
from gateway.store.payments import credited
from gateway.store.tables import callbacks, payments
from tests.gateway.audit.vault import Vault, past_guards
from tests.gateway.books.till import payout, transfer

PEOPLE = ("amina", "baraka", "chebet", "daudi")
SEALED = (postings, journals, accounts, staff_actions, callbacks, payments)
LEFT_OUT = {("payments", "receipt")}
"""What no seal covers, because it is filled in later."""


class Undone(Exception):
    """What a trial did is taken back."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What was done, the names of the rows that it was done to, and what was found."""

    kind: str
    touched: frozenset[str]
    findings: tuple[Finding, ...]

    @property
    def is_named(self) -> bool:
        """Whether the first finding is about one of them."""
        return bool(self.findings) and any(name in _words(self.findings[0]) for name in self.touched)


@dataclass(slots=True)
class Report:
    seed: int
    trials: list[Trial] = field(default_factory=list)

    @property
    def missed(self) -> list[Trial]:
        return [trial for trial in self.trials if not trial.findings]

    @property
    def unnamed(self) -> list[Trial]:
        return [trial for trial in self.trials if trial.findings and not trial.is_named]

    @property
    def lines(self) -> list[str]:
        count, kinds = len(self.trials), Counter(trial.kind for trial in self.trials)
        return [
            f"seed {self.seed}: {count} meddlings, {len(self.missed)} not found, {len(self.unnamed)} not named first",
            *(f"  {kind:<28}{number:>6}" for kind, number in sorted(kinds.items())),
            *(f"  MISSED {trial}" for trial in (*self.missed, *self.unnamed)),
            f"  with none missed, at most {3 / count:.2%} are (95 %, rule of three)",
        ]


def _words(finding: Finding) -> str:
    """With an end to each name, so that `postings 1` is not found in `postings 17`."""
    return f" {finding.subject} {finding.detail} ".replace(",", " ").replace(";", " ")


async def business(vault: Vault, journals_most: int = 60, seed: int = 5) -> None:
    """Transfers, holds that end each way, what staff did and what a rail said: sealed in several goes."""
    chance = Random(seed)
    await vault.seal()
    for number, person in enumerate(PEOPLE, 1):
        await vault.deposit(person, 100_000, at=number)
    for number in range(journals_most):
        giver, taker = chance.sample(PEOPLE, 2)
        at, cents = 10 + number, chance.randint(100, 900)
        await vault.post(transfer(f"op-{number}", giver, taker, cents), at)
        if number % 6 == 0:
            await vault.hold(payout(f"out-{number}", giver, cents), at)
        if number % 12 == 0:
            await vault.post_held(f"out-{number}", at + 1)
        elif number % 18 == 0:
            await vault.void_held(f"out-{number}", at + 1)
        async with vault.store.begin() as connection:
            await _evidence(connection, number, cents, at)
        if number % 10 == 9:
            await vault.seal()
    await vault.seal()


async def _evidence(connection: AsyncConnection, number: int, cents: int, at: int) -> None:
    await noted(connection, Deed("wanjiru", "Wanjiru", "asked to", f"op-{number}", at), "unlocked", None, {"n": number})
    await recorded(
        connection, rail="daraja", purpose="confirmation", token="t", body=f'{{"TransAmount": {cents}}}',
        source="127.0.0.1", received_at=at, verdict="applied",
    )  # fmt: skip
    await credited(
        connection, f"op-{number}", shortcode="600999", receipt=None, amount_cents=cents, source="callback", at=at
    )


async def experiment(vault: Vault, count: int, seed: int) -> Report:
    """`count` trials; a thing that the database itself refuses is tried again as another."""
    chance, report = Random(seed), Report(seed)
    while len(report.trials) < count:
        kind = chance.choice(list(KINDS))
        if (trial := await _tried(vault, kind, chance)) is not None:
            report.trials.append(trial)
    return report


async def _tried(vault: Vault, kind: str, chance: Random) -> Trial | None:
    found: Trial | None = None
    try:
        async with vault.store.begin() as connection:
            hand = Hand(connection, chance)
            async with past_guards(connection):
                touched = await KINDS[kind](hand)
            said = await proved(connection, Trust(vault.keys, vault.heads_file))
            found = Trial(kind, frozenset(f" {name} " for name in touched), (*said, *await check(connection)))
            _take_back()
    except (Undone, DBAPIError):
        return found


def _take_back() -> NoReturn:
    raise Undone


@dataclass(frozen=True, slots=True)
class Hand:
    """What somebody can do who owns the database. Each answers the names of the rows that it was done to."""

    connection: AsyncConnection
    chance: Random

    async def edits(self) -> set[str]:
        """Any column of any row that is sealed."""
        table = self.chance.choice(SEALED)
        column = self.chance.choice([each for each in table.c if (table.name, each.name) not in LEFT_OUT])
        row = await self._any(table)
        now = getattr(row, column.name)
        values: dict[str, Any] = {column.name: self._other(now, column.type)}
        await self.connection.execute(update(table).where(table.c.id == row.id).values(values))
        return await self._names(table, row) | {f"{table.name} {values.get('id', row.id)}"}

    async def edits_balance(self) -> set[str]:
        row = await self._any(balances)
        column = self.chance.choice(("posted_cents", "held_cents"))
        changed = {column: getattr(row, column) + self.chance.randint(1, 500)}
        mine = (balances.c.account_id == row.account_id, balances.c.shard == row.shard)
        await self.connection.execute(update(balances).where(*mine).values(changed))
        return {await self._key(row.account_id)}

    async def edits_seal(self) -> set[str]:
        row = await self._any(seals)
        column = self.chance.choice(list(seals.c))
        value = self._other(getattr(row, column.name), column.type)
        await self.connection.execute(update(seals).where(seals.c.number == row.number).values({column.name: value}))
        return {f"seals {row.number}", f"seals {value}"}

    async def edits_with_care(self) -> set[str]:
        """A journal's amounts, its hash, and the balances: everything fits together again."""
        row = await self._any(journals, journals.c.phase == POSTED, journals.c.pending_id.is_(None))
        lines = await self._lines(row.id)
        factor = self.chance.choice((2, 3, -1))
        await self._balanced(lines, factor - 1)
        mine = postings.c.journal_id == row.id
        names = await self._names(journals, row)
        await self.connection.execute(
            update(postings).where(mine).values(amount_cents=postings.c.amount_cents * factor)
        )
        content = _hash(row, [(line.key, line.amount_cents * factor) for line in lines])
        await self.connection.execute(update(journals).where(journals.c.id == row.id).values(content_hash=content))
        return names

    async def deletes(self) -> set[str]:
        table = self.chance.choice(SEALED)
        row = await self._any(table)
        names = await self._names(table, row)
        await self.connection.execute(delete(table).where(table.c.id == row.id))
        return names

    async def deletes_with_care(self) -> set[str]:
        """A whole journal, and what it did to balances."""
        row = await self._any(journals, journals.c.phase == POSTED, journals.c.pending_id.is_(None))
        names = await self._names(journals, row)
        await self._balanced(await self._lines(row.id), -1)
        await self._without(postings.c.journal_id == row.id, journals.c.id == row.id)
        return names

    async def inserts(self) -> set[str]:
        """A row like another, under an id of its own."""
        table = self.chance.choice((postings, staff_actions, callbacks))
        row = await self._any(table)
        newest = await self.connection.scalar(select(func.max(table.c.id)))
        low = -self.chance.randint(0, 9)
        identity = low if table is not postings else self.chance.choice((low, newest + 1))
        await self.connection.execute(insert(table).values({**row._mapping, "id": identity}))
        return {f"{table.name} {identity}", getattr(row, "journal_id", "-")}

    async def inserts_with_care(self) -> set[str]:
        """A whole journal that balances, hashed as it should be, with a mark that is somebody else's or none."""
        giver, taker = self.chance.sample(PEOPLE, 2)
        entry = Entry(
            f"forged-{self.chance.randint(1, 1 << 40)}", "post", "transfer",
            (Line(f"wallet:{giver}", 50), Line(f"wallet:{taker}", -50)),
        )  # fmt: skip
        at = self.chance.randint(1, 100)
        mark = self.chance.choice((None, "", (await self._any(journals)).mark))
        await self.connection.execute(
            insert(journals).values(
                id=entry.journal_id, operation_id=entry.operation_id, step="post", phase=POSTED, memo=entry.memo,
                content_hash=Journal(entry, POSTED, at).content_hash, mark=mark, at=at,
            )
        )  # fmt: skip
        first = 1 + int(await self.connection.scalar(select(func.max(postings.c.id))) or 0)
        identity = self.chance.choice((first, -9))
        for number, line in enumerate(entry.lines):
            account = await self.connection.scalar(select(accounts.c.id).where(accounts.c.key == line.account_key))
            await self.connection.execute(
                insert(postings).values(
                    id=identity + number, journal_id=entry.journal_id, account_id=account, shard=0, phase=POSTED,
                    amount_cents=line.amount_cents, currency="KES", at=at,
                )
            )  # fmt: skip
        await self._balanced(await self._lines(entry.journal_id), 1)
        return {entry.journal_id, f"postings {identity}"}

    async def cuts(self) -> set[str]:
        """The last rows of what staff did or a rail said."""
        table = self.chance.choice((staff_actions, callbacks, payments))
        newest = int(await self.connection.scalar(select(func.max(table.c.id))) or 0)
        first = max(1, newest - self.chance.randint(0, 15))
        await self.connection.execute(delete(table).where(table.c.id >= first))
        return {f"{table.name} {first}"}

    async def cuts_books(self) -> set[str]:
        """The last journals with their postings, and what they did to balances."""
        return await self._cut()

    async def cuts_books_and_seals(self) -> set[str]:
        """The same, and every seal that would tell."""
        names = await self._cut()
        first = min(int(name.split()[1]) for name in names)
        covering = seals.c.stream == "postings", seals.c.through_id >= first
        number = await self.connection.scalar(select(func.min(seals.c.number)).where(*covering))
        await self.connection.execute(delete(seals).where(seals.c.number >= number))
        return {*names, f"seals {number}"}

    async def _cut(self) -> set[str]:
        wanted = self.chance.randint(1, 12)
        tail = await self.connection.execute(
            select(postings.c.journal_id, func.min(postings.c.id).label("first"))
            .group_by(postings.c.journal_id)
            .order_by(func.min(postings.c.id).desc())
            .limit(wanted)
        )
        names: set[str] = set()
        for row in tail.all():
            journal = (await self.connection.execute(select(journals).where(journals.c.id == row.journal_id))).one()
            await self._undone(journal)
            await self._without(postings.c.journal_id == row.journal_id, journals.c.id == row.journal_id)
            names = {f"postings {row.first}"}
        return names

    async def _undone(self, journal: Row[Any]) -> None:
        lines = await self._lines(journal.id)
        if journal.phase == POSTED:
            await self._balanced(lines, -1)
        if journal.phase == PENDING or journal.pending_id is not None:
            await self._balanced(lines, -1 if journal.phase == PENDING else 1, held=True)

    async def _any(self, table: Table, *where: Any) -> Row[Any]:
        rows = (await self.connection.execute(select(table).where(*where).order_by(*table.primary_key))).all()
        return self.chance.choice(rows)

    async def _names(self, table: Table, row: Row[Any]) -> set[str]:
        if table is journals:
            lines = await self.connection.scalars(select(postings.c.id).where(postings.c.journal_id == row.id))
            return {row.id, *(f"postings {identity}" for identity in lines)}
        return {f"{table.name} {row.id}"}

    async def _key(self, account_id: int) -> str:
        return str(await self.connection.scalar(select(accounts.c.key).where(accounts.c.id == account_id)))

    async def _lines(self, journal_id: str) -> list[Row[Any]]:
        query = select(postings, accounts.c.key, accounts.c.sign).join_from(
            postings, accounts, accounts.c.id == postings.c.account_id
        )
        return list((await self.connection.execute(query.where(postings.c.journal_id == journal_id))).all())

    async def _balanced(self, lines: list[Row[Any]], times: int, *, held: bool = False) -> None:
        """Put the balances right: `times` what the lines move, or what they hold."""
        for line in lines:
            raised = line.amount_cents * line.sign
            changed = max(0, -raised) * times if held else raised * times
            column = balances.c.held_cents if held else balances.c.posted_cents
            mine = (balances.c.account_id == line.account_id, balances.c.shard == line.shard)
            await self.connection.execute(update(balances).where(*mine).values({column.name: column + changed}))

    async def _without(self, lines: Any, journal: Any) -> None:
        await self.connection.execute(delete(postings).where(lines))
        await self.connection.execute(delete(journals).where(journal))

    def _other(self, value: Any, kind: Any) -> Any:
        """Another value of the same sort."""
        if isinstance(value, bool):
            return not value
        if isinstance(value, int) or (value is None and isinstance(kind, Integer)):
            changed = (value or 0) + self.chance.choice((-1, 1)) * self.chance.randint(1, 1_000_000)
            return changed if abs(changed) < 1 << 63 else 0
        if isinstance(kind, LargeBinary):
            at = self.chance.randrange(len(value)) if value else 0
            return value[:at] + bytes([(value[at] + 1) % 256]) + value[at + 1 :] if value else b"x"
        if isinstance(value, dict):
            return {**value, "n": -1}
        return f"x{(value or '')[1:]}" if not value or value[0] != "x" else f"y{value[1:]}"


def _hash(row: Row[Any], lines: list[tuple[str, int]]) -> str:
    entry = Entry(row.operation_id, row.step, row.memo, tuple(Line(key, cents) for key, cents in lines))
    return Journal(entry, row.phase, row.at, row.pending_id).content_hash


KINDS: dict[str, Callable[[Hand], Awaitable[set[str]]]] = {
    "edit": Hand.edits,
    "edit of a balance": Hand.edits_balance,
    "edit of a seal": Hand.edits_seal,
    "edit with care": Hand.edits_with_care,
    "deletion": Hand.deletes,
    "deletion with care": Hand.deletes_with_care,
    "insertion": Hand.inserts,
    "insertion with care": Hand.inserts_with_care,
    "tail cut": Hand.cuts,
    "tail cut of the books": Hand.cuts_books,
    "tail cut with its seals": Hand.cuts_books_and_seals,
}


async def _main(count: int, seed: int) -> Report:
    with tempfile.TemporaryDirectory(prefix="nyota-meddle-") as folder:
        url = f"sqlite+aiosqlite:///{folder}/nyota.db"
        await migrate(url)
        store = Store(url)
        try:
            vault = Vault(store, Path(folder) / "heads.jsonl", rows_at_once=20)
            await business(vault)
            return await experiment(vault, count, seed)
        finally:
            await store.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("count", type=int, nargs="?", default=1_000)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(1_000_000))
    asked = parser.parse_args()
    done = asyncio.run(_main(asked.count, asked.seed))
    print("\n".join(done.lines))
    raise SystemExit(1 if done.missed or done.unnamed else 0)
