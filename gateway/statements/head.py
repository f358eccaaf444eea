"""What stands above the header row: whose statement it is, of which days, and the totals it claims.

    Short Code: | 600999          Time Period: | From 01-01-2026 00:00:00 To 31-01-2026 23:59:59
    Opening Balance: | 12,500.00  Total Withdrawn: | -85,300.00

Several pairs may share a row, and a label its cell with the value. The operator's name is not read.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gateway.statements import values
from gateway.statements.columns import plain

_PERIOD = re.compile(r"from\s+(\S+(?:\s+\d\S*)?)\s+to\s+(\S+(?:\s+\d\S*)?)\s*$", re.IGNORECASE)
_TITLE = re.compile(r"statements? for\D{0,3}(\d{5,7})\b", re.IGNORECASE)
_SHORTCODE = re.compile(r"\d{5,7}", re.ASCII)
AMOUNTS = {
    "opening balance": "opening_cents",
    "closing balance": "closing_cents",
    "total paid in": "paid_in_cents",
    "total withdrawn": "withdrawn_cents",
}
DAY_LAST = " 23:59:59"


@dataclass(frozen=True, slots=True)
class Head:
    """Empty or None for what is not said. Moments in milliseconds, `since` and `until` included; amounts in cents,
    never negative but for balances. A period may end after `reported`, when the file was made: it covers less then."""

    shortcode: str = ""
    account: str = ""
    since: int | None = None
    until: int | None = None
    reported: int | None = None
    opening_cents: int | None = None
    closing_cents: int | None = None
    paid_in_cents: int | None = None
    withdrawn_cents: int | None = None


def head_of(rows: Iterable[Sequence[str]], name: str = "") -> Head:
    """`name` is the file's, which may say the shortcode. What cannot be read is left out: rows count, not titles."""
    head = _titled(Head(), name)
    for cells in rows:
        for label, value in _pairs(cells):
            head = _with(head, label, value)
        head = _titled(head, " ".join(cells)) if not head.shortcode else head
    return head


def _pairs(cells: Sequence[str]) -> Iterator[tuple[str, str]]:
    filled = [cell.strip() for cell in cells if cell.strip()]
    for place, cell in enumerate(filled):
        label, colon, value = cell.partition(":")
        if colon and value.strip():
            yield plain(label), value.strip()
        elif place + 1 < len(filled):
            yield plain(cell), filled[place + 1]


def _with(head: Head, label: str, value: str) -> Head:
    if label == "short code" and _SHORTCODE.fullmatch(value.removesuffix(".0")):
        return replace(head, shortcode=value.removesuffix(".0"))
    if label == "account":
        return replace(head, account=value[:60])
    if label == "time period":
        return _period(head, value)
    if label == "date of report":
        return _reported(head, value)
    if label in AMOUNTS:
        return _amount(head, AMOUNTS[label], value)
    return head


def _period(head: Head, value: str) -> Head:
    found = _PERIOD.search(value)
    if found is None:
        return head
    try:
        since, until = _moment(found[1], " 00:00:00"), _moment(found[2], DAY_LAST)
    except ValueError:
        return head
    return replace(head, since=since, until=until)


def _reported(head: Head, value: str) -> Head:
    try:
        return replace(head, reported=_moment(value, DAY_LAST))
    except ValueError:
        return head


def _moment(text: str, clock: str) -> int:
    """A day alone is its beginning or its end."""
    return values.moment(text if " " in text.strip() else f"{text}{clock}")


def _amount(head: Head, field: str, value: str) -> Head:
    try:
        cents = values.cents(value)
    except ValueError:
        return head
    claimed: dict[str, Any] = {field: cents if field in {"opening_cents", "closing_cents"} else abs(cents)}
    return replace(head, **claimed)


def _titled(head: Head, text: str) -> Head:
    found = _TITLE.search(text)
    return replace(head, shortcode=found[1]) if found and not head.shortcode else head
