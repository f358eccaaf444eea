"""Statements made for customers, and the links that lead to them."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "papers",
        sa.Column("code", sa.String(length=14), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("about", sa.String(length=16), nullable=False),
        sa.Column("form", sa.String(length=5), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("opening_cents", sa.BigInteger(), nullable=True),
        sa.Column("closing_cents", sa.BigInteger(), nullable=True),
        sa.Column("lines", sa.Integer(), nullable=True),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_papers"),
    )
    op.create_index("ix_papers_customer_id", "papers", ["customer_id"], unique=False)
    op.create_table(
        "paper_links",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("opens_left", sa.Integer(), nullable=False),
        sa.Column("tries_left", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_paper_links"),
        sa.UniqueConstraint("token_hash", name="uq_paper_links_token_hash"),
    )
    op.create_index("ix_paper_links_customer_id", "paper_links", ["customer_id"], unique=False)
    op.create_table(
        "paper_wishes",
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("receipts_by_mail", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", name="pk_paper_wishes"),
    )
