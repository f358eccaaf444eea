"""Rows copied into the database of a gateway that is not running, for what a benchmark needs before it begins."""

import sqlite3
from collections.abc import Mapping, Sequence

from sqlalchemy import column, insert, table
from sqlalchemy.dialects.sqlite import dialect


def inserted(database: sqlite3.Connection, name: str, rows: Sequence[Mapping[str, object]]) -> None:
    """Into the table of this name; all rows have the columns of the first."""
    statement = insert(table(name, *(column(each) for each in rows[0])))
    database.executemany(str(statement.compile(dialect=dialect(paramstyle="named"))), rows)
