"""What people save for, and the interest of each month."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "savings_goals",
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("target_cents", sa.BigInteger(), nullable=False),
        sa.Column("set_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name="fk_savings_goals_customer_id"),
        sa.PrimaryKeyConstraint("customer_id", name="pk_savings_goals"),
    )
    op.create_table(
        "savings_interest",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("interest_cents", sa.BigInteger(), nullable=False),
        sa.Column("withheld_cents", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("month", "customer_id", name="pk_savings_interest"),
    )
