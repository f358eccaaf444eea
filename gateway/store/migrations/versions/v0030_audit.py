"""Seals over what is only ever added, kept as the books are; the mark of our journals; month ends; standing orders."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.add_column("journals", sa.Column("mark", sa.String(length=80), nullable=True))
    op.create_table(
        "seals",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stream", sa.String(length=20), nullable=False),
        sa.Column("first_id", sa.BigInteger(), nullable=False),
        sa.Column("through_id", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("digests", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("mark", sa.String(length=80), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_seals"),
    )
    op.create_index("ix_seals_stream_through_id", "seals", ["stream", "through_id"], unique=False)
    _months()
    _orders()
    if op.get_bind().dialect.name == "sqlite":
        _keep_on_sqlite()
    else:
        _keep_on_postgresql()


def _months() -> None:
    op.create_table(
        "month_ends",
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("through_account", sa.BigInteger(), nullable=False),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("at", name="pk_month_ends"),
    )
    op.create_table(
        "month_balances",
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("posted_cents", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "at", name="pk_month_balances"),
    )


def _orders() -> None:
    op.create_table(
        "standing_orders",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("msisdn", sa.String(length=20), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("frequency", sa.String(length=20), nullable=False),
        sa.Column("starts_on", sa.String(length=10), nullable=False),
        sa.Column("ends_on", sa.String(length=10), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("rail_id", sa.String(length=80), nullable=True),
        sa.Column("order_id", sa.String(length=80), nullable=True),
        sa.Column("code", sa.String(length=16), nullable=True),
        sa.Column("by", sa.String(length=60), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_standing_orders"),
        sa.UniqueConstraint("reference", name="uq_standing_orders_reference"),
        sa.UniqueConstraint("token", name="uq_standing_orders_token"),
    )
    op.create_index(
        "ix_standing_orders_customer_id_created_at", "standing_orders", ["customer_id", "created_at"], unique=False
    )


def _keep_on_sqlite() -> None:
    for event, done in (("UPDATE", "updated"), ("DELETE", "deleted")):
        op.execute(
            f"CREATE TRIGGER seals_not_{done} BEFORE {event} ON seals FOR EACH ROW"
            f" BEGIN SELECT RAISE(ABORT, 'seals are not {done}'); END"
        )
    op.execute(
        "CREATE TRIGGER seals_not_replaced BEFORE INSERT ON seals FOR EACH ROW"
        " WHEN EXISTS (SELECT 1 FROM seals WHERE number = NEW.number)"
        " BEGIN SELECT RAISE(ABORT, 'seals are not replaced'); END"
    )


def _keep_on_postgresql() -> None:
    for event, done in (("UPDATE", "updated"), ("DELETE", "deleted"), ("TRUNCATE", "truncated")):
        each = "STATEMENT" if event == "TRUNCATE" else "ROW"
        op.execute(
            f"CREATE TRIGGER seals_not_{done} BEFORE {event} ON seals FOR EACH {each} EXECUTE FUNCTION books_are_kept()"
        )
