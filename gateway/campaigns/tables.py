"""Campaigns and the people of each, one row per row of the table that was brought."""

from sqlalchemy import JSON, BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from gateway.store.tables import metadata

campaigns = Table(
    "campaigns",
    metadata,
    Column("id", String(36), primary_key=True),  # follows from the key it was made with
    Column("reference", String(16), nullable=False, unique=True),
    Column("name", String(80), nullable=False),
    Column("purpose", String(10), nullable=False),  # offer: who has chosen offers; notice: all members
    Column("texts", JSON, nullable=False),  # by language
    Column("by_mail", Boolean, nullable=False, server_default="0"),  # whether it goes by e-mail too
    Column("sender", String(15), nullable=False),  # a partner's sender id; empty: our own
    Column("state", String(12), nullable=False),  # draft, waiting, running, paused, done, cancelled
    Column("round", Integer, nullable=False, server_default="0"),  # how often it was set going
    Column("faults", JSON, nullable=False),
    Column("sha256", String(64)),  # of the table
    Column("created_by", String(36), nullable=False),
    Column("started_by", String(36)),
    Column("approved_by", String(36)),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)

campaign_people = Table(
    "campaign_people",
    metadata,
    Column("campaign_id", ForeignKey("campaigns.id"), primary_key=True),
    Column("row", Integer, primary_key=True),  # as spreadsheets count
    Column("msisdn", String(20), nullable=False),  # as typed where it is none
    Column("language", String(5), nullable=False),
    Column("text", Text, nullable=False),
    Column("parts", Integer, nullable=False),
    Column("state", String(10), nullable=False),  # pending, queued, skipped
    Column("reason", String(20), nullable=False),
    Column("operation_id", String(36)),
    Index("ix_campaign_people_campaign_id_state_row", "campaign_id", "state", "row"),
)

campaign_letters = Table(
    "campaign_letters",
    metadata,
    Column("campaign_id", ForeignKey("campaigns.id"), primary_key=True),
    Column("row", Integer, primary_key=True),  # of the person whose SMS it stands beside
    Column("customer_id", String(36), nullable=False),
    Column("state", String(10), nullable=False),  # pending, queued, skipped
    Column("operation_id", String(36)),
    Index("ix_campaign_letters_campaign_id_state_row", "campaign_id", "state", "row"),
)
