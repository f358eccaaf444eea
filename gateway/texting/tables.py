"""The tables of what people write. No PIN and no code is in any of them."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint

from gateway.store.tables import Key, metadata

inbound = Table(
    "texts_inbound",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("provider", String(40), nullable=False),
    Column("provider_id", String(128), nullable=False),  # its own, or made of the content where it has none
    Column("msisdn", String(20), nullable=False),
    Column("short_code", String(20), nullable=False),
    Column("link_id", String(128), nullable=False),  # of premium messages: an answer to one names it
    Column("network", String(20), nullable=False),
    Column("text", Text, nullable=False),  # without what may be a PIN or a code
    Column("joined", String(80), nullable=False),  # which message it is a part of, where it is one
    Column("part", Integer, nullable=False),
    Column("parts", Integer, nullable=False),
    Column("operation_id", String(36)),  # what answers it; none of a part that waits for the others
    Column("received_at", BigInteger, nullable=False),
    UniqueConstraint("provider", "provider_id", name="uq_texts_inbound_provider"),
    Index("ix_texts_inbound_msisdn_received_at", "msisdn", "received_at"),
    Index("ix_texts_inbound_received_at", "received_at"),
)

requests = Table(
    "texts_requests",
    metadata,
    Column("session_id", String(32), primary_key=True),  # of the walk that waits for its code
    Column("customer_id", String(36), nullable=False),  # of who wants to join: `line:` and the number
    Column("msisdn", String(20), nullable=False),
    Column("code_id", String(32), nullable=False),
    Column("snapshot", LargeBinary, nullable=False),  # the conversation just before the yes
    Column("answer", String(10), nullable=False),  # what the yes is on the screen: digits of a choice, * for a PIN
    Column("bound", String(64), nullable=False),  # a hash of what the code is for
    Column("amount_cents", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Index("ix_texts_requests_customer_id_created_at", "customer_id", "created_at"),
)

stops = Table(
    "texts_stops",
    metadata,
    Column("msisdn", String(20), primary_key=True),
    Column("why", String(10), nullable=False),  # word: by SMS; carrier: told by the carrier
    Column("at", BigInteger, nullable=False),
)
