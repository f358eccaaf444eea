"""Writes journals: post moves money, hold reserves it, post_held and void_held end the reservation.

Everything happens in the caller's unit of work, so that money, operation and loan rows commit together or not
at all. The balances concerned are locked first, in order of account, and read by the same statement: what is
decided about them cannot be overtaken, two who write the same journal at once meet here, and a refusal leaves
nothing half done. The database refuses an uncovered balance once more by itself, whoever asks.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from sqlalchemy import BigInteger, bindparam, insert, or_, select, tuple_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.books.accounts import CURRENCY, nature_of, open_accounts
from gateway.books.entry import Change, Entry, Journal, Line, change_of, journal_id, shard_seed
from gateway.books.errors import HoldResolved, KeyReused, Overdraft
from gateway.books.tables import PENDING, POSTED, VOIDED, accounts, balances, journals, postings
from gateway.errors import BrokenInvariant
from gateway.store.engine import is_duplicate

COMPLETE = "the journal is complete"
"""What the guard `postings_first` says of a posting that comes after its journal."""

AT_ONCE = 5_000
"""Values in one statement."""

Value = TypeVar("Value")

Sign = Callable[[str], str]
"""Marks a content hash as written by us."""

_LOCK = (
    select(
        accounts.c.key,
        accounts.c.sign,
        accounts.c.may_overdraw,
        balances.c.account_id,
        balances.c.shard,
        balances.c.posted_cents,
        balances.c.held_cents,
    )
    .join_from(accounts, balances, balances.c.account_id == accounts.c.id)
    .where(
        accounts.c.key.in_(bindparam("keys", expanding=True)),
        balances.c.shard == bindparam("seed", type_=BigInteger) % accounts.c.shards,
    )
    .order_by(balances.c.account_id, balances.c.shard)
    .with_for_update(of=balances, key_share=True)
)

_CHANGE = (
    update(balances)
    .where(balances.c.account_id == bindparam("account"), balances.c.shard == bindparam("of_shard"))
    .values(
        posted_cents=balances.c.posted_cents + bindparam("posted"),
        held_cents=balances.c.held_cents + bindparam("held"),
    )
)


@dataclass(frozen=True, slots=True)
class Slot:
    """A balance that is ours until the unit of work ends: an account's, or its shard's of this operation."""

    key: str
    sign: int
    may_overdraw: bool
    account_id: int
    shard: int
    posted_cents: int
    held_cents: int


async def post(connection: AsyncConnection, entry: Entry, at: int, sign: Sign | None = None) -> str:
    """Moves the money and answers the journal's id. The same entry again answers the same, changing nothing.

    Raises Overdraft, and KeyReused when the operation and step stand for something else already.
    """
    return await _write(connection, Journal(entry, POSTED, at), sign)


async def hold(connection: AsyncConnection, entry: Entry, at: int, sign: Sign | None = None) -> str:
    """Reserves what the entry would take, until it is posted or voided. Otherwise as `post`."""
    return await _write(connection, Journal(entry, PENDING, at), sign)


async def post_held(
    connection: AsyncConnection, operation_id: str, step_of_hold: str, step: str, at: int, sign: Sign | None = None
) -> str:
    """Moves what was held and ends the hold. Repeats as `post`; raises HoldResolved when it ended before."""
    hold_id, entry = await _held(connection, operation_id, step_of_hold, step)
    return await _write(connection, Journal(entry, POSTED, at, hold_id), sign)


async def void_held(
    connection: AsyncConnection, operation_id: str, step_of_hold: str, step: str, at: int, sign: Sign | None = None
) -> str:
    """Gives back what was held. Repeats as `post`; raises HoldResolved when it ended before."""
    hold_id, entry = await _held(connection, operation_id, step_of_hold, step)
    return await _write(connection, Journal(entry, VOIDED, at, hold_id), sign)


async def is_held(connection: AsyncConnection, operation_id: str, step_of_hold: str) -> bool:
    """Whether a hold was made and has neither been posted nor voided yet."""
    hold_id = journal_id(operation_id, step_of_hold)
    ended = select(journals.c.id).where(journals.c.pending_id == hold_id).exists()
    query = select(journals.c.id).where(journals.c.id == hold_id, journals.c.phase == PENDING, ~ended)
    return await connection.scalar(query) is not None


async def held_entry(connection: AsyncConnection, operation_id: str, step_of_hold: str, step: str) -> Entry:
    """What a hold reserves, as the entry that `step` posts of it."""
    return (await _held(connection, operation_id, step_of_hold, step))[1]


async def _write(connection: AsyncConnection, journal: Journal, sign: Sign | None) -> str:
    slots = await _lock(connection, journal.entry)
    if not await _is_written(connection, journal):
        await _apply(connection, slots, _changes(slots, journal))
        await _insert(connection, slots, journal, sign)
    return journal.entry.journal_id


async def _held(connection: AsyncConnection, operation_id: str, step_of_hold: str, step: str) -> tuple[str, Entry]:
    """A hold's id and what it reserves, as the entry that ends it."""
    hold_id = journal_id(operation_id, step_of_hold)
    found = await connection.execute(
        select(journals.c.phase, journals.c.memo, accounts.c.key, postings.c.amount_cents)
        .join_from(journals, postings, postings.c.journal_id == journals.c.id)
        .join(accounts, accounts.c.id == postings.c.account_id)
        .where(journals.c.id == hold_id)
        .order_by(postings.c.id)
    )
    rows = found.all()
    if not rows or rows[0].phase != PENDING:
        raise BrokenInvariant("no such hold", operation=operation_id, step=step_of_hold)
    lines = tuple(Line(row.key, row.amount_cents) for row in rows)
    return hold_id, Entry(operation_id, step, rows[0].memo, lines)


async def _lock(connection: AsyncConnection, entry: Entry) -> dict[str, Slot]:
    """The balances of the entry's accounts, by key; opened if missing."""
    slots = await locked(connection, entry.operation_id, entry.keys)
    if missing := set(entry.keys) - slots.keys():
        await open_accounts(connection, missing)
        slots = await locked(connection, entry.operation_id, entry.keys)
    return slots


async def locked(connection: AsyncConnection, operation_id: str, keys: Iterable[str]) -> dict[str, Slot]:
    """The balances of these accounts, as far as there are any, are this operation's until its unit of work ends.

    For whoever writes several journals: all that they touch is locked at once, in the order of everybody.
    """
    rows = await connection.execute(_LOCK, {"keys": sorted(set(keys)), "seed": shard_seed(operation_id)})
    return {row.key: Slot(*row) for row in rows}


async def locked_for(connection: AsyncConnection, entries: Sequence[Entry]) -> None:
    """All that these entries touch is ours until the unit of work ends, though each has an operation of its own.

    For whoever writes many of them: one after the other they would be locked in nobody's order.
    """
    ids = await _ids(connection, sorted({key for entry in entries for key in entry.keys}))
    touched = sorted(
        {(ids[key], shard_seed(entry.operation_id) % nature_of(key).shards) for entry in entries for key in entry.keys}
    )
    for some in _some(touched):
        await connection.execute(
            select(balances.c.shard)
            .where(tuple_(balances.c.account_id, balances.c.shard).in_(some))
            .order_by(balances.c.account_id, balances.c.shard)
            .with_for_update(key_share=True)
        )


async def _ids(connection: AsyncConnection, keys: Sequence[str]) -> dict[str, int]:
    """The accounts of these keys; opened if missing."""
    found: dict[str, int] = {}
    for some in _some(keys):
        query = select(accounts.c.key, accounts.c.id).where(accounts.c.key.in_(some))
        known = {row.key: row.id for row in await connection.execute(query)}
        if missing := set(some) - known.keys():
            await open_accounts(connection, missing)
            known = {row.key: row.id for row in await connection.execute(query)}
        found |= known
    return found


def _some(values: Sequence[Value]) -> Iterable[Sequence[Value]]:
    """As many at once as a statement takes."""
    return (values[start : start + AT_ONCE] for start in range(0, len(values), AT_ONCE))


async def _is_written(connection: AsyncConnection, journal: Journal) -> bool:
    """Whether this journal is there, asked once its balances are locked. Raises KeyReused, HoldResolved."""
    entry = journal.entry
    matches = journals.c.id == entry.journal_id
    if journal.pending_id is not None:
        matches = or_(matches, journals.c.pending_id == journal.pending_id)
    found = await connection.execute(select(journals).where(matches))
    earlier = {row.id: row for row in found}
    if (same := earlier.pop(entry.journal_id, None)) is not None:
        if same.content_hash != replace(journal, at=same.at).content_hash:
            raise _reused(entry)
        return True
    for other in earlier.values():
        raise HoldResolved(str(journal.pending_id), other.phase)
    return False


def _changes(slots: dict[str, Slot], journal: Journal) -> dict[str, Change]:
    """What the journal does to each account. Raises Overdraft when one of them has not enough available."""
    changes = {key: change_of(journal, key, slot.sign) for key, slot in slots.items()}
    for key, change in changes.items():
        available = slots[key].posted_cents - slots[key].held_cents + change.available_cents
        if change.available_cents < 0 and available < 0 and not slots[key].may_overdraw:
            raise Overdraft(key)
    return changes


async def _apply(connection: AsyncConnection, slots: dict[str, Slot], changes: dict[str, Change]) -> None:
    rows = [
        {
            "account": slots[key].account_id,
            "of_shard": slots[key].shard,
            "posted": change.posted_cents,
            "held": change.held_cents,
        }
        for key, change in changes.items()
        if change != Change()
    ]
    if rows:
        await connection.execute(_CHANGE, rows)


async def _insert(connection: AsyncConnection, slots: dict[str, Slot], journal: Journal, sign: Sign | None) -> None:
    """Postings first: the journal's own insertion is what proves that they balance."""
    entry, content_hash = journal.entry, journal.content_hash
    row = {
        "id": entry.journal_id,
        "operation_id": entry.operation_id,
        "step": entry.step,
        "phase": journal.phase,
        "pending_id": journal.pending_id,
        "content_hash": content_hash,
        "mark": sign(content_hash) if sign else None,
        "memo": entry.memo,
        "at": journal.at,
    }
    try:
        await connection.execute(insert(postings), [_posting(slots, journal, line) for line in entry.lines])
        await connection.execute(insert(journals), row)
    except IntegrityError as error:
        if is_duplicate(error) or COMPLETE in str(error.orig):  # written since we looked, over other accounts than ours
            raise _reused(entry) from error
        raise


def _posting(slots: dict[str, Slot], journal: Journal, line: Line) -> dict[str, object]:
    slot = slots[line.account_key]
    return {
        "journal_id": journal.entry.journal_id,
        "account_id": slot.account_id,
        "shard": slot.shard,
        "amount_cents": line.amount_cents,
        "currency": CURRENCY,
        "phase": journal.phase,
        "at": journal.at,
    }


def _reused(entry: Entry) -> KeyReused:
    return KeyReused("another journal has this key", operation=entry.operation_id, step=entry.step)
