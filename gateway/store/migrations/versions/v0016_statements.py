"""The organisation's statements, their lines, and what was found by comparing."""

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    pass
