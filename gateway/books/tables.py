"""The books' tables. Money is integer cents, debits positive and credits negative; moments are milliseconds.

Postings are written before their journal, whose insertion is refused unless they are there and sum to zero;
the foreign key waits for the commit. So nobody can commit a half or unbalanced journal. Journals, postings and
accounts are never edited or deleted, and no balance falls below zero where it may not. All of this is kept by
triggers, which the migrations make and `GUARDS` names.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from gateway.store.tables import Key, metadata

PENDING = "pending"
POSTED = "posted"
VOIDED = "voided"

GUARDS = (
    "accounts_not_updated",
    "accounts_not_deleted",
    "balances_covered",
    "journals_balanced",
    "journals_not_updated",
    "journals_not_deleted",
    "postings_first",
    "postings_not_updated",
    "postings_not_deleted",
    "staff_actions_not_updated",
    "staff_actions_not_deleted",
    "seals_not_updated",
    "seals_not_deleted",
)
"""The triggers, by name, that every engine must have: on the books, on the log of what staff did, and on seals."""

KEPT = ("accounts", "journals", "postings", "staff_actions", "seals")


def guards_of(engine: str) -> tuple[str, ...]:
    """All triggers of an engine, by SQLAlchemy's name of it: SQLite can replace a row, PostgreSQL empty a table."""
    way = "replaced" if engine == "sqlite" else "truncated"
    return (*GUARDS, *(f"{table}_not_{way}" for table in KEPT))


accounts = Table(
    "accounts",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("key", String(80), nullable=False, unique=True),  # wallet:<customer id>, mpesa.payout
    Column("control", String(40), nullable=False, index=True),  # wallet, mpesa.payout: its row in a trial balance
    Column("kind", String(10), nullable=False),  # asset, liability, income, expense, equity
    Column("sign", Integer, nullable=False),  # 1: a debit raises it, -1: a credit does
    Column("currency", String(3), nullable=False),
    Column("may_overdraw", Boolean, nullable=False),
    Column("shards", Integer, nullable=False),
    CheckConstraint("sign in (1, -1)", name="ck_accounts_sign"),
    CheckConstraint("shards = 1 or (shards > 1 and may_overdraw)", name="ck_accounts_shards"),
)

balances = Table(
    "balances",
    metadata,
    Column("account_id", ForeignKey("accounts.id"), primary_key=True),
    Column("shard", Integer, primary_key=True, autoincrement=False),
    Column("posted_cents", BigInteger, nullable=False),  # in the account's own direction
    Column("held_cents", BigInteger, nullable=False),  # of open holds, not available any more
    CheckConstraint("held_cents >= 0", name="ck_balances_held_cents"),
)

journals = Table(
    "journals",
    metadata,
    Column("id", String(36), primary_key=True),  # uuid5(operation, step): known before it is written
    Column("operation_id", String(80), nullable=False),
    Column("step", String(40), nullable=False),
    Column("phase", String(10), nullable=False),  # pending reserves, posted moves, voided releases
    Column("pending_id", ForeignKey("journals.id"), unique=True),  # the hold which it resolves
    Column("content_hash", String(64), nullable=False),
    Column("memo", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("mark", String(80)),  # of the hash, under a key outside of the database; none where there is no key
    UniqueConstraint("operation_id", "step"),
    CheckConstraint("phase in ('pending', 'posted', 'voided')", name="ck_journals_phase"),
    CheckConstraint("phase = 'posted' or (phase = 'voided') = (pending_id is not null)", name="ck_journals_pending_id"),
)

postings = Table(
    "postings",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column(
        "journal_id",
        ForeignKey("journals.id", deferrable=True, initially="DEFERRED"),
        nullable=False,
        index=True,
    ),
    Column("account_id", Key, nullable=False),
    Column("shard", Integer, nullable=False),
    Column("amount_cents", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("phase", String(10), nullable=False),  # its journal's, so that a statement reads one index
    Column("at", BigInteger, nullable=False),  # its journal's
    ForeignKeyConstraint(["account_id", "shard"], ["balances.account_id", "balances.shard"]),
    CheckConstraint("amount_cents <> 0", name="ck_postings_amount_cents"),
    Index("ix_postings_statement", "account_id", "phase", "at", "id"),
)

month_ends = Table(
    "month_ends",
    metadata,
    Column("at", BigInteger, primary_key=True, autoincrement=False),  # the last millisecond of a month
    Column("through_account", BigInteger, nullable=False),  # accounts up to this id are kept by now
    Column("is_whole", Boolean, nullable=False),
)

month_balances = Table(
    "month_balances",
    metadata,
    Column("account_id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, primary_key=True, autoincrement=False),  # one of the month ends
    Column("posted_cents", BigInteger, nullable=False),  # in the account's own direction
)
