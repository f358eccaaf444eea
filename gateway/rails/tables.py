"""What holds a rail back: people who have paused it, and breakers that calls have opened."""

from sqlalchemy import BigInteger, Column, Integer, String, Table

from gateway.store.tables import metadata

rail_pauses = Table(
    "rail_pauses",
    metadata,
    Column("rail", String(20), primary_key=True),  # `*`: every one of them
    Column("direction", String(10), primary_key=True),  # collect, disburse
    Column("reason", String(120), nullable=False),
    Column("by", String(40), nullable=False),
    Column("since", BigInteger, nullable=False),
)

rail_breakers = Table(
    "rail_breakers",
    metadata,
    Column("rail", String(20), primary_key=True),
    Column("api", String(20), primary_key=True),  # prompt, payout, query, status and so on
    Column("state", String(10), nullable=False),  # open, closed
    Column("reason", String(120), nullable=False),  # of the last failure
    Column("since", BigInteger, nullable=False),  # in this state
    Column("probe_at", BigInteger, nullable=False),  # from then on one call may find out whether it is back
    Column("opened", Integer, nullable=False),  # so often in a row it was found away
)
