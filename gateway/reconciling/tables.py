"""Statements as far as they are kept: who they are of, their lines without names or phones, and what did not agree.

A file's content is kept until it has been read; its hash stays, so that the same file again answers the same.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from gateway.store.tables import Key, metadata

statement_files = Table(
    "statement_files",
    metadata,
    Column("id", String(64), primary_key=True),  # SHA-256 of its content
    Column("name", String(120), nullable=False),
    Column("form", String(5), nullable=False),  # csv, xlsx, xls, pdf
    Column("shortcode", String(12), nullable=False),
    Column("account", String(60), nullable=False),  # Utility Account, as it says; else empty
    Column("since", BigInteger),  # what it covers, both included
    Column("until", BigInteger),
    Column("state", String(10), nullable=False),  # reading, done, failed
    Column("reason", String(200)),
    Column("bytes", BigInteger, nullable=False),
    Column("rows_about", Integer),  # for a progress bar, where it costs nothing to know
    Column("rows_done", Integer, nullable=False, server_default="0"),  # where reading goes on after a crash
    Column("matched", Integer, nullable=False, server_default="0"),
    Column("gaps_filled", Integer, nullable=False, server_default="0"),
    Column("settled", Integer, nullable=False, server_default="0"),
    Column("mismatched", Integer, nullable=False, server_default="0"),
    Column("noted", Integer, nullable=False, server_default="0"),
    Column("rejected", Integer, nullable=False, server_default="0"),
    Column("paid_in_cents", BigInteger, nullable=False, server_default="0"),
    Column("withdrawn_cents", BigInteger, nullable=False, server_default="0"),
    Column("findings", JSON, nullable=False),  # what in it does not add up, in sentences
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Index("ix_statement_files_shortcode_since", "shortcode", "since"),
)

statement_pieces = Table(
    "statement_pieces",
    metadata,
    Column("file_id", String(64), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("content", LargeBinary, nullable=False),  # packed
)

statement_rejections = Table(
    "statement_rejections",
    metadata,
    Column("file_id", String(64), primary_key=True),
    Column("row", Integer, primary_key=True, autoincrement=False),
    Column("column", String(20), nullable=False),
    Column("reason", String(200), nullable=False),
)

statement_lines = Table(
    "statement_lines",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("shortcode", String(12), nullable=False),
    Column("receipt", String(40), nullable=False),
    Column("kind", String(12), nullable=False),  # one receipt has a payment, its charge, ...
    Column("cents", BigInteger, nullable=False),
    Column("balance_cents", BigInteger),
    Column("account", String(40), nullable=False),
    Column("reason", String(60), nullable=False),
    Column("verdict", String(12), nullable=False),
    Column("file_id", String(64), nullable=False),
    Column("row", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    UniqueConstraint("shortcode", "receipt", "kind"),
    Index("ix_statement_lines_shortcode_at", "shortcode", "at"),
)

mismatches = Table(
    "mismatches",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("reference", String(16), nullable=False, unique=True),
    # missing_ledger, missing_callback, missing_statement, amount_mismatch, status_mismatch
    Column("kind", String(20), nullable=False),
    Column("shortcode", String(12), nullable=False),
    Column("receipt", String(40)),
    Column("operation_id", String(36)),
    Column("ours_cents", BigInteger),
    Column("theirs_cents", BigInteger),
    Column("why", String(200), nullable=False),
    Column("evidence", JSON, nullable=False),
    Column("state", String(10), nullable=False),  # pending, resolved, ignored
    Column("note", String(500)),
    Column("by", String(40)),  # who; `system` where it was provable
    Column("at", BigInteger, nullable=False),  # when the money moved
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Index("ix_mismatches_state_at", "state", "at"),
    Index("ix_mismatches_shortcode_receipt", "shortcode", "receipt"),
)

reconciliations = Table(
    "reconciliations",
    metadata,
    Column("day", Date, primary_key=True),
    Column("result", JSON, nullable=False),
    Column("told", String(64)),  # hash of the result that finance was told
    Column("at", BigInteger, nullable=False),
)
