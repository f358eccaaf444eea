"""Reading what M-PESA sends without trusting its shape.

Keys come with and without spaces, numbers as text and text as numbers, a list of one as the one, an item
without its value, two items of one name. Nothing here raises: what cannot be read is empty or None.
"""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from flows.text import msisdn
from gateway.clock import EAT, milliseconds

TEXT_CHARACTERS_MAX = 200
RECEIPT_CHARACTERS_MAX = 40
NAME_CHARACTERS_MAX = 60

_AMOUNT = re.compile(r"\d{1,12}(?:\.\d{1,12})?", re.ASCII)
_PERSONAL = re.compile(r"\b(?=\w*\d)\w{6,}\b")


class Fields:
    """A JSON object, or a list of named items, read by name; a name may have several values."""

    def __init__(self, pairs: Iterable[tuple[object, object]] = ()) -> None:
        self._values: dict[str, list[object]] = {}
        for name, value in pairs:
            self._values.setdefault(_key(name), []).append(value)

    @classmethod
    def of(cls, value: object) -> "Fields":
        """The members of an object; none for anything else."""
        return cls(value.items()) if isinstance(value, Mapping) else cls()

    @classmethod
    def of_items(cls, value: object) -> "Fields":
        """`[{"Key": "Amount", "Value": 150}]`, `Name` for `Key`, or a single such object, as named values."""
        items = [cls.of(item) for item in (value if isinstance(value, list) else [value])]
        return cls((item.text("Key", "Name"), item.value("Value")) for item in items)

    @classmethod
    def parse(cls, raw: bytes) -> "Fields":
        """The members of a JSON document; none when it is not JSON or no object."""
        try:
            return cls.of(json.loads(raw.decode("utf-8", "replace")))
        except (ValueError, RecursionError):
            return cls()

    def values(self, name: str) -> tuple[object, ...]:
        return tuple(self._values.get(_key(name), ()))

    def value(self, name: str) -> object:
        return next(iter(self.values(name)), None)

    def inner(self, name: str) -> "Fields":
        return Fields.of(self.value(name))

    def items(self, name: str) -> "Fields":
        return Fields.of_items(self.value(name))

    def text(self, *names: str) -> str:
        """The first of these that says anything."""
        return next((found for name in names for value in self.values(name) if (found := text(value))), "")

    def cents(self, *names: str) -> int | None:
        return cents(self.text(*names))

    def receipt(self, *names: str) -> str | None:
        return receipt(self.text(*names))


def text(value: object) -> str:
    """Text or a number as trimmed, printable text of limited length; empty for all else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    printable = "".join(character for character in str(value) if character.isprintable())
    return printable.strip()[:TEXT_CHARACTERS_MAX]


def cents(value: object) -> int | None:
    """`150`, `150.0` or `"150.00"` shillings as cents; None for what is no amount or splits a cent."""
    written = text(value)
    if not _AMOUNT.fullmatch(written):
        return None
    exact = Decimal(written) * 100
    return int(exact) if exact == int(exact) else None


def receipt(value: object) -> str | None:
    """A receipt as M-PESA writes them: letters and digits. How many is not promised."""
    written = text(value)
    is_one = written.isascii() and written.isalnum() and len(written) <= RECEIPT_CHARACTERS_MAX
    return written if is_one else None


def phone(value: object) -> str | None:
    """`254712345600` or `254712345600 - AMINA` as E.164; None for a masked or hashed number."""
    number, _, _ = text(value).partition(" - ")
    return msisdn(number) if number.isascii() else None


def public_name(value: object) -> str | None:
    """`AMINA W` of `254712345600 - AMINA W`; None where no name is told."""
    _, _, name = text(value).partition(" - ")
    return name.strip()[:NAME_CHARACTERS_MAX] or None


def moment(value: object) -> int | None:
    """`20260102030431`, East Africa Time, in milliseconds."""
    try:
        return milliseconds(datetime.strptime(text(value), "%Y%m%d%H%M%S").replace(tzinfo=EAT))
    except (ValueError, OverflowError):
        return None


def harmless(message: str) -> str:
    """A sentence of theirs without anything that may be a number of somebody or a token."""
    return _PERSONAL.sub("***", message)


def rows(value: object) -> list[Fields]:
    """The objects in a list or in the lists in a list."""
    parts = value if isinstance(value, list) else [value]
    flat = [row for part in parts for row in (part if isinstance(part, list) else [part])]
    return [Fields.of(row) for row in flat if isinstance(row, Mapping) and row]


def _key(name: Any) -> str:
    return "".join(str(name).split()).casefold()
