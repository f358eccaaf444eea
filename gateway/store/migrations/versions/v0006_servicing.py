"""What happens to loans after the payout beyond repayments, uploads, and promises."""

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    pass
