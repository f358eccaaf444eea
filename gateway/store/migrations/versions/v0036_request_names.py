"""Requests to a rail are found by reference, by receipt and by when they were sent: each confirmation asks by these."""

from alembic import op

revision = "0036"
down_revision = "0035"

INDEXES = (("account_reference", "kind"), ("receipt", "kind"), ("kind", "sent_at"))


def upgrade() -> None:
    for columns in INDEXES:
        op.create_index(f"ix_rail_requests_{'_'.join(columns)}", "rail_requests", list(columns), unique=False)
