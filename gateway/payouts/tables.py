"""Pay-outs that were let through, what a day has paid out, and what the shortcodes hold, as the rail tells it."""

from sqlalchemy import BigInteger, Boolean, Column, Date, Index, String, Table

from gateway.store.tables import Key, metadata

payouts = Table(
    "payouts",
    metadata,
    Column("operation_id", String(36), primary_key=True),
    Column("reference", String(20), nullable=False),
    Column("kind", String(40), nullable=False),  # of the operation
    Column("customer_id", String(36), nullable=False),
    Column("msisdn", String(20), nullable=False),
    Column("amount_cents", BigInteger, nullable=False),
    Column("is_own", Boolean, nullable=False),  # asked for on the customer's own phone
    Column("at", BigInteger, nullable=False),
    Index("ix_payouts_msisdn_amount_cents_at", "msisdn", "amount_cents", "at"),
    Index("ix_payouts_at", "at"),
)

payout_days = Table(
    "payout_days",
    metadata,
    Column("day", Date, primary_key=True),
    Column("name", String(60), primary_key=True),  # a kind, or a kind and a product
    Column("cents", BigInteger, nullable=False),
)

payout_gates = Table(
    "payout_gates",
    metadata,
    Column("name", String(20), primary_key=True),  # whoever looks at what has been let through holds this row
    Column("at", BigInteger, nullable=False),
)

floats = Table(
    "floats",
    metadata,
    Column("shortcode", String(12), primary_key=True),
    Column("account", String(60), primary_key=True),
    Column("available_cents", BigInteger, nullable=False),
    Column("current_cents", BigInteger, nullable=False),
    Column("asked_at", BigInteger, nullable=False),  # what was paid out since may not be in it yet
    Column("at", BigInteger, nullable=False),  # when we were told
    Column("level", String(10), nullable=False),  # ok, low, critical
)

float_questions = Table(
    "float_questions",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("token", String(64), nullable=False, unique=True),  # its own callback path
    Column("shortcode", String(12), nullable=False),
    Column("rail_id", String(80), index=True),
    Column("state", String(10), nullable=False),  # asked, answered, failed
    Column("asked_at", BigInteger, nullable=False),
    Column("answered_at", BigInteger),
)
