"""What happens to a loan after its pay-out: promises, calendar, uploads."""

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    pass
