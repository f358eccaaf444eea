"""One-time codes, changes of phone, and what staff do."""

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    pass
