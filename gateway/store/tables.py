"""Every table but the books' (see `gateway.books.tables`). Moments are integer milliseconds, money integer cents.

The same definitions serve SQLite and PostgreSQL; what only one of them can do is not used.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Key = BigInteger().with_variant(Integer(), "sqlite")
"""An ever-growing number; SQLite only counts up by itself in a plain INTEGER."""

customers = Table(
    "customers",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("msisdn", String(20), nullable=False, unique=True),
    Column("name", String(80), nullable=False),
    Column("national_id", String(20), unique=True),
    Column("language", String(5), nullable=False),
    Column("role", String(20), nullable=False, server_default="customer"),  # customer, officer
    Column("state", String(20), nullable=False),  # listed, active, inactive, closed
    Column("tier", Integer, nullable=False, server_default="1"),  # how well we know them; limits go by it
    Column("outgoing_from", BigInteger, nullable=False, server_default="0"),  # until then no money leaves
    Column("auto_repay_percent", Integer, nullable=False, server_default="0"),  # of incoming money; 0: off
    Column("offers", Boolean, nullable=False, server_default="0"),  # whether offers may be sent by SMS
    Column("email", String(120)),
    Column("email_verified_at", BigInteger),
    Column("limit_cents", BigInteger, nullable=False, server_default="0"),
    Column("pin_hash", Text),
    Column("pin_failures", Integer, nullable=False, server_default="0"),
    Column("pin_locked_until", BigInteger, nullable=False, server_default="0"),
    Column("pin_locks", Integer, nullable=False, server_default="0"),
    Column("pin_last_lock", BigInteger, nullable=False, server_default="0"),
    Column("created_at", BigInteger, nullable=False),
)

consents = Table(
    "consents",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("version", String(20), nullable=False),
    Column("language", String(5), nullable=False),
    Column("at", BigInteger, nullable=False),
)

pin_attempts = Table(
    "pin_attempts",
    metadata,
    Column("session_id", String(32), primary_key=True),
    Column("turn", Integer, primary_key=True),
    Column("customer_id", String(36)),
    Column("verdict", String(20), nullable=False),
    Column("slots", JSON, nullable=False),
    Column("at", BigInteger, nullable=False, index=True),
)

pin_drafts = Table(
    "pin_drafts",
    metadata,
    Column("session_id", String(32), primary_key=True),
    Column("pin_hash", Text, nullable=False),
    Column("at", BigInteger, nullable=False, index=True),
)

turns = Table(
    "turns",
    metadata,
    Column("session_id", String(32), primary_key=True),
    Column("turn", Integer, primary_key=True),
    Column("session_key", String(64), nullable=False),
    Column("input_digest", String(32), nullable=False),
    Column("snapshot", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("ix_turns_session_key_at", "session_key", "at"),
)

operations = Table(
    "operations",
    metadata,
    Column("number", Key, primary_key=True, autoincrement=True),
    Column("id", String(36), nullable=False, unique=True),
    Column("reference", String(16), nullable=False, unique=True),
    Column("kind", String(40), nullable=False),
    Column("customer_id", String(36), nullable=False, index=True),
    Column("lane", String(80), nullable=False),
    Column("priority", Integer, nullable=False, server_default="5"),
    Column("exclusive", String(80), unique=True),  # cleared when the operation ends
    Column("intent", JSON, nullable=False),
    Column("intent_hash", String(64), nullable=False),
    Column("state", String(12), nullable=False),
    Column("step", String(40), nullable=False),
    Column("generation", Integer, nullable=False, server_default="0"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("data", JSON, nullable=False),
    Column("reason", Text),
    Column("due_at", BigInteger, nullable=False),
    Column("waiting_since", BigInteger),
    Column("lease_until", BigInteger, nullable=False, server_default="0"),
    Column("fence", Integer, nullable=False, server_default="0"),
    Column("session_id", String(32)),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("is_open", Boolean, nullable=False),
    Index("ix_operations_due", "is_open", "due_at"),
    Index("ix_operations_lane", "lane", "is_open", "number"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("operation_id", ForeignKey("operations.id"), nullable=False, index=True),
    Column("step", String(40), nullable=False),
    Column("fence", Integer, nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("reason", Text, nullable=False),
    Column("evidence", JSON, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("took_ms", Integer, nullable=False),
)

session_ends = Table(
    "session_ends",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("session_key", String(64), nullable=False, unique=True),  # a carrier tells it again: it ended once
    Column("provider", String(20), nullable=False),
    Column("phone", String(20), nullable=False),  # masked
    Column("flow", String(20), nullable=False),  # where the conversation stood, if that was still known
    Column("step", String(20), nullable=False),
    Column("status", String(12), nullable=False),  # success, incomplete, failed
    Column("said", String(40), nullable=False),  # the carrier's own word
    Column("cost", String(20), nullable=False),  # as the carrier writes it
    Column("seconds", Integer),
    Column("hops", Integer),
    Column("error", String(120), nullable=False),
    Column("at", BigInteger, nullable=False, index=True),
)

rail_requests = Table(
    "rail_requests",
    metadata,
    Column("id", String(36), primary_key=True),  # uuid5(operation, generation): the rail's idempotency key
    Column("operation_id", ForeignKey("operations.id"), nullable=False, index=True),
    Column("rail", String(20), nullable=False),
    Column("kind", String(10), nullable=False),  # stk, b2c
    Column("token", String(64), nullable=False, unique=True),  # its own callback path
    Column("state", String(12), nullable=False),  # pending, completed, failed, cancelled, expired
    Column("msisdn", String(20), nullable=False),
    Column("amount_cents", BigInteger, nullable=False),
    Column("account_reference", String(20), nullable=False),
    Column("rail_id", String(80), index=True),  # CheckoutRequestID, ConversationID
    Column("sent_at", BigInteger),
    Column("asked_at", BigInteger),
    Column("questions", Integer, nullable=False, server_default="0"),
    Column("result_code", String(16)),
    Column("words", String(12)),  # which message tells the customer
    Column("receipt", String(40)),
    Column("result_amount_cents", BigInteger),
    Column("settled_at", BigInteger),
    Column("settled_by", String(20)),  # callback, query, probe, status, confirmation, pull
    Column("public_name", String(60)),  # who the rail says has received it
    Column("created_at", BigInteger, nullable=False),
    Index("ix_rail_requests_kind_settled_at", "kind", "settled_at"),
    Index("ix_rail_requests_kind_sent_at", "kind", "sent_at"),
    Index("ix_rail_requests_account_reference_kind", "account_reference", "kind"),
    Index("ix_rail_requests_receipt_kind", "receipt", "kind"),
)

callbacks = Table(
    "callbacks",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("rail", String(20), nullable=False),
    Column("purpose", String(30), nullable=False),
    Column("token", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("source", String(64), nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("operation_id", String(36), index=True),
    Column("verdict", String(20), nullable=False),  # applied, repeated, late, forged, unmatched, unreadable
)

payments = Table(
    "payments",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("shortcode", String(12), nullable=False),
    Column("receipt", String(40)),
    Column("operation_id", String(36), unique=True),
    Column("amount_cents", BigInteger, nullable=False),
    Column("source", String(20), nullable=False),
    Column("at", BigInteger, nullable=False),
    UniqueConstraint("shortcode", "receipt"),
)

loans = Table(
    "loans",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("reference", String(16), nullable=False, unique=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("product", String(20), nullable=False),
    Column("terms", JSON, nullable=False),  # as accepted; from the payout on, those in force
    Column("quote", JSON, nullable=False),  # the price as it was shown and accepted
    Column("principal_cents", BigInteger, nullable=False),
    Column("lender_id", String(36), index=True),  # the person whose money it is; none: the organisation's
    # applied, verified, approved, active, closed, cancelled, declined, withdrawn, written_off
    Column("state", String(12), nullable=False),
    Column("closed_at", BigInteger, index=True),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)

loan_events = Table(
    "loan_events",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("loan_id", ForeignKey("loans.id"), nullable=False, index=True),
    Column("kind", String(20), nullable=False),  # a state reached, or an event that counts for the schedule
    Column("detail", JSON, nullable=False),
    Column("operation_id", String(36)),
    Column("at", BigInteger, nullable=False),
    UniqueConstraint("loan_id", "operation_id", "kind"),
    Index("ix_loan_events_kind_at", "kind", "at"),
)

messages = Table(
    "messages",
    metadata,
    Column("id", String(36), primary_key=True),  # the operation that sends it
    Column("customer_id", String(36), index=True),
    Column("msisdn", String(20), nullable=False),
    Column("template", String(40), nullable=False),
    Column("language", String(5), nullable=False),
    Column("text", Text, nullable=False),
    Column("state", String(20), nullable=False),  # queued, sending, sent, delivered, failed, uncertain
    Column("provider", String(20)),
    Column("provider_id", String(80), index=True),
    Column("parts", Integer),
    Column("cost", String(20)),
    Column("reason", String(80)),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("provider", String(20), nullable=False),
    Column("provider_id", String(80), nullable=False, index=True),
    Column("status", String(40), nullable=False),
    Column("state", String(12), nullable=False),  # sent, delivered, failed
    Column("reason", String(80)),
    Column("at", BigInteger, nullable=False),
)

cases = Table(
    "cases",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("reference", String(16), nullable=False, unique=True),
    Column("customer_id", String(36), index=True),
    Column("operation_id", String(36), index=True),
    Column("topic", String(40), nullable=False),
    Column("evidence", JSON, nullable=False),
    Column("state", String(12), nullable=False),  # open, waiting, resolved, ignored
    Column("answer_by", BigInteger, nullable=False),
    Column("owner", String(60)),  # who has it in hand
    Column("escalated_at", BigInteger),  # when somebody above was told that it is overdue
    Column("closed_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Index("ix_cases_state_answer_by", "state", "answer_by"),
)
