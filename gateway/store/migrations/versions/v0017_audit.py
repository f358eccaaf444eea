"""What staff did, in a chain that shows every change."""

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    pass
