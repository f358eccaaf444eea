"""Slot values as plain JSON for the queue, and back as typed values when the sentence is written.

`["ksh", 150000]` money in cents, `["day", "2026-09-04"]`, `["clock", 1754380000000]` a moment in milliseconds,
`["phone", "+254711000001"]` shown masked, `["first", "Amina Wanjiru"]` a first name, `["short", "Amina Wanjiru"]`
that and an initial, `["full", "Amina Wanjiru"]` all of it,
`["moves", [["2026-08-05", -50000]]]` movements by day; a bare text or number is itself.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from gateway.clock import local
from menus.values import Clock, Day, FirstName, FullName, Ksh, MaskedPhone, Moves, ShortName


def ksh(cents: int) -> list[Any]:
    return ["ksh", cents]


def day(value: date) -> list[Any]:
    return ["day", value.isoformat()]


def clock(milliseconds: int) -> list[Any]:
    return ["clock", milliseconds]


def phone(msisdn: str) -> list[Any]:
    return ["phone", msisdn]


def first(name: str) -> list[Any]:
    return ["first", name]


def short(name: str) -> list[Any]:
    return ["short", name]


def full(name: str) -> list[Any]:
    return ["full", name]


def moves(entries: Iterable[tuple[date, int]]) -> list[Any]:
    """Movements of an account, cents by day."""
    return ["moves", [[day.isoformat(), cents] for day, cents in entries]]


def typed(values: Mapping[str, Any], today: date) -> dict[str, object]:
    """Values ready for a sentence written today."""
    readers: dict[str, Callable[[Any], object]] = {
        "ksh": Ksh,
        "day": lambda text: Day(date.fromisoformat(text), today),
        "clock": lambda moment: Clock(local(moment)),
        "phone": MaskedPhone,
        "first": FirstName,
        "short": ShortName,
        "full": FullName,
        "moves": lambda rows: Moves(tuple((date.fromisoformat(day), cents) for day, cents in rows)),
    }
    return {name: readers[value[0]](value[1]) if isinstance(value, list) else value for name, value in values.items()}


def price(quote: Mapping[str, Any]) -> dict[str, Any]:
    """The slots of a loan's price, from a quote as flows keep it."""
    return {
        "principal": ksh(quote["principal_cents"]),
        "net": ksh(quote["net_cents"]),
        "fee": ksh(quote["fee_cents"]),
        "duty": ksh(quote.get("duty_cents", 0)),
        "interest": ksh(quote["interest_cents"]),
        "total": ksh(quote["total_cents"]),
        "due": ["day", quote["due"] if isinstance(quote["due"], str) else quote["due"].isoformat()],
        "apr": quote["apr_percent"],
        "penalty": ksh(quote["penalty_cents"]),
    }
