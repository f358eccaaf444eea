"""What people were asked to decide, a row each, and which savings stand in for a loan."""

from sqlalchemy import JSON, BigInteger, Column, Index, String, Table

from gateway.store.tables import metadata

approvals = Table(
    "approvals",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("reference", String(16), nullable=False),  # as people see it: the reference of the operation
    Column("kind", String(20), nullable=False),  # peer, guarantee, officer
    Column("operation_id", String(36), nullable=False, index=True),  # what waits for the answer
    Column("requester_id", String(36), nullable=False),
    Column("approver_id", String(36)),  # none: any of the staff
    Column("amount_cents", BigInteger, nullable=False),
    Column("detail", JSON, nullable=False),  # what was shown to whoever decides
    Column("state", String(12), nullable=False),  # open, approved, declined, expired, withdrawn
    Column("reason", String(40)),
    Column("decided_by", String(36)),
    Column("not_by", String(36)),  # of the staff, who decided about it first: this is for a second person
    Column("decided_at", BigInteger),
    Column("expires_at", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index("ix_approvals_approver_id_state", "approver_id", "state"),
    Index("ix_approvals_kind_state", "kind", "state"),
)

pledges = Table(
    "pledges",
    metadata,
    Column("id", String(36), primary_key=True),  # the approval it was given with, or the operation of the loan
    Column("customer_id", String(36), nullable=False, index=True),
    Column("loan_id", String(36), nullable=False, index=True),  # the loan, and the operation that brings it
    Column("kind", String(12), nullable=False),  # guarantee, own
    Column("amount_cents", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)
