"""Cases as people work them, and what operators did to operations and rails."""

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    pass
