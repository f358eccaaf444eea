"""No table changes: on which days nothing falls due is kept in the terms of each loan."""

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Nothing to do."""
