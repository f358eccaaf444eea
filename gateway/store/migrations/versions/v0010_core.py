"""The mirror of a remote core, and what was said to it."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    _clients()
    _loans()
    _savings()
    _commands()


def _clients() -> None:
    op.create_table(
        "core_clients",
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("core_id", sa.String(length=64), nullable=False),
        *_dated(),
        sa.PrimaryKeyConstraint("customer_id", name="pk_core_clients"),
        sa.UniqueConstraint("core_id", name="uq_core_clients_core_id"),
    )


def _loans() -> None:
    op.create_table(
        "core_loans",
        sa.Column("loan_id", sa.String(length=36), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("core_id", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("owed_cents", sa.BigInteger(), nullable=False),
        sa.Column("overpaid_cents", sa.BigInteger(), nullable=False),
        sa.Column("schedule", sa.JSON(), nullable=False),
        *_dated(),
        sa.PrimaryKeyConstraint("loan_id", name="pk_core_loans"),
        sa.UniqueConstraint("core_id", name="uq_core_loans_core_id"),
    )
    op.create_index("ix_core_loans_customer_id", "core_loans", ["customer_id"], unique=False)


def _savings() -> None:
    op.create_table(
        "core_savings",
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("core_id", sa.String(length=64), nullable=False),
        sa.Column("balance_cents", sa.BigInteger(), nullable=False),
        *_dated(),
        sa.PrimaryKeyConstraint("customer_id", "account", name="pk_core_savings"),
        sa.UniqueConstraint("core_id", name="uq_core_savings_core_id"),
    )


def _commands() -> None:
    op.create_table(
        "core_commands",
        sa.Column("operation_id", sa.String(length=36), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("generation", sa.Integer(), server_default="0", nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("questions", sa.Integer(), server_default="0", nullable=False),
        sa.Column("core_id", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["operation_id"], ["operations.id"], name="fk_core_commands_operation_id_operations"),
        sa.PrimaryKeyConstraint("operation_id", "step", name="pk_core_commands"),
    )
    op.create_table(
        "core_cursors",
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("cursor", sa.String(length=80), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", name="pk_core_cursors"),
    )


def _dated() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
    )
