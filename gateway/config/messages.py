"""Who carries words: USSD, SMS and e-mail."""

from datetime import time
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, SecretStr

from gateway.config.section import Port, Positive, Section


class Carrier(Section):
    """Who carries USSD and nothing else; a provider's file adds its own knobs to these."""

    callback_token: SecretStr = SecretStr("")
    """Path token of its callbacks."""
    open_callbacks: bool = False
    """Accept callbacks without a token. Only for a loopback or a closed network."""


class AfricasTalking(Section):
    username: str = "sandbox"
    api_key: SecretStr = SecretStr("")
    sms_base_url: str = "https://api.africastalking.com/version1"
    sender: str = "NYOTA"
    callback_token: SecretStr = SecretStr("")
    """Path token of USSD and SMS callbacks."""
    open_callbacks: bool = False
    """Accept callbacks without a token. Only for a loopback or a closed network."""
    threads: int = Field(4, ge=1, le=64)


class Providers(Section):
    """Who carries USSD and SMS. A further block is named as a file in `gateway/providers/`, which reads it."""

    model_config = ConfigDict(extra="allow", frozen=True, use_attribute_docstrings=True)
    africastalking: AfricasTalking = AfricasTalking()


class HttpGateway(Section):
    """An account with an HTTP gateway for SMS; see `gateway.sending.presets`."""

    preset: str
    """Its dialect: kenyan, celcom, advanta, airtouch, damza, mobilesasa."""
    url: str
    user: str = ""
    """Username or partner id, where the dialect wants one."""
    api_key: SecretStr = SecretStr("")
    sender: str = Field("", max_length=11)
    """Registered with the networks."""
    timeout_seconds: Positive = 10.0


class SmsRoute(Section):
    """Who carries messages to some phones."""

    prefix: str = Field(pattern=r"^\+\d{3,12}$")
    carriers: tuple[str, ...] = Field(min_length=1)


class Messages(Section):
    """How SMS leave."""

    carriers: tuple[str, ...] = Field(("africastalking",), min_length=1)
    """Who carries them, in this order: names of `providers` that send, of `gateways` below, or `log`."""
    gateways: dict[str, HttpGateway] = Field({})
    """HTTP gateways by name."""
    routes: tuple[SmsRoute, ...] = ()
    """Phones that others carry."""
    rates: dict[str, Positive] = Field({})
    """Messages a second that a carrier takes from one process."""
    quiet_from: time = time(20)
    """From then on nobody is reminded or offered anything."""
    quiet_until: time = time(7)


class Mail(Section):
    """The server that takes our e-mail. Without one nobody is offered any."""

    host: str = ""
    port: Port = 587
    tls: Literal["starttls", "tls", "none"] = "starttls"
    """`starttls` begins plain and insists on encryption, `tls` is encrypted from the start."""
    username: str = ""
    password: SecretStr = SecretStr("")
    sender: str = "no-reply@nyota.example"
    timeout_seconds: Positive = 10.0


class Reminding(Section):
    """Reminders of instalments."""

    days_before: tuple[Annotated[int, Field(ge=1, le=31)], ...] = (3,)
    """So many days before, besides the day itself."""
    days_after: tuple[Annotated[int, Field(ge=1, le=90)], ...] = (7,)
    """So many days after it, while it is unpaid."""
    hour: int = Field(8, ge=0, le=23)
    """Not before this hour."""
    silent_weekdays: tuple[Annotated[int, Field(ge=1, le=7)], ...] = (7,)
    """Days of the week (1 Monday, 7 Sunday) on which nobody is reminded."""
    country: str = Field("KE", max_length=2)
    """Whose public holidays are silent too; empty: none are."""
