"""The organisation's statements, their lines, and what was found by comparing."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _files()
    _lines()
    _found()


def _files() -> None:
    op.create_table(
        "statement_files",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("form", sa.String(length=5), nullable=False),
        sa.Column("shortcode", sa.String(length=12), nullable=False),
        sa.Column("account", sa.String(length=60), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("rows_about", sa.Integer(), nullable=True),
        sa.Column("rows_done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("matched", sa.Integer(), server_default="0", nullable=False),
        sa.Column("gaps_filled", sa.Integer(), server_default="0", nullable=False),
        sa.Column("settled", sa.Integer(), server_default="0", nullable=False),
        sa.Column("mismatched", sa.Integer(), server_default="0", nullable=False),
        sa.Column("noted", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rejected", sa.Integer(), server_default="0", nullable=False),
        sa.Column("paid_in_cents", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("withdrawn_cents", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_statement_files"),
    )
    op.create_index("ix_statement_files_shortcode_since", "statement_files", ["shortcode", "since"], unique=False)
    op.create_table(
        "statement_pieces",
        sa.Column("file_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("file_id", "number", name="pk_statement_pieces"),
    )
    op.create_table(
        "statement_rejections",
        sa.Column("file_id", sa.String(length=64), nullable=False),
        sa.Column("row", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("column", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("file_id", "row", name="pk_statement_rejections"),
    )


def _lines() -> None:
    op.create_table(
        "statement_lines",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("shortcode", sa.String(length=12), nullable=False),
        sa.Column("receipt", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("balance_cents", sa.BigInteger(), nullable=True),
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=False),
        sa.Column("verdict", sa.String(length=12), nullable=False),
        sa.Column("file_id", sa.String(length=64), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_statement_lines"),
        sa.UniqueConstraint("shortcode", "receipt", "kind", name="uq_statement_lines_shortcode_receipt_kind"),
    )
    op.create_index("ix_statement_lines_shortcode_at", "statement_lines", ["shortcode", "at"], unique=False)


def _found() -> None:
    op.create_table(
        "mismatches",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("shortcode", sa.String(length=12), nullable=False),
        sa.Column("receipt", sa.String(length=40), nullable=True),
        sa.Column("operation_id", sa.String(length=36), nullable=True),
        sa.Column("ours_cents", sa.BigInteger(), nullable=True),
        sa.Column("theirs_cents", sa.BigInteger(), nullable=True),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("by", sa.String(length=40), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_mismatches"),
        sa.UniqueConstraint("reference", name="uq_mismatches_reference"),
    )
    op.create_index("ix_mismatches_state_at", "mismatches", ["state", "at"], unique=False)
    op.create_index("ix_mismatches_shortcode_receipt", "mismatches", ["shortcode", "receipt"], unique=False)
    op.create_table(
        "reconciliations",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("told", sa.String(length=64), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_reconciliations"),
    )
