"""What a provider file must offer. Parsing and writing are pure over plain mappings; only sending is async.

A module in `gateway/providers/` named as in the URL and in `config.yaml`, with a class `Provider`:

    accepts               how its callbacks come: "form", "json" (POST), "query" (GET)
    parse_ussd(fields)    one hop, or that a session is over, or NotACallback
    reply_ussd(reply)     content type, body, headers
    parse_end(fields)     its notification that a session is over, or NotACallback

and, where it carries SMS too:

    parse_delivery(form)  what became of a message, or NotACallback
    send_sms(message)     hand over a message; raises the errors of `gateway.errors`
    has_premium           whether it can charge an answer to a `link_id`; not there: it cannot

and, where people can write to us through it:

    parse_sms(fields)     one message, or a part of one, or NotACallback
    parse_stop(fields)    whose line wants no more messages, as its carrier tells, or NotACallback
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from flows.text import msisdn as kenyan
from gateway.errors import NotACallback
from gateway.inbound import Ended, Inbound, Reply

Dialect = Literal["form", "json", "query"]
TEXT_CHARACTERS_MAX = 20_000
NUMBER_DIGITS_MAX = 12


@dataclass(frozen=True, slots=True)
class ReplyFrom:
    """Where an answer leaves from, so that it can be answered again: the short code that was written to, which
    `carrier` has for us. With the `link_id` of a premium message, and that code's `keyword`, the answer is charged."""

    carrier: str
    short_code: str
    link_id: str = ""
    keyword: str = ""


@dataclass(frozen=True, slots=True)
class OutgoingSms:
    """A text for one phone (E.164).

    `sender` is a partner's; empty: the carrier's own account says who speaks. `reply` is for whoever chooses among
    carriers; a carrier itself is handed a message in one of its `gateway.sending.forms`, where `link_id` makes it a
    premium answer.
    """

    msisdn: str
    text: str
    sender: str = ""
    reply: ReplyFrom | None = None
    link_id: str = ""
    keyword: str = ""


@dataclass(frozen=True, slots=True)
class SentSms:
    """Taken by the provider, under its own id. `cost` is as the provider writes it: `KES 0.8000`. `sender` is whom the
    provider was told to name; empty: its account says who speaks."""

    provider_id: str
    cost: str
    sender: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a message. `state` is sent, delivered or failed; `status` is the provider's own word."""

    provider_id: str
    status: str
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class Written:
    """An answer in the provider's own dialect."""

    content_type: str
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class IncomingSms:
    """What somebody wrote to us, or one part of it. `msisdn` is E.164.

    `provider_id` is the carrier's own id of it, empty where it has none. `link_id` comes with premium messages. A long
    message may come in `parts`, which have `joined` in common. `mark` is a number of it that will be used again: it
    only tells a repeat from the same words written once more.
    """

    provider: str
    provider_id: str
    msisdn: str
    short_code: str
    text: str
    link_id: str = ""
    network: str = ""
    joined: str = ""
    part: int = 1
    parts: int = 1
    mark: str = ""


class UssdProvider(Protocol):
    name: str
    accepts: frozenset[Dialect]
    callback_token: str
    open_callbacks: bool

    def parse_ussd(self, fields: Mapping[str, str]) -> Inbound | Ended: ...

    def reply_ussd(self, reply: Reply) -> Written: ...

    def parse_end(self, fields: Mapping[str, str]) -> Ended: ...

    def close(self) -> None: ...


class SmsProvider(Protocol):
    name: str

    def parse_delivery(self, form: Mapping[str, str]) -> Delivery: ...

    async def send_sms(self, message: OutgoingSms) -> SentSms: ...

    def close(self) -> None: ...


class WrittenTo(Protocol):
    """One that carries what people write to us."""

    name: str
    accepts: frozenset[Dialect]
    callback_token: str
    open_callbacks: bool

    def parse_sms(self, fields: Mapping[str, str]) -> IncomingSms: ...

    def parse_stop(self, fields: Mapping[str, str]) -> str: ...


PARTS_MAX = 20
SENT_ID_CHARACTERS_MAX, COST_CHARACTERS_MAX = 80, 20
"""What is kept of a carrier's id of a message, and of its cost."""
ID_CHARACTERS_MAX = 128
_PHONE = re.compile(r"\+\d{9,15}")
_SESSION = re.compile(r"[\x21-\x7e]{1,128}")


def phone_of(fields: Mapping[str, str], name: str) -> str:
    """E.164. A decoder that does not unescape `+` leaves a space in its place. Raises NotACallback."""
    text = fields.get(name, "").strip()
    if local := kenyan(text):
        return local
    text = text if text.startswith("+") else f"+{text}"
    if not _PHONE.fullmatch(text):
        raise NotACallback(f"{name} is missing or malformed")
    return text


def session_of(fields: Mapping[str, str], name: str) -> str:
    """The carrier's id of a session. Raises NotACallback."""
    session_ref = fields.get(name, "")
    if not _SESSION.fullmatch(session_ref):
        raise NotACallback(f"{name} is missing or malformed")
    return session_ref


def split_code(dialled: str, codes: tuple[str, ...]) -> tuple[str, str]:
    """`*383*2*1#` as the code `*383#` and what was dialled after it, `2*1`; anything else is a code by itself."""
    for code in codes:
        stem = code.rstrip("#")
        if dialled.startswith(f"{stem}*"):
            return code, dialled[len(stem) + 1 :].rstrip("#")
    return dialled or codes[0], ""


def storable(text: str, most: int) -> str:
    """What a column of so many characters takes of a foreign text: no NUL, no half of a pair."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode()[:most]


def number_of(fields: Mapping[str, str], name: str) -> int | None:
    """A whole number, where there is one."""
    text = fields.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= NUMBER_DIGITS_MAX else None
