"""Transfers to people who are not members yet, and what limits have been used."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    _transfers()
    _wallet_usage()


def _transfers() -> None:
    op.create_table(
        "transfers",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("sender_id", sa.String(length=36), nullable=False),
        sa.Column("msisdn", sa.String(length=20), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("fee_cents", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("claimed_by", sa.String(length=36), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("resolved_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["sender_id"], ["customers.id"], name="fk_transfers_sender_id"),
        sa.PrimaryKeyConstraint("id", name="pk_transfers"),
        sa.UniqueConstraint("reference", name="uq_transfers_reference"),
    )
    op.create_index("ix_transfers_msisdn_state", "transfers", ["msisdn", "state"], unique=False)
    op.create_index("ix_transfers_sender_id_state", "transfers", ["sender_id", "state"], unique=False)


def _wallet_usage() -> None:
    op.create_table(
        "wallet_usage",
        sa.Column("operation_id", sa.String(length=36), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("direction", sa.String(length=4), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name="fk_wallet_usage_customer_id"),
        sa.PrimaryKeyConstraint("operation_id", name="pk_wallet_usage"),
    )
    op.create_index(
        "ix_wallet_usage_customer_id_direction_at", "wallet_usage", ["customer_id", "direction", "at"], unique=False
    )
