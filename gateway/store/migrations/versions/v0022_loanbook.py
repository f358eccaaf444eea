"""Loan books brought from elsewhere, days that count, and who was reached."""

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    pass
