"""Lists that are read page by page, the newest first."""

from typing import Any

from sqlalchemy import Select, Table, tuple_

Position = tuple[int, str]
"""Moment (ms) and id of the row that the page before ended with."""


def newest(
    query: Select[*tuple[Any, ...]], table: Table, before: Position | None, limit: int
) -> Select[*tuple[Any, ...]]:
    """So many rows of `table` by `created_at` and `id`, from the one after `before`."""
    order = table.c.created_at, table.c.id
    if before is not None:
        query = query.where(tuple_(*order) < tuple_(*before))
    return query.order_by(*(column.desc() for column in order)).limit(limit)
