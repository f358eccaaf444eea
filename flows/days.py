"""Days people type: in so many days (`30`), or a date (`5/9`, `5-9-2026`, `5 Sep`, `5 Septemba`)."""

import re
from datetime import date, timedelta

from menus.values import Day

_COUNT = re.compile(r"(?:siku|days?)?\s*(\d{1,4})\s*(?:days?|siku|d)?", re.I)
_NUMBERS = re.compile(r"(\d{1,2})\s*[/.-]\s*(\d{1,2})(?:\s*[/.-]\s*(\d{4}|\d{2}))?")
_WORDS = re.compile(r"(\d{1,2})\s*([a-z]{3,9})\.?(?:\s*(\d{4}))?", re.I)

_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan", "feb", "mar mac", "apr", "may mei", "jun", "jul", "aug ago", "sep", "oct okt", "nov", "dec des"),
        start=1,
    )
    for name in names.split()
}
"""By the first three letters, in English and Swahili."""

CENTURY = 2000


def typed_day(text: str, today: date) -> date | None:
    """The day that is meant, on or after today; None when it is no day. Without a year it is the next of that date."""
    plain = text.strip()
    if match := _COUNT.fullmatch(plain):
        return today + timedelta(days=int(match[1]))
    if match := _NUMBERS.fullmatch(plain):
        return _dated(int(match[1]), int(match[2]), match[3], today)
    if (match := _WORDS.fullmatch(plain)) and (month := _MONTHS.get(match[2][:3].lower())):
        return _dated(int(match[1]), month, match[3], today)
    return None


def example(today: date, days: int) -> Day:
    """A date to show how one is typed."""
    return Day(today + timedelta(days=days), today)


def _dated(day: int, month: int, year: str | None, today: date) -> date | None:
    if year is not None:
        return _real(day, month, int(year) + (CENTURY if len(year) == 2 else 0), today)
    return _real(day, month, today.year, today) or _real(day, month, today.year + 1, today)


def _real(day: int, month: int, year: int, today: date) -> date | None:
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    return found if found >= today else None
