"""The tables of accounts. No code is in any of them: its digits are computed from its id and a key."""

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, String, Table

from gateway.store.tables import Key, metadata

codes = Table(
    "codes",
    metadata,
    Column("id", String(32), primary_key=True),  # chance; with the key it gives the digits
    Column("customer_id", String(36), nullable=False),
    Column("purpose", String(20), nullable=False),
    Column("bound", String(64), nullable=False),  # a hash of what it may be used for
    Column("tries", Integer, nullable=False, server_default="0"),  # wrong ones
    Column("proved_in", String(32)),  # the session in which it was typed
    Column("used_at", BigInteger),
    Column("expires_at", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index("ix_codes_customer_id_purpose_created_at", "customer_id", "purpose", "created_at"),
)

pin_openings = Table(
    "pin_openings",
    metadata,
    Column("customer_id", String(36), primary_key=True),
    Column("until", BigInteger, nullable=False),  # by then the new PIN must be chosen
    Column("used_at", BigInteger),
    Column("at", BigInteger, nullable=False),
)

past_lines = Table(
    "past_lines",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("customer_id", String(36), nullable=False, index=True),
    Column("msisdn", String(20), nullable=False, index=True),
    Column("national_id", String(20)),  # of an account that was closed: the record that the law wants kept
    Column("why", String(10), nullable=False),  # changed, lost, closed
    Column("operation_id", String(36), nullable=False),
    Column("until", BigInteger, nullable=False),
)

linked_lines = Table(
    "linked_lines",
    metadata,
    Column("msisdn", String(20), primary_key=True),  # a phone that pays for somebody, and is nobody's account
    Column("hashed", String(64), nullable=False, unique=True),  # as the rail may show it
    Column("customer_id", String(36), nullable=False, index=True),
    Column("reference", String(16), nullable=False, unique=True),  # of the operation that linked it
    Column("created_at", BigInteger, nullable=False),
)

staff_actions = Table(
    "staff_actions",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("by", String(60), nullable=False, index=True),  # an officer's id, or an operator's name
    Column("action", String(20), nullable=False),
    Column("customer_id", String(36), index=True),
    Column("reason", String(120), nullable=False),
    Column("detail", JSON, nullable=False),
    Column("operation_id", String(36)),
    Column("at", BigInteger, nullable=False, index=True),
)

staff_prompts = Table(
    "staff_prompts",
    metadata,
    Column("operation_id", String(36), primary_key=True),  # the payment that was asked for
    Column("reference", String(16), nullable=False, unique=True),
    Column("customer_id", String(36), nullable=False),
    Column("by", String(60), nullable=False),
    Column("by_name", String(80), nullable=False),  # as the customer was told
    Column("about", String(16), nullable=False),  # a loan, or wallet
    Column("amount_cents", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),  # not sent any more after that
    Column("created_at", BigInteger, nullable=False),
    Index("ix_staff_prompts_by_created_at", "by", "created_at"),
    Index("ix_staff_prompts_customer_id_created_at", "customer_id", "created_at"),
)
