"""What people write by SMS: messages in, requests that wait for their code, and who wants no reminders."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _inbound()
    _requests()
    op.create_table(
        "texts_stops",
        sa.Column("msisdn", sa.String(length=20), nullable=False),
        sa.Column("why", sa.String(length=10), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("msisdn", name="pk_texts_stops"),
    )


def _inbound() -> None:
    op.create_table(
        "texts_inbound",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("provider_id", sa.String(length=128), nullable=False),
        sa.Column("msisdn", sa.String(length=20), nullable=False),
        sa.Column("short_code", sa.String(length=20), nullable=False),
        sa.Column("link_id", sa.String(length=128), nullable=False),
        sa.Column("network", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("joined", sa.String(length=80), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("operation_id", sa.String(length=36), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_texts_inbound"),
        sa.UniqueConstraint("provider", "provider_id", name="uq_texts_inbound_provider"),
    )
    op.create_index("ix_texts_inbound_msisdn_received_at", "texts_inbound", ["msisdn", "received_at"], unique=False)
    op.create_index("ix_texts_inbound_received_at", "texts_inbound", ["received_at"], unique=False)


def _requests() -> None:
    op.create_table(
        "texts_requests",
        sa.Column("session_id", sa.String(length=32), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("msisdn", sa.String(length=20), nullable=False),
        sa.Column("code_id", sa.String(length=32), nullable=False),
        sa.Column("snapshot", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.String(length=10), nullable=False),
        sa.Column("bound", sa.String(length=64), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("session_id", name="pk_texts_requests"),
    )
    op.create_index(
        "ix_texts_requests_customer_id_created_at", "texts_requests", ["customer_id", "created_at"], unique=False
    )
