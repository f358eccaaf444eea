"""Reminders and campaigns by e-mail beside SMS: who wants them, and the letters of each campaign."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    for wish in ("reminders_by_mail", "no_campaigns_by_mail"):
        op.add_column("paper_wishes", sa.Column(wish, sa.Boolean(), server_default="0", nullable=False))
    op.add_column("campaigns", sa.Column("by_mail", sa.Boolean(), server_default="0", nullable=False))
    op.create_table(
        "campaign_letters",
        sa.Column("campaign_id", sa.String(length=36), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("operation_id", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name="fk_campaign_letters_campaign_id_campaigns"),
        sa.PrimaryKeyConstraint("campaign_id", "row", name="pk_campaign_letters"),
    )
    op.create_index(
        "ix_campaign_letters_campaign_id_state_row", "campaign_letters", ["campaign_id", "state", "row"], unique=False
    )
