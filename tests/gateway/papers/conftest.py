"""A migrated database on each engine, with books over it."""

from tests.gateway.books.conftest import till

__all__ = ["till"]
