"""Moments as people name them: a day, which means its end in East Africa Time, or a time with its offset."""

from datetime import date, datetime, time

from gateway.clock import DAY_MS, EAT, milliseconds


def end_of(day: date) -> int:
    """The last millisecond of a day."""
    return start_of(day) + DAY_MS - 1


def start_of(day: date) -> int:
    """The first one."""
    return milliseconds(datetime.combine(day, time(), EAT))


def moment_of(text: str) -> int:
    """`2026-08-05` or `2026-08-05T10:00:00+03:00`. Raises ValueError for anything else."""
    if len(text) == len("2026-08-05"):
        return end_of(date.fromisoformat(text))
    return milliseconds(datetime.fromisoformat(text.replace(" ", "+")))  # a plus in an address is a blank
