"""Statements made for customers, and the links that lead to them."""

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    pass
