"""How sessions ended, as carriers tell it."""

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    pass
