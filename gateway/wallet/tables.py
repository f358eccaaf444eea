"""The wallet's tables: transfers to phones without an account, and how much of the daily limits has been used."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, Table

from gateway.store.tables import metadata

transfers = Table(
    "transfers",
    metadata,
    Column("id", String(36), primary_key=True),  # the operation that sent it
    Column("reference", String(16), nullable=False, unique=True),
    Column("sender_id", ForeignKey("customers.id"), nullable=False),
    Column("msisdn", String(20), nullable=False),  # whoever joins on this line gets it
    Column("amount_cents", BigInteger, nullable=False),
    Column("fee_cents", BigInteger, nullable=False),  # kept beside it, and earned when it is claimed
    Column("state", String(12), nullable=False),  # held, claimed, returned, taken_back
    Column("claimed_by", String(36)),
    Column("expires_at", BigInteger, nullable=False),
    Column("resolved_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Index("ix_transfers_msisdn_state", "msisdn", "state"),
    Index("ix_transfers_sender_id_state", "sender_id", "state"),
)

wallet_usage = Table(
    "wallet_usage",
    metadata,
    Column("operation_id", String(36), primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False),
    Column("direction", String(4), nullable=False),  # in, out
    Column("amount_cents", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("ix_wallet_usage_customer_id_direction_at", "customer_id", "direction", "at"),
)
