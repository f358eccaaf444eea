"""Reads plain mappings (JSON, YAML) into exact values. Every refusal begins with the name of the field."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeVar

from gateway.lending.errors import InvalidTerms, UnsupportedTerms

_AMOUNT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,2})?")
PERCENT_PLACES = 10
PERCENT_MOST = 99_999
_PERCENT = re.compile(rf"[0-9]{{1,5}}(\.[0-9]{{1,{PERCENT_PLACES}}})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
DAY_FIRST = date(1970, 1, 1)
DAY_LAST = date(2999, 12, 31)

Choice = TypeVar("Choice", bound=str)


@dataclass(frozen=True, slots=True)
class Fields:
    """One mapping being read. A missing field and a null one are the same: the default, or a refusal."""

    source: Mapping[str, object]
    prefix: str = ""

    @classmethod
    def of(cls, source: object, known: Iterable[str], prefix: str = "") -> "Fields":
        """Takes a mapping whose fields are all in `known`; any other field is refused by name."""
        if not isinstance(source, Mapping):
            raise InvalidTerms(f"{prefix.rstrip('.') or 'terms'}: expected an object")
        unknown = sorted(str(name) for name in source if name not in set(known))
        if unknown:
            raise UnsupportedTerms(f"{prefix}{unknown[0]}: this field is not supported")
        return cls(source, prefix)

    def has(self, name: str) -> bool:
        return self.source.get(name) is not None

    def value(self, name: str) -> object:
        """The raw value; refused when it is missing."""
        value = self.source.get(name)
        if value is None:
            raise InvalidTerms(f"{self.prefix}{name}: is required")
        return value

    def text(self, name: str, default: str | None = None) -> str:
        if default is not None and not self.has(name):
            return default
        value = self.value(name)
        if not isinstance(value, str) or not value:
            raise self._invalid(name, "expected text")
        return value

    def choice(self, name: str, options: tuple[Choice, ...], default: Choice | None = None) -> Choice:
        """One of `options`; a word outside them is an unsupported kind of loan, not a malformed one."""
        if default is not None and not self.has(name):
            return default
        value = self.value(name)
        for option in options:
            if option == value:
                return option
        raise UnsupportedTerms(f"{self.prefix}{name}: {value!r} is not supported; known are {', '.join(options)}")

    def whole(self, name: str, least: int, most: int, default: int | None = None) -> int:
        """A JSON integer from `least` to `most`."""
        if default is not None and not self.has(name):
            return default
        value = self.value(name)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise self._invalid(name, f"expected a whole number from {least} to {most}")
        return value

    def flag(self, name: str, default: bool) -> bool:
        value = self.value(name) if self.has(name) else default
        if not isinstance(value, bool):
            raise self._invalid(name, "expected true or false")
        return value

    def cents(self, name: str, default: int | None = None, least: int = 1) -> int:
        """An amount like "500.00" (or a JSON integer of whole shillings) in cents; floats are refused."""
        if default is not None and not self.has(name):
            return default
        amount = self._decimal(name, _AMOUNT, "an amount like 500.00, as text, with at most two decimals")
        cents = int(amount * 100)
        if cents < least:
            raise self._invalid(name, f"expected at least {Decimal(least) / 100}")
        return cents

    def percent(self, name: str, default: Decimal | None = None) -> Decimal:
        """A percentage like "7.5" as an exact decimal, never negative."""
        if default is not None and not self.has(name):
            return default
        return self._decimal(name, _PERCENT, "a percentage like 7.5, as text")

    def day(self, name: str) -> date:
        """A date like 2026-01-15."""
        value = self.value(name)
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            raise self._invalid(name, "expected a date like 2026-01-15")
        try:
            day = date.fromisoformat(value)
        except ValueError as error:
            raise self._invalid(name, "no such day") from error
        if not DAY_FIRST <= day <= DAY_LAST:
            raise self._invalid(name, f"expected a day from {DAY_FIRST} to {DAY_LAST}")
        return day

    def day_or_none(self, name: str) -> date | None:
        return self.day(name) if self.has(name) else None

    def items(self, name: str) -> tuple[object, ...]:
        """A list; empty when the field is missing."""
        value = self.value(name) if self.has(name) else []
        if not isinstance(value, list | tuple):
            raise self._invalid(name, "expected a list")
        return tuple(value)

    def _decimal(self, name: str, pattern: re.Pattern[str], expected: str) -> Decimal:
        value = self.value(name)
        written = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if not isinstance(written, str) or not pattern.fullmatch(written):
            raise self._invalid(name, f"expected {expected}")
        return Decimal(written)

    def _invalid(self, name: str, reason: str) -> InvalidTerms:
        return InvalidTerms(f"{self.prefix}{name}: {reason}")


def amount_text(cents: int) -> str:
    """Cents as the wire writes them: 216000 is "2160.00"."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"
