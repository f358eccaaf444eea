"""More ways to move money, and what the rails said of them."""

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    pass
