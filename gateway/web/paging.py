"""Where a page begins and how long it is, from what somebody typed. A number no database can hold is no number."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from aiohttp import web

from gateway.clock import EAT, milliseconds
from gateway.web.problems import problem

NUMBER_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Page:
    """How many rows, from the one after `before`: moment and id that the page before ended with."""

    limit: int
    before: tuple[int, str] | None

    @property
    def read(self) -> int:
        """One more than is shown, to know whether there is another page."""
        return self.limit + 1


def page_of(request: web.Request, usual: int, most: int) -> Page | web.Response:
    """What `limit` and `cursor` ask for, or 422 `invalid`."""
    try:
        return Page(limit_of(request, usual, most), position_of(request.query.get("cursor", "")))
    except ValueError:
        return problem(422, "invalid", "limit is a number, cursor is the one of the page before")


def limit_of(request: web.Request, usual: int, most: int) -> int:
    """How many rows are asked for. Raises ValueError."""
    return min(most, max(1, number_of(request.query.get("limit", str(usual)))))


def cursor_of(request: web.Request) -> int | None:
    """The number that the page before ended with; None for the first page. Raises ValueError."""
    given = request.query.get("cursor")
    return number_of(given) if given else None


def position_of(text: str) -> tuple[int, str] | None:
    """Moment and id that the page before ended with; None for the first page. Raises ValueError."""
    if not text:
        return None
    at, _, last = text.partition(":")
    if not last:
        raise ValueError("not a cursor")
    return number_of(at), last


def following(rows: Sequence[Any], limit: int) -> str | None:
    """The cursor of the page after these, of which one more was read than is shown; None: there is none."""
    return f"{rows[limit - 1].created_at}:{rows[limit - 1].id}" if len(rows) > limit else None


def number_of(text: str) -> int:
    """A number that a column may hold. Raises ValueError for anything else."""
    number = int(text)
    if not 0 <= number <= NUMBER_MAX:
        raise ValueError("out of bounds")
    return number


def moment_of(text: str) -> int:
    """A day, from its beginning in Nairobi, or a moment with its offset; ms. Raises ValueError."""
    if len(text) == len("2026-08-05"):
        return milliseconds(datetime.combine(date.fromisoformat(text), datetime.min.time(), EAT))
    moment = datetime.fromisoformat(text.replace(" ", "+"))  # a plus in an address is a blank
    if moment.tzinfo is None:
        raise ValueError("no offset")
    return milliseconds(moment)
