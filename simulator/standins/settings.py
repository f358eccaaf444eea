"""What can be chosen about the outside world, and which of it can be changed while it runs.

Amounts are integer cents, times are seconds. Settings live in memory: a restart brings the defaults back,
while the book (money, prompts, messages, what is still to be sent) stays on disk.
"""

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

ANSWERS = ("pay", "wrong-pin", "cancel", "insufficient", "ignore")
DEMO_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "254711000001": "AMINA WANJIRU",
        "254711000002": "BARAKA OTIENO",
    }
)


@dataclass(frozen=True, slots=True)
class DarajaApp:
    """One app on the developer portal with its shortcode. `passkey` signs STK pushes; pay-outs have none."""

    key: str
    secret: str = field(repr=False)
    shortcode: str
    organisation: str
    passkey: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class SmsAccount:
    """One account at Africa's Talking. Without `senders` every well-formed sender id is registered."""

    username: str
    api_key: str = field(repr=False)
    senders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CoreServer:
    """The core banking server's own configuration. `key_header` carries idempotency keys."""

    user: str = "mifos"
    password: str = field(default="password", repr=False)
    tenant: str = "default"
    key_header: str = "Idempotency-Key"
    key_characters_max: int = 50


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything about one running outside world."""

    data: Path
    gateway_url: str | None = None
    smsc_port: int | None = None
    mail_port: int | None = None
    collection: DarajaApp = DarajaApp(
        "nyota-collection-key", "nyota-collection-secret", "600999", "NYOTA", "nyota-demo-passkey"
    )
    payout: DarajaApp = DarajaApp("nyota-payout-key", "nyota-payout-secret", "600998", "NYOTA PAYOUTS")
    sms: SmsAccount = SmsAccount("sandbox", "nyota-demo-sms-key")
    core: CoreServer = CoreServer()
    names: Mapping[str, str] = field(default_factory=lambda: DEMO_NAMES)

    auto_answer: bool = True
    auto_answer_seconds: float = 1.0
    auto_answer_with: str = "pay"
    prompt_seconds: float = 60.0
    callback_seconds: float = 0.5
    delivery_seconds: float = 0.5
    delivery_url: str | None = None
    inbound_url: str | None = None
    register_once: bool = False
    validation: bool = False
    core_running_status: int = 425
    core_maker_checker: bool = False
    core_business_date: str | None = None

    token_seconds: int = 3600
    validation_seconds: float = 8.0
    send_timeout_seconds: float = 5.0
    gateway_wait_seconds: float = 10.0
    stop_seconds: float = 1.0
    sends_at_once: int = 32

    opening_balance_cents: int = 50_000_00
    payout_float_cents: int = 10_000_000_00
    wallet_max_cents: int = 500_000_00
    daily_max_cents: int = 500_000_00
    transaction_max_cents: int = 250_000_00
    payout_min_cents: int = 10_00

    def organisation(self, shortcode: str) -> str:
        """The public name of a shortcode, empty when it is not one of ours."""
        apps = {app.shortcode: app.organisation for app in (self.payout, self.collection)}
        return apps.get(shortcode, "")

    @property
    def report_url(self) -> str | None:
        """Where delivery reports go."""
        return self.delivery_url or self._at_gateway("/api/sms/delivery/africastalking")

    @property
    def incoming_url(self) -> str | None:
        """Where messages that people write go."""
        return self.inbound_url or self._at_gateway("/api/sms/inbound/africastalking")

    def _at_gateway(self, path: str) -> str | None:
        return f"{self.gateway_url.rstrip('/')}{path}" if self.gateway_url else None


def is_loopback_url(text: str) -> bool:
    """Whether the address stays on this machine: the pretend world never calls anybody else."""
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and not set(text) & set(" \t\r\n") and _is_loopback(host)


def change(settings: Settings, wanted: Mapping[str, Any]) -> Settings:
    """Settings with these changes. Raises ValueError naming the first key that is unknown or nonsense."""
    values: dict[str, Any] = {}
    for name, value in wanted.items():
        if name not in KNOBS:
            raise ValueError(f"{name} is not a setting; known are {', '.join(KNOBS)}")
        attribute, accept = KNOBS[name]
        if not accept(value):
            raise ValueError(f"{name} cannot be {value!r}")
        values[attribute] = value
    return replace(settings, **values)


def shown(settings: Settings) -> dict[str, Any]:
    """The settings that can be changed, by the names they are changed with."""
    return {name: getattr(settings, attribute) for name, (attribute, _accept) in KNOBS.items()}


def is_seconds(value: object) -> bool:
    """A number of seconds between nothing and one day."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 86_400


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_bool(value: object) -> bool:
    return isinstance(value, bool)


def _is_answer(value: object) -> bool:
    return value in ANSWERS


def _is_url_or_nothing(value: object) -> bool:
    return value is None or (isinstance(value, str) and is_loopback_url(value))


def _is_running_status(value: object) -> bool:
    return value in (409, 425)


def _is_day_or_nothing(value: object) -> bool:
    try:
        return value is None or date.fromisoformat(str(value)).isoformat() == value
    except ValueError:
        return False


KNOBS: Mapping[str, tuple[str, Callable[[object], bool]]] = MappingProxyType(
    {
        "autoAnswer": ("auto_answer", _is_bool),
        "autoAnswerSeconds": ("auto_answer_seconds", is_seconds),
        "autoAnswerWith": ("auto_answer_with", _is_answer),
        "promptSeconds": ("prompt_seconds", is_seconds),
        "callbackSeconds": ("callback_seconds", is_seconds),
        "coreBusinessDate": ("core_business_date", _is_day_or_nothing),
        "coreMakerChecker": ("core_maker_checker", _is_bool),
        "coreRunningStatus": ("core_running_status", _is_running_status),
        "deliverySeconds": ("delivery_seconds", is_seconds),
        "deliveryUrl": ("delivery_url", _is_url_or_nothing),
        "inboundUrl": ("inbound_url", _is_url_or_nothing),
        "registerOnce": ("register_once", _is_bool),
        "validation": ("validation", _is_bool),
    }
)
