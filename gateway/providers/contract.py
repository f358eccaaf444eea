"""What a provider file must offer. Parsing and writing are pure over plain mappings; only sending is async.

A module in `gateway/providers/` named as in the URL and in `config.yaml`, with a class `Provider`:

    parse_ussd(form)      one hop, or NotACallback
    reply_ussd(reply)     content type and body
    parse_delivery(form)  what became of a message, or NotACallback
    send_sms(message)     hand over a message; raises the errors of `gateway.errors`
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from gateway.inbound import Inbound, Reply


@dataclass(frozen=True, slots=True)
class OutgoingSms:
    """A text for one phone (E.164)."""

    msisdn: str
    text: str


@dataclass(frozen=True, slots=True)
class SentSms:
    """Taken by the provider, under its own id. `cost` is as the provider writes it: `KES 0.8000`."""

    provider_id: str
    cost: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a message. `state` is sent, delivered or failed; `status` is the provider's own word."""

    provider_id: str
    status: str
    state: str
    reason: str


class UssdProvider(Protocol):
    name: str
    callback_token: str
    open_callbacks: bool

    def parse_ussd(self, form: Mapping[str, str]) -> Inbound: ...

    def reply_ussd(self, reply: Reply) -> tuple[str, str]: ...


class SmsProvider(Protocol):
    name: str

    def parse_delivery(self, form: Mapping[str, str]) -> Delivery: ...

    async def send_sms(self, message: OutgoingSms) -> SentSms: ...

    def close(self) -> None: ...
