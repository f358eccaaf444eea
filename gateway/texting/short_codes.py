"""The numbers that people write to: who answers from them, in whose name, and through whom.

A message to a number that nobody has configured, or to a name, is answered all the same: as every other message leaves.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog

from gateway.clock import HOUR_MS
from gateway.config import Messages, ShortCode
from gateway.errors import Misconfigured

FREE = frozenset({"stop"})
"""Nobody pays for the answer to a word that ends messages."""
UNKNOWN_MOST = 100
"""So many unknown numbers are told apart in the log."""

log = structlog.get_logger("sms_in")


@dataclass(frozen=True, slots=True)
class Desk:
    """Who answers. `name` is what the organisation is called there, empty: as everywhere; so with `language`."""

    name: str = ""
    language: str = ""
    sender: str = ""
    reply: Mapping[str, Any] = field(default_factory=dict)

    def fields(self, *, is_first: bool) -> dict[str, Any]:
        """What an intent to send says of it. A link is good for one message: the first of an answer."""
        reply = dict(self.reply)
        if not is_first:
            reply.pop("link_id", None)
        found = {"sender": self.sender, "name": self.name, "reply": reply}
        return {name: value for name, value in found.items() if value}


NOBODYS = Desk()


class ShortCodes:
    """Those of the configuration."""

    def __init__(self, settings: Messages) -> None:
        self._settings = settings
        self._unknown: set[str] = set()

    def of(self, intent: Mapping[str, Any], received_at: int) -> Desk:
        """Who answers the message of this intent, which came at this moment (ms)."""
        number = normal(str(intent.get("short_code", "")))
        code = self._settings.short_codes.get(number)
        if code is None:
            self._note(number, str(intent.get("provider", "")))
            return NOBODYS
        reply: dict[str, Any] = {"carrier": code.carrier or intent["provider"], "short_code": number}
        if code.premium and intent.get("keyword") not in FREE and (link := intent.get("link_id")):
            until = received_at + self._settings.link_hours * HOUR_MS
            reply |= {"link_id": link, "link_until": until, "keyword": code.keyword}
        return Desk(name_of(code, self._settings), code.language, self._settings.partners.get(code.partner, ""), reply)

    def language(self, intent: Mapping[str, Any]) -> str:
        """Of the code that was written to; empty where it has none."""
        code = self._settings.short_codes.get(normal(str(intent.get("short_code", ""))))
        return code.language if code is not None else ""

    def _note(self, number: str, provider: str) -> None:
        """Once: whoever runs this has forgotten it, or somebody else's messages come here."""
        if number and number not in self._unknown and len(self._unknown) < UNKNOWN_MOST:
            self._unknown.add(number)
            log.warning("short_code_unknown", short_code=number, provider=provider)


def normal(number: str) -> str:
    """As the configuration writes it: some carriers put a plus before a long one."""
    return number.strip().removeprefix("+")


def name_of(code: ShortCode, settings: Messages) -> str:
    return code.name or settings.partners.get(code.partner, "")


def proved(settings: Messages, languages: Mapping[str, object]) -> None:
    """Raises Misconfigured naming the key of a code that says what cannot be."""
    for number, code in settings.short_codes.items():
        where = f"messages.short_codes.{number}"
        if code.partner and code.partner not in settings.partners:
            raise Misconfigured(f"{where}.partner: {code.partner} is nobody of messages.partners")
        if code.language and code.language not in languages:
            raise Misconfigured(f"{where}.language: {code.language} is none of {', '.join(languages)}")
        if code.premium and not code.carrier:
            raise Misconfigured(f"{where}.carrier: needed where premium says that answers are charged")
        if code.keyword and not code.premium:
            raise Misconfigured(f"{where}.keyword: only a premium code has one")


def carried(settings: Messages, carriers: Mapping[str, object]) -> None:
    """Raises Misconfigured naming the key of a code that nobody can answer from so."""
    for number, code in settings.short_codes.items():
        where = f"messages.short_codes.{number}"
        if code.carrier and code.carrier not in carriers:
            raise Misconfigured(f"{where}.carrier: {code.carrier} carries no SMS; known are {', '.join(carriers)}")
        if code.premium and not getattr(carriers[code.carrier], "has_premium", False):
            raise Misconfigured(f"{where}.premium: {code.carrier} cannot charge an answer to whoever gets it")
