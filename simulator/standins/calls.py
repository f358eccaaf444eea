"""One call to Daraja: who makes it, what it says, and how it is refused.

Every refusal is worded as Daraja does it:

    HTTP 400
    {"requestId": "12345-67890123-1", "errorCode": "400.002.02",
     "errorMessage": "Bad Request - Invalid PhoneNumber"}
"""

import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from simulator.standins import stamps
from simulator.standins.faults import Drawn
from simulator.standins.phones import is_daraja_phone
from simulator.standins.settings import DarajaApp, is_loopback_url
from simulator.standins.world import World

BUSY_CODE, BUSY_MESSAGE = "500.003.02", "System is busy. Please try again in few minutes."


class DarajaError(Exception):
    """The call is refused at the door: nothing has happened."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{code} {message}")
        self.status = status
        self.code = code
        self.message = message

    def response(self) -> web.Response:
        body = {"requestId": request_id(), "errorCode": self.code, "errorMessage": self.message}
        return web.json_response(body, status=self.status)


def invalid(field: str) -> DarajaError:
    return DarajaError(400, "400.002.02", f"Bad Request - Invalid {field}")


class Fields:
    """The JSON object of a request. Every reader raises DarajaError naming the field that is not right."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    @classmethod
    def parse(cls, raw: bytes) -> "Fields":
        try:
            values = json.loads(raw)
        except ValueError as error:
            raise DarajaError(400, "400.002.05", "Invalid Request Payload") from error
        if not isinstance(values, dict):
            raise DarajaError(400, "400.002.05", "Invalid Request Payload")
        return cls(values)

    def optional(self, name: str) -> str:
        """The field as printable text, empty when it is not there. Whole numbers are as good as strings."""
        value = self._values.get(name)
        if value is None or value == "":
            return ""
        if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).isprintable():
            raise invalid(name)
        return str(value)

    def text(self, name: str, *, longest: int = 1024) -> str:
        value = self.optional(name)
        if not value.strip() or len(value) > longest:
            raise invalid(name)
        return value

    def one_of(self, name: str, allowed: Collection[str]) -> str:
        value = self.text(name)
        if value not in allowed:
            raise invalid(name)
        return value

    def whole_cents(self, name: str) -> int:
        """A whole number of shillings of at least one, in cents."""
        value = self.text(name, longest=9)
        if not (value.isascii() and value.isdigit()) or int(value) < 1:
            raise invalid(name)
        return int(value) * 100

    def phone(self, name: str) -> str:
        value = self.text(name)
        if not is_daraja_phone(value):
            raise invalid(name)
        return value

    def url(self, name: str) -> str:
        value = self.text(name)
        if not is_loopback_url(value):
            raise invalid(name)
        return value


@dataclass(frozen=True, slots=True)
class Call:
    """A call that was let in: by which app, with which fields, and what is to go wrong with it."""

    world: World
    app: DarajaApp
    fields: Fields
    drawn: Drawn


def request_id() -> str:
    """`1234-56789012-1`, the way Daraja numbers requests."""
    return f"{secrets.randbelow(90_000) + 10_000}-{secrets.randbelow(90_000_000) + 10_000_000}-1"


def conversation_id(world: World) -> str:
    """`AG_20260102_0000aaaabbbbccccdddd`, the way Daraja numbers conversations."""
    return f"AG_{stamps.eat(world.now()):%Y%m%d}_{secrets.token_hex(10)}"
