"""One-time codes, changes of phone, and what staff do: what staff did stays, by the database's own word."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEPT = "staff_actions"


def upgrade() -> None:
    _codes()
    _lines()
    _staff()
    if op.get_bind().dialect.name == "sqlite":
        _keep_on_sqlite()
    else:
        _keep_on_postgresql()


def _codes() -> None:
    op.create_table(
        "codes",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("bound", sa.String(length=64), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("proved_in", sa.String(length=32), nullable=True),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_codes"),
    )
    op.create_index(
        "ix_codes_customer_id_purpose_created_at", "codes", ["customer_id", "purpose", "created_at"], unique=False
    )
    op.create_table(
        "pin_openings",
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", name="pk_pin_openings"),
    )


def _lines() -> None:
    op.create_table(
        "past_lines",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("msisdn", sa.String(length=20), nullable=False),
        sa.Column("national_id", sa.String(length=20), nullable=True),
        sa.Column("why", sa.String(length=10), nullable=False),
        sa.Column("operation_id", sa.String(length=36), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_past_lines"),
    )
    op.create_index("ix_past_lines_customer_id", "past_lines", ["customer_id"], unique=False)
    op.create_index("ix_past_lines_msisdn", "past_lines", ["msisdn"], unique=False)


def _staff() -> None:
    op.create_table(
        "staff_actions",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("by", sa.String(length=60), nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=True),
        sa.Column("reason", sa.String(length=120), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("operation_id", sa.String(length=36), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_staff_actions"),
    )
    for column in ("by", "customer_id", "at"):
        op.create_index(f"ix_staff_actions_{column}", "staff_actions", [column], unique=False)
    op.create_table(
        "staff_prompts",
        sa.Column("operation_id", sa.String(length=36), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("by", sa.String(length=60), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("about", sa.String(length=16), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("operation_id", name="pk_staff_prompts"),
        sa.UniqueConstraint("reference", name="uq_staff_prompts_reference"),
    )
    op.create_index("ix_staff_prompts_by_created_at", "staff_prompts", ["by", "created_at"], unique=False)
    op.create_index(
        "ix_staff_prompts_customer_id_created_at", "staff_prompts", ["customer_id", "created_at"], unique=False
    )


def _keep_on_sqlite() -> None:
    for event, done in (("UPDATE", "updated"), ("DELETE", "deleted")):
        op.execute(
            f"CREATE TRIGGER {KEPT}_not_{done} BEFORE {event} ON {KEPT} FOR EACH ROW"
            f" BEGIN SELECT RAISE(ABORT, '{KEPT} are not {done}'); END"
        )


def _keep_on_postgresql() -> None:
    for event, done in (("UPDATE", "updated"), ("DELETE", "deleted"), ("TRUNCATE", "truncated")):
        each = "STATEMENT" if event == "TRUNCATE" else "ROW"
        op.execute(
            f"CREATE TRIGGER {KEPT}_not_{done} BEFORE {event} ON {KEPT}"
            f" FOR EACH {each} EXECUTE FUNCTION books_are_kept()"
        )
