"""What people wrote to cases, and what they mean to do to operations where two have to agree."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, Table

from gateway.store.tables import Key, metadata

OPEN, WAITING, RESOLVED, IGNORED = "open", "waiting", "resolved", "ignored"
"""States of a case. `waiting`: somebody has it in hand, and waits for somebody else."""
STATES = (OPEN, WAITING, RESOLVED, IGNORED)
ENDED = frozenset({RESOLVED, IGNORED})

case_notes = Table(
    "case_notes",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("case_id", ForeignKey("cases.id"), nullable=False, index=True),
    Column("act", String(10), nullable=False),  # take, note, wait, resolve, ignore, escalate, settle
    Column("by", String(60), nullable=False),  # an operator's name, or `system`
    Column("text", String(500), nullable=False),
    Column("at", BigInteger, nullable=False),
)

operation_acts = Table(
    "operation_acts",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("reference", String(16), nullable=False, unique=True),
    Column("operation_id", ForeignKey("operations.id"), nullable=False),
    Column("act", String(10), nullable=False),  # paid, unpaid
    Column("receipt", String(40)),
    Column("evidence", String(200), nullable=False),  # what proves it, in words
    Column("by", String(60), nullable=False),
    Column("why", String(120), nullable=False),
    Column("state", String(10), nullable=False),  # open, done, declined, expired, refused
    Column("second", String(60)),  # who agreed or declined
    Column("expires_at", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Index("ix_operation_acts_operation_id_state", "operation_id", "state"),
)
