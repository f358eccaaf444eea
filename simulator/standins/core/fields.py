"""The JSON object of a write, read as strictly as the real one does: what it does not know, it refuses."""

import json
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

from simulator.standins.core.errors import ApiError, detail, invalid

ALWAYS = frozenset({"locale", "dateFormat"})
PATTERNS: Mapping[str, str] = MappingProxyType(
    {
        "yyyy-MM-dd": "%Y-%m-%d",
        "dd MMMM yyyy": "%d %B %Y",
        "dd MMM yyyy": "%d %b %Y",
        "dd/MM/yyyy": "%d/%m/%Y",
        "dd-MM-yyyy": "%d-%m-%Y",
        "yyyyMMdd": "%Y%m%d",
    }
)
_CENTS_MAX = 10**15


class Fields:
    """Every reader raises ApiError with the parameter's name when the value is not there or not right."""

    def __init__(self, values: Mapping[str, Any], resource: str) -> None:
        self.values = values
        self._resource = resource

    @classmethod
    def parse(cls, raw: bytes, supported: Collection[str], resource: str) -> "Fields":
        """Read a body that may have these parameters and no others. An empty body has none."""
        values = read_json(raw)
        if not isinstance(values, dict):
            raise _not_json()
        unknown = sorted(values.keys() - ALWAYS - set(supported))
        if unknown:
            raise invalid([_unsupported(name) for name in unknown])
        return cls(values, resource)

    def __contains__(self, name: str) -> bool:
        return self.values.get(name) not in (None, "")

    def text(self, name: str, *, longest: int = 100) -> str:
        value = self._value(name)
        if not isinstance(value, str) or len(value) > longest:
            raise self._wrong(name, "exceeds.max.length" if isinstance(value, str) else "must.be.text")
        return value

    def optional(self, name: str, *, longest: int = 100) -> str | None:
        return self.text(name, longest=longest) if name in self else None

    def flag(self, name: str) -> bool:
        """False when it is not there."""
        value = self.values.get(name, False)
        if not isinstance(value, bool):
            raise self._wrong(name, "must.be.true.or.false")
        return value

    def whole(self, name: str, *, least: int = 0, most: int = 2**31) -> int:
        """A whole number, as a JSON number or as a text."""
        number = self._decimal(name)
        if number != number.to_integral_value() or not least <= number <= most:
            raise self._wrong(name, "is.not.within.expected.range")
        return int(number)

    def optional_whole(self, name: str) -> int | None:
        return self.whole(name) if name in self else None

    def one_of(self, name: str, allowed: Collection[int]) -> int:
        value = self.whole(name)
        if value not in allowed:
            raise self._wrong(name, "is.not.one.of.expected.enumerations")
        return value

    def rate(self, name: str, *, most: int = 1000) -> Decimal:
        self._needs_locale()
        value = self._decimal(name)
        if not 0 <= value <= most:
            raise self._wrong(name, "is.not.within.expected.range")
        return value

    def cents(self, name: str, *, least: int = 1) -> int:
        """An amount of money of at most two decimals."""
        self._needs_locale()
        value = self._decimal(name) * 100
        if value != value.to_integral_value() or not value <= _CENTS_MAX:
            raise self._wrong(name, "is.not.within.expected.range")
        if value < least:
            raise self._wrong(name, "not.greater.than.zero" if least == 1 else "is.less.than.min")
        return int(value)

    def day(self, name: str) -> date:
        value = self._value(name)
        self._needs_locale()
        pattern = self.values.get("dateFormat")
        if not pattern:
            raise invalid(
                [detail("validation.msg.missing.dateFormat.parameter", "dateFormat is mandatory.", "dateFormat")]
            )
        try:
            return datetime.strptime(value, PATTERNS[pattern]).replace(tzinfo=UTC).date()
        except (KeyError, TypeError, ValueError) as error:
            message = f"The parameter {name} is invalid based on the dateFormat: '{pattern}'"
            raise invalid([detail("validation.msg.invalid.dateFormat.format", message, name, value)]) from error

    def optional_day(self, name: str) -> date | None:
        return self.day(name) if name in self else None

    def _value(self, name: str) -> Any:
        if name not in self:
            raise self._wrong(name, "cannot.be.blank")
        return self.values[name]

    def _decimal(self, name: str) -> Decimal:
        value = self._value(name)
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            raise self._wrong(name, "is.not.a.number")
        try:
            number = Decimal(value.replace(",", "") if isinstance(value, str) else value)
        except InvalidOperation as error:
            raise self._wrong(name, "is.not.a.number") from error
        if not number.is_finite() or abs(number) > _CENTS_MAX:
            raise self._wrong(name, "is.not.a.number")
        return number

    def _needs_locale(self) -> None:
        if not self.values.get("locale"):
            raise invalid([detail("validation.msg.missing.locale.parameter", "locale is mandatory.", "locale")])

    def _wrong(self, name: str, why: str) -> ApiError:
        code = f"validation.msg.{self._resource}.{name}.{why}"
        message = f"The parameter `{name}` {why.replace('.', ' ')}."
        value = self.values.get(name)
        return invalid([detail(code, message, name, value if isinstance(value, str | int) else None)])


def read_json(raw: bytes) -> Any:
    """What a body says, its numbers as they are written; nothing says an empty object. Raises ApiError."""
    try:
        values = json.loads(raw or b"{}", parse_float=Decimal)
        if b"\\u" in raw:
            # JSON can carry halves of characters, which no database can.
            json.dumps(values, ensure_ascii=False, default=str).encode()
    except (ValueError, RecursionError) as error:
        raise _not_json() from error
    return values


def _unsupported(name: str) -> dict[str, Any]:
    return detail("error.msg.parameter.unsupported", f"The parameter {name} is not supported.", name, name)


def _not_json() -> ApiError:
    return ApiError(
        400, "error.msg.invalid.request.body", "The JSON of the body of the request is not as it has to be."
    )
