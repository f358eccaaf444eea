"""SQLite replaces a row without asking its other guards: what staff did is not replaced either."""

from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER staff_actions_not_replaced BEFORE INSERT ON staff_actions FOR EACH ROW"
            " WHEN EXISTS (SELECT 1 FROM staff_actions WHERE id = NEW.id)"
            " BEGIN SELECT RAISE(ABORT, 'staff_actions are not replaced'); END"
        )
