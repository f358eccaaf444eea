"""Pay-outs that were let through, what a day has paid out, and what the shortcodes hold."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _payouts()
    _floats()
    op.create_index("ix_rail_requests_kind_settled_at", "rail_requests", ["kind", "settled_at"], unique=False)


def _payouts() -> None:
    op.create_table(
        "payouts",
        sa.Column("operation_id", sa.String(length=36), nullable=False),
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("msisdn", sa.String(length=20), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("is_own", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("operation_id", name="pk_payouts"),
    )
    op.create_index("ix_payouts_msisdn_amount_cents_at", "payouts", ["msisdn", "amount_cents", "at"], unique=False)
    op.create_index("ix_payouts_at", "payouts", ["at"], unique=False)
    op.create_table(
        "payout_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "name", name="pk_payout_days"),
    )
    op.create_table(
        "payout_gates",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_payout_gates"),
    )


def _floats() -> None:
    op.create_table(
        "floats",
        sa.Column("shortcode", sa.String(length=12), nullable=False),
        sa.Column("account", sa.String(length=60), nullable=False),
        sa.Column("available_cents", sa.BigInteger(), nullable=False),
        sa.Column("current_cents", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("shortcode", "account", name="pk_floats"),
    )
    op.create_table(
        "float_questions",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("shortcode", sa.String(length=12), nullable=False),
        sa.Column("rail_id", sa.String(length=80), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_float_questions"),
        sa.UniqueConstraint("token", name="uq_float_questions_token"),
    )
    op.create_index("ix_float_questions_rail_id", "float_questions", ["rail_id"], unique=False)
