"""Applications, scores and who secures them."""

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    pass
