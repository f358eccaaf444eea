"""That papers were made and links sent: the facts only. No paper is kept, and no link can be read from here."""

from sqlalchemy import BigInteger, Boolean, Column, Date, Integer, String, Table

from gateway.store.tables import metadata

papers = Table(
    "papers",
    metadata,
    Column("code", String(14), primary_key=True),  # printed on it: whoever holds it can have it checked
    Column("customer_id", String(36), nullable=False, index=True),
    Column("kind", String(10), nullable=False),  # wallet, savings, loan, all, receipt
    Column("about", String(16), nullable=False),  # the loan or operation it is about; else empty
    Column("form", String(5), nullable=False),  # pdf, csv, xlsx
    Column("since", Date),
    Column("until", Date),
    Column("opening_cents", BigInteger),
    Column("closing_cents", BigInteger),
    Column("lines", Integer),
    Column("channel", String(10), nullable=False),  # api, mail, link
    Column("made_at", BigInteger, nullable=False),
)

paper_links = Table(
    "paper_links",
    metadata,
    Column("id", String(32), primary_key=True),  # chance; with our key it makes the token
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("customer_id", String(36), nullable=False, index=True),
    Column("since", Date, nullable=False),
    Column("until", Date, nullable=False),
    Column("opens_left", Integer, nullable=False),
    Column("tries_left", Integer, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

paper_wishes = Table(
    "paper_wishes",
    metadata,
    Column("customer_id", String(36), primary_key=True),
    Column("receipts_by_mail", Boolean, nullable=False),
    Column("reminders_by_mail", Boolean, nullable=False, server_default="0"),
    Column("no_campaigns_by_mail", Boolean, nullable=False, server_default="0"),  # stopped from within a letter
    Column("at", BigInteger, nullable=False),
)
