"""Proves the books from what is written in them. An empty answer means that every sum and promise holds.

Each proof is one statement, or reads only what never changes, so it may run beside the work of the day.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, case, func, literal, or_, select, text, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.books.accounts import PEER_CONTROLS
from gateway.books.balances import total
from gateway.books.entry import Entry, Journal, Line
from gateway.books.tables import PENDING, POSTED, accounts, balances, guards_of, journals, month_balances, postings
from gateway.errors import BrokenInvariant

IsOurs = Callable[[str, object], bool]
"""Whether a mark under a content hash is one of ours."""

BATCH = 500
"""Journals read at a time while their content is compared with its hash."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One promise that does not hold: which (`kind`), of what (a journal, an account, a trigger), and how."""

    kind: str
    subject: str
    detail: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.subject}: {self.detail}"


async def check(connection: AsyncConnection) -> list[Finding]:
    """Everything that is wrong. It reads all there is, so it takes as long as the books are."""
    findings = [finding for proof in PROOFS for finding in await _proved(connection, *proof)]
    findings += await _contents(connection)
    findings += await _guards(connection)
    return findings


async def _proved(connection: AsyncConnection, kind: str, says: str, query: Select[Any]) -> list[Finding]:
    """The first column names the subject, the others fill the sentence."""
    rows = await connection.execute(query)
    return [Finding(kind, str(subject), says.format(*details)) for subject, *details in rows]


def _unbalanced() -> Select[Any]:
    amount = total(postings.c.amount_cents)
    each = (postings.c.journal_id, postings.c.currency)
    return select(*each, amount).group_by(*each).having(amount != 0)


def _short() -> Select[Any]:
    count = func.count(postings.c.id)
    joined = select(journals.c.id, count).outerjoin_from(journals, postings)
    return joined.group_by(journals.c.id).having(count < 2)


def _dangling() -> Select[Any]:
    joined = select(postings.c.id, postings.c.journal_id).outerjoin_from(postings, journals)
    return joined.where(journals.c.id.is_(None))


def _homeless() -> Select[Any]:
    joined = select(postings.c.id, postings.c.account_id, postings.c.shard).outerjoin_from(postings, balances)
    return joined.where(balances.c.account_id.is_(None))


def _unsharded() -> Select[Any]:
    count = func.count(balances.c.shard)
    joined = select(accounts.c.key, count, accounts.c.shards).outerjoin_from(accounts, balances)
    return joined.group_by(accounts.c.id, accounts.c.key, accounts.c.shards).having(count != accounts.c.shards)


def _foreign() -> Select[Any]:
    joined = select(postings.c.id, postings.c.journal_id)
    joined = joined.join_from(postings, journals).join(accounts, accounts.c.id == postings.c.account_id)
    return joined.where(
        or_(
            postings.c.phase != journals.c.phase,
            postings.c.at != journals.c.at,
            postings.c.currency != accounts.c.currency,
        )
    )


def _drifted() -> Select[Any]:
    """Balances that are not what posted journals and open holds come to."""
    moved = _amounts(postings.c.amount_cents * accounts.c.sign, literal(0)).where(postings.c.phase == POSTED)
    resolving = journals.alias()
    raised = postings.c.amount_cents * accounts.c.sign
    held = (
        _amounts(literal(0), case((raised < 0, -raised), else_=0))
        .outerjoin(resolving, resolving.c.pending_id == postings.c.journal_id)
        .where(postings.c.phase == PENDING, resolving.c.id.is_(None))
    )
    kept = select(
        balances.c.account_id,
        balances.c.shard,
        (-balances.c.posted_cents).label("posted"),
        (-balances.c.held_cents).label("held"),
    )
    every = union_all(moved, held, kept).subquery()
    posted, holding = total(every.c.posted), total(every.c.held)
    each = (accounts.c.key, every.c.shard)
    joined = select(*each, posted, holding).join_from(every, accounts, accounts.c.id == every.c.account_id)
    return joined.group_by(*each).having(or_(posted != 0, holding != 0))


def _amounts(posted: ColumnElement[int], held: ColumnElement[int]) -> Select[Any]:
    columns = (postings.c.account_id, postings.c.shard, posted.label("posted"), held.label("held"))
    return select(*columns).join_from(postings, accounts, accounts.c.id == postings.c.account_id)


def _misremembered() -> Select[Any]:
    """Month ends that are kept and are not what was posted until then."""
    until = select(total(postings.c.amount_cents * accounts.c.sign)).where(
        postings.c.account_id == month_balances.c.account_id,
        postings.c.phase == POSTED,
        postings.c.at <= month_balances.c.at,
    )
    drift = month_balances.c.posted_cents - until.correlate(month_balances, accounts).scalar_subquery()
    joined = select(accounts.c.key, month_balances.c.at, drift)
    return joined.join_from(month_balances, accounts, accounts.c.id == month_balances.c.account_id).where(drift != 0)


def _overdrawn() -> Select[Any]:
    joined = select(accounts.c.key, balances.c.shard, balances.c.posted_cents, balances.c.held_cents)
    joined = joined.join_from(accounts, balances)
    uncovered = ~accounts.c.may_overdraw & (balances.c.posted_cents < balances.c.held_cents)
    return joined.where(or_(uncovered, balances.c.held_cents < 0))


def _tilted() -> Select[Any]:
    amount = total(balances.c.posted_cents * accounts.c.sign)
    joined = select(accounts.c.currency, amount).join_from(accounts, balances)
    return joined.group_by(accounts.c.currency).having(amount != 0)


def _unmatched() -> Select[Any]:
    """Loans between people of which the borrower owes something else than the lender is due."""
    owner = func.substr(accounts.c.key, func.length(accounts.c.control) + 2).label("owner")
    amount = total(balances.c.posted_cents * accounts.c.sign)
    joined = select(owner, amount).join_from(accounts, balances)
    return joined.where(accounts.c.control.in_(PEER_CONTROLS)).group_by(owner).having(amount != 0)


def _resolved_twice() -> Select[Any]:
    count = func.count()
    resolved = select(journals.c.pending_id, count).where(journals.c.pending_id.is_not(None))
    return resolved.group_by(journals.c.pending_id).having(count > 1)


def _resolved_otherwise() -> Select[Any]:
    """Journals that end a hold with other lines than the hold's, or end something that is no hold."""
    hold = journals.alias()
    sides = [
        select(
            journals.c.id,
            postings.c.account_id,
            postings.c.shard,
            (postings.c.amount_cents * side).label("amount"),
        )
        .join_from(journals, postings, postings.c.journal_id == source)
        .where(journals.c.pending_id.is_not(None))
        for source, side in ((journals.c.id, 1), (journals.c.pending_id, -1))
    ]
    both = union_all(*sides).subquery()
    each = (both.c.id, both.c.account_id, both.c.shard)
    other = select(both.c.id).group_by(*each).having(func.sum(both.c.amount) != 0)
    return (
        select(journals.c.id, journals.c.pending_id)
        .join_from(journals, hold, hold.c.id == journals.c.pending_id)
        .where(or_(hold.c.phase != PENDING, journals.c.id.in_(other)))
    )


PROOFS = (
    ("unbalanced", "sums to {1} cents of {0}", _unbalanced()),
    ("short", "has {0} postings", _short()),
    ("dangling", "belongs to journal {0}, which does not exist", _dangling()),
    ("homeless", "is of account {0}, shard {1}, which does not exist", _homeless()),
    ("unsharded", "has {0} balances instead of {1}", _unsharded()),
    ("foreign", "differs from its journal {0} or its account in phase, moment or currency", _foreign()),
    ("drifted", "shard {0}: the postings say {1} cents more and the open holds {2} cents more", _drifted()),
    ("misremembered", "the month that ended at {0} is kept with {1} cents more than was posted", _misremembered()),
    ("overdrawn", "shard {0}: {1} cents posted, {2} held", _overdrawn()),
    ("unmatched", "its borrower owes {0} cents more than its lender is due", _unmatched()),
    ("tilted", "debits exceed credits by {0} cents", _tilted()),
    ("resolved twice", "{0} journals end this hold", _resolved_twice()),
    ("resolved otherwise", "ends hold {0} with other lines, or it is no hold", _resolved_otherwise()),
)
"""Kind, sentence, and the statement that finds what breaks it."""


async def _contents(connection: AsyncConnection) -> list[Finding]:
    findings: list[Finding] = []
    last = ""
    while batch := (await connection.execute(_after(last))).all():
        for _, rows in groupby(batch, key=lambda row: row.id):
            findings += _content(list(rows))
        last = batch[-1].id
    return findings


def _after(last: str) -> Select[Any]:
    """The lines of the next journals, whole journals only."""
    page = select(journals.c.id).where(journals.c.id > last).order_by(journals.c.id).limit(BATCH).subquery()
    return _lines().join(page, journals.c.id == page.c.id).order_by(journals.c.id)


def _lines() -> Select[Any]:
    return (
        select(journals, accounts.c.key, postings.c.amount_cents)
        .join_from(journals, postings, postings.c.journal_id == journals.c.id)
        .join(accounts, accounts.c.id == postings.c.account_id)
    )


async def unsound(connection: AsyncConnection, ids: Collection[str], is_ours: IsOurs) -> dict[str, Finding]:
    """Of some journals those that are not what they were when written, or that none of our processes has written."""
    rows = await connection.execute(_lines().where(journals.c.id.in_(ids)).order_by(journals.c.id))
    lines = {identity: list(group) for identity, group in groupby(rows, key=lambda row: row.id)}
    judged = {identity: _judged(identity, lines.get(identity, []), is_ours) for identity in ids}
    return {identity: finding for identity, finding in judged.items() if finding is not None}


def _judged(identity: str, lines: Sequence[Row[Any]], is_ours: IsOurs) -> Finding | None:
    if not lines:
        return Finding("dangling", identity, "there is no such journal, or its accounts are not there")
    for finding in _content(lines):
        return finding
    if not is_ours(lines[0].content_hash, lines[0].mark):
        return Finding("forged", identity, "nobody who has the key has written this")
    return None


def _content(rows: Sequence[Row[Any]]) -> Iterable[Finding]:
    first = rows[0]
    lines = tuple(Line(row.key, row.amount_cents) for row in rows)
    try:
        entry = Entry(first.operation_id, first.step, first.memo, lines)
    except BrokenInvariant as error:
        return [Finding("malformed", first.id, str(error))]
    if entry.journal_id != first.id:
        return [Finding("misplaced", first.id, f"is not the id of {entry.operation_id}, {entry.step}")]
    if Journal(entry, first.phase, first.at, first.pending_id).content_hash != first.content_hash:
        return [Finding("altered", first.id, "the content is not what was hashed when it was written")]
    return []


async def _guards(connection: AsyncConnection) -> list[Finding]:
    found = await connection.execute(
        text(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            if connection.dialect.name == "sqlite"
            else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')"
        )
    )
    missing = set(guards_of(connection.dialect.name)) - set(found.scalars())
    return [Finding("unguarded", name, "the database does not refuse it any more") for name in sorted(missing)]
