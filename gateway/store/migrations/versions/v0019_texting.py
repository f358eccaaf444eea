"""Messages as they come in, and codes that confirm them."""

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    pass
