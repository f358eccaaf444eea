"""Payments whose owner nobody knows, a row for each; those that wait since before are found in the queue."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"

SUSPENSE = "suspense"
COLUMNS = (
    "operation_id",
    "reference",
    "shortcode",
    "receipt",
    "amount_cents",
    "account",
    "payer",
    "at",
    "state",
    "updated_at",
)


def upgrade() -> None:
    op.create_table(
        SUSPENSE,
        sa.Column("operation_id", sa.String(length=36), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("shortcode", sa.String(length=12), nullable=False),
        sa.Column("receipt", sa.String(length=40), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.String(length=100), nullable=False),
        sa.Column("payer", sa.String(length=100), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("assignment_id", sa.String(length=36), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("operation_id", name="pk_suspense"),
        sa.UniqueConstraint("shortcode", "receipt", name="uq_suspense_shortcode_receipt"),
    )
    op.create_index("ix_suspense_assignment_id", SUSPENSE, ["assignment_id"], unique=False)
    op.create_index("ix_suspense_state_at", SUSPENSE, ["state", "at"], unique=False)
    _found_in_the_queue()


def _found_in_the_queue() -> None:
    """Payments that were booked to suspense before there were rows for them."""
    connection = op.get_bind()
    rows = connection.execute(
        sa.text(
            "SELECT o.id, o.reference, o.intent, o.data, o.updated_at, p.shortcode, p.receipt, p.amount_cents, p.at"
            " FROM operations o JOIN payments p ON p.operation_id = o.id"
            " WHERE o.kind = 'payment.received' AND o.state = 'done' AND p.receipt IS NOT NULL"
        )
    )
    table = sa.table(SUSPENSE, *(sa.column(name) for name in COLUMNS))
    for row in rows.all():
        intent, data = _mapping(row.intent), _mapping(row.data)
        if data.get("account") != SUSPENSE:
            continue
        held = {
            "operation_id": row.id, "reference": row.reference, "shortcode": row.shortcode, "receipt": row.receipt,
            "amount_cents": row.amount_cents, "account": str(intent.get("account", ""))[:100],
            "payer": intent.get("payer") or "", "at": row.at, "state": "held", "updated_at": row.updated_at,
        }  # fmt: skip
        connection.execute(table.insert().values(**held))


def _mapping(value: object) -> dict[str, object]:
    """JSON as the driver gives it: text on SQLite, read already on PostgreSQL."""
    found = json.loads(value) if isinstance(value, str) else value
    return found if isinstance(found, dict) else {}
