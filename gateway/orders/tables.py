"""Standing orders that we have asked customers for."""

from sqlalchemy import BigInteger, Column, Index, String, Table

from gateway.store.tables import metadata

standing_orders = Table(
    "standing_orders",
    metadata,
    Column("id", String(36), primary_key=True),  # the operation that asks
    Column("reference", String(16), nullable=False, unique=True),  # the order's name at M-PESA
    Column("customer_id", String(36), nullable=False),
    Column("msisdn", String(20), nullable=False),  # the phone that pays
    Column("amount_cents", BigInteger, nullable=False),
    Column("frequency", String(20), nullable=False),
    Column("starts_on", String(10), nullable=False),
    Column("ends_on", String(10), nullable=False),
    Column("account", String(12), nullable=False),  # what each payment will name: a loan, or the customer's phone
    Column("state", String(10), nullable=False),  # asked, agreed, refused
    Column("token", String(64), nullable=False, unique=True),  # its own callback path
    Column("sent_at", BigInteger),
    Column("rail_id", String(80)),
    Column("order_id", String(80)),  # M-PESA's, once agreed
    Column("code", String(16)),
    Column("by", String(60), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("settled_at", BigInteger),
    Index("ix_standing_orders_customer_id_created_at", "customer_id", "created_at"),
)
