"""Savings goals, interest, and what of the savings secures a loan."""

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    pass
