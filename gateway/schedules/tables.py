"""Scheduled payments, and a row for each day on which one was to be paid."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table

from gateway.store.tables import metadata

schedules = Table(
    "schedules",
    metadata,
    Column("id", String(36), primary_key=True),  # the operation that made it
    Column("reference", String(16), nullable=False, unique=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False),
    Column("kind", String(8), nullable=False),  # save, send, repay
    Column("amount_cents", BigInteger, nullable=False),
    Column("fee_cents", BigInteger, nullable=False),  # of each payment, as agreed to
    Column("every", String(8), nullable=False),  # week, month, once
    Column("day", Integer, nullable=False),  # the weekday or day of the month; 0 for once
    Column("person_id", String(36)),  # who gets it, where it is sent
    Column("to_msisdn", String(20)),  # their number as the sender typed it
    Column("loan", String(16)),  # what it repays
    Column("state", String(8), nullable=False),  # active, done, stopped
    Column("why", String(12)),  # paid, customer, staff, failing, loan, closed
    Column("next_on", String(10), nullable=False),  # the day that is to be paid next, or was the last
    Column("looked_on", String(10)),  # the last day on which it was seen whether it can be paid
    Column("failures", Integer, nullable=False),  # payments in a row that failed
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Index("ix_schedules_state_next_on", "state", "next_on"),
    Index("ix_schedules_customer_id_created_at", "customer_id", "created_at"),
)

schedule_runs = Table(
    "schedule_runs",
    metadata,
    Column("schedule_id", String(36), primary_key=True),
    Column("due_on", String(10), primary_key=True),
    Column("state", String(8), nullable=False),  # waiting, asked, paid, failed
    Column("reason", String(20)),  # why it waits or failed: short, limit, safety, paused, or what refused it
    Column("operation_id", String(36)),  # the ordinary payment
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Index("ix_schedule_runs_state", "state"),
)
