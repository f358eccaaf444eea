"""Single cells: moments in East Africa Time and amounts, as exports and spreadsheets write them. Never month first.

02-01-2026 03:04:31   02/01/2026 03:04:31   2026-01-02 03:04:31   46024.128137 (a spreadsheet's own number)
1,053.00   -120,000.00   KES 10   (10.00)   -   (empty)
"""

import re
from datetime import date
from decimal import Decimal
from functools import lru_cache

from gateway.clock import DAY_MS, EAT

EPOCH = date(1970, 1, 1).toordinal()
SERIAL_EPOCH = date(1899, 12, 30).toordinal()
SERIALS = range(date(2000, 1, 1).toordinal() - SERIAL_EPOCH, date(2100, 1, 1).toordinal() - SERIAL_EPOCH)
AHEAD_MS = int(EAT.utcoffset(None).total_seconds() * 1000)
ABSURD_CENTS = 10**15

_TIME = r"[ T]+(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?"
_DAY_FIRST = re.compile(rf"(\d{{1,2}})[-/](\d{{1,2}})[-/](\d{{4}}){_TIME}", re.ASCII)
_YEAR_FIRST = re.compile(rf"(\d{{4}})[-/](\d{{1,2}})[-/](\d{{1,2}}){_TIME}", re.ASCII)
_SERIAL = re.compile(r"\d{5}(\.\d+)?", re.ASCII)
_AMOUNT = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?([eE][+-]?\d{1,2})?", re.ASCII)
_CURRENCY = re.compile(r"^(kes|kshs?)\.?\s*|\s*(kes|kshs?)\.?$", re.IGNORECASE)
_SLIP = Decimal("0.000001")


def moment(text: str) -> int:
    """Milliseconds since 1970 UTC. Raises ValueError."""
    text = text.strip()
    if found := _DAY_FIRST.fullmatch(text):
        day, month, year, *clock = found.groups()
        return _day_ms(int(year), int(month), int(day)) + _clock_ms(clock)
    if found := _YEAR_FIRST.fullmatch(text):
        year, month, day, *clock = found.groups()
        return _day_ms(int(year), int(month), int(day)) + _clock_ms(clock)
    if _SERIAL.fullmatch(text) and int(float(text)) in SERIALS:
        days = Decimal(text) + SERIAL_EPOCH - EPOCH
        return round(days * DAY_MS / 1000) * 1000 - AHEAD_MS
    raise ValueError("is not a time such as 02-01-2026 03:04:31")


def cents(text: str) -> int:
    """Cents with their sign; nothing, `-` and `0.00` are zero. Raises ValueError."""
    text = _CURRENCY.sub("", text.strip().replace("\u00a0", "")).strip()
    if text in {"", "-"}:
        return 0
    if text.startswith("(") and text.endswith(")"):
        text = f"-{text[1:-1]}"
    if not _AMOUNT.fullmatch(text):
        raise ValueError("is not an amount such as 1,053.00")
    exact = Decimal(text.replace(",", "")) * 100
    whole = exact.to_integral_value()
    if abs(exact - whole) > _SLIP or abs(whole) >= ABSURD_CENTS:
        raise ValueError("is not an amount in whole cents")
    return int(whole)


@lru_cache(maxsize=4096)
def _day_ms(year: int, month: int, day: int) -> int:
    return (date(year, month, day).toordinal() - EPOCH) * DAY_MS - AHEAD_MS


def _clock_ms(parts: list[str]) -> int:
    hours, minutes, seconds = (int(part or 0) for part in parts)
    if hours > 23 or minutes > 59 or seconds > 59:
        raise ValueError("is not a time of day")
    return ((hours * 60 + minutes) * 60 + seconds) * 1000
