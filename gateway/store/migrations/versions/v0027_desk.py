"""Cases that people own, write notes to and close, and acts on operations that two people agree to."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _cases()
    _acts()


def _cases() -> None:
    op.add_column("cases", sa.Column("owner", sa.String(length=60), nullable=True))
    op.add_column("cases", sa.Column("escalated_at", sa.BigInteger(), nullable=True))
    op.add_column("cases", sa.Column("closed_at", sa.BigInteger(), nullable=True))
    op.create_index("ix_cases_state_answer_by", "cases", ["state", "answer_by"], unique=False)
    op.create_table(
        "case_notes",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("act", sa.String(length=10), nullable=False),
        sa.Column("by", sa.String(length=60), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_case_notes"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_case_notes_case_id"),
    )
    op.create_index("ix_case_notes_case_id", "case_notes", ["case_id"], unique=False)


def _acts() -> None:
    op.create_table(
        "operation_acts",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("operation_id", sa.String(length=36), nullable=False),
        sa.Column("act", sa.String(length=10), nullable=False),
        sa.Column("receipt", sa.String(length=40), nullable=True),
        sa.Column("evidence", sa.String(length=200), nullable=False),
        sa.Column("by", sa.String(length=60), nullable=False),
        sa.Column("why", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("second", sa.String(length=60), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_operation_acts"),
        sa.UniqueConstraint("reference", name="uq_operation_acts_reference"),
        sa.ForeignKeyConstraint(["operation_id"], ["operations.id"], name="fk_operation_acts_operation_id"),
    )
    op.create_index("ix_operation_acts_operation_id_state", "operation_acts", ["operation_id", "state"], unique=False)
