"""Scheduled payments, with a row for each day on which one was to be paid; and other lines that pay for customers."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    _schedules()
    _schedule_runs()
    _linked_lines()


def _schedules() -> None:
    op.create_table(
        "schedules",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("fee_cents", sa.BigInteger(), nullable=False),
        sa.Column("every", sa.String(length=8), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=True),
        sa.Column("to_msisdn", sa.String(length=20), nullable=True),
        sa.Column("loan", sa.String(length=16), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("why", sa.String(length=12), nullable=True),
        sa.Column("next_on", sa.String(length=10), nullable=False),
        sa.Column("looked_on", sa.String(length=10), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name="fk_schedules_customer_id_customers"),
        sa.PrimaryKeyConstraint("id", name="pk_schedules"),
        sa.UniqueConstraint("reference", name="uq_schedules_reference"),
    )
    op.create_index("ix_schedules_state_next_on", "schedules", ["state", "next_on"], unique=False)
    op.create_index("ix_schedules_customer_id_created_at", "schedules", ["customer_id", "created_at"], unique=False)


def _schedule_runs() -> None:
    op.create_table(
        "schedule_runs",
        sa.Column("schedule_id", sa.String(length=36), nullable=False),
        sa.Column("due_on", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=True),
        sa.Column("operation_id", sa.String(length=36), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("schedule_id", "due_on", name="pk_schedule_runs"),
    )
    op.create_index("ix_schedule_runs_state", "schedule_runs", ["state"], unique=False)


def _linked_lines() -> None:
    op.create_table(
        "linked_lines",
        sa.Column("msisdn", sa.String(length=20), nullable=False),
        sa.Column("hashed", sa.String(length=64), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("msisdn", name="pk_linked_lines"),
        sa.UniqueConstraint("hashed", name="uq_linked_lines_hashed"),
        sa.UniqueConstraint("reference", name="uq_linked_lines_reference"),
    )
    op.create_index("ix_linked_lines_customer_id", "linked_lines", ["customer_id"], unique=False)
