"""The mirror of a remote core, and what was said to it."""

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    pass
