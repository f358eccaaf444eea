"""The one source of time. Moments are stored as integer milliseconds since 1970 UTC and shown in East Africa
Time (UTC+3, no daylight saving). Time is passed in, so that tests and simulations own it."""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone

EAT = timezone(timedelta(hours=3), "EAT")

SECOND_MS, MINUTE_MS, HOUR_MS, DAY_MS = 1_000, 60_000, 3_600_000, 86_400_000

Clock = Callable[[], int]


def system() -> int:
    """Now, in milliseconds."""
    return time.time_ns() // 1_000_000


def local(milliseconds: int) -> datetime:
    """A stored moment in East Africa Time."""
    return datetime.fromtimestamp(milliseconds / 1000, EAT)


def local_date(milliseconds: int) -> date:
    """The business day a stored moment falls on, in Nairobi."""
    return local(milliseconds).date()


def day_start(milliseconds_: int) -> int:
    """When the business day of a stored moment began, in Nairobi."""
    return milliseconds(local(milliseconds_).replace(hour=0, minute=0, second=0, microsecond=0))


def milliseconds(moment: datetime) -> int:
    """A moment with a zone as stored. Raises ValueError for one without, and for one before all days."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs a zone")
    try:
        return int(moment.astimezone(UTC).timestamp() * 1000)
    except OverflowError as error:
        raise ValueError("there is no such day") from error


def iso(milliseconds_: int) -> str:
    """A stored moment as ISO 8601 with the local offset, to the second."""
    return local(milliseconds_).isoformat(timespec="seconds")
