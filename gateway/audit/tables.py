"""The chain of seals. Like the books it is only added to; the migrations make its guards."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text

from gateway.store.tables import metadata

seals = Table(
    "seals",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),  # 1, 2, 3 without a gap
    Column("stream", String(20), nullable=False),  # the table whose rows it is about
    Column("first_id", BigInteger, nullable=False),  # every id from here
    Column("through_id", BigInteger, nullable=False),  # to here, both inclusive
    Column("count", Integer, nullable=False),
    Column("digests", LargeBinary, nullable=False),  # the id and the digest of each row, in order of id
    Column("note", Text, nullable=False),  # who has accepted what, where a person did
    Column("mark", String(80), nullable=False),  # of all this and the seal before, under our key
    Column("at", BigInteger, nullable=False),
    Index("ix_seals_stream_through_id", "stream", "through_id"),
)
