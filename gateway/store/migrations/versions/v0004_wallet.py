"""Transfers to people who are not members yet, and what limits have been used."""

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    pass
