"""Who carries words: USSD, SMS and e-mail."""

from datetime import time
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, SecretStr

from gateway.config.section import Block, Port, Positive, Section

SENDER = r"^[A-Za-z0-9][A-Za-z0-9 _.-]{1,9}[A-Za-z0-9]$"
"""What networks take for a sender id: 3 to 11 characters."""
CarrierName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,20}$")]
"""It is kept with each message, and a part of an address."""


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
    premium_base_url: str = ""
    """Where answers go that are charged to whoever gets them; empty: the service's own place beside the one above."""
    sender: str = "NYOTA"
    callback_token: SecretStr = SecretStr("")
    """Path token of USSD and SMS callbacks."""
    open_callbacks: bool = False
    """Accept callbacks without a token. Only for a loopback or a closed network."""
    threads: int = Field(4, ge=1, le=64)
    """Single messages at once: each takes one."""
    connections: int = Field(8, ge=1, le=100)
    """Requests with many messages at once."""
    timeout_seconds: Positive = 10.0


class Providers(Section):
    """Who carries USSD and SMS. A further block is named as a file in `gateway/providers/`, which reads it."""

    model_config = ConfigDict(extra="allow", frozen=True, use_attribute_docstrings=True)
    __pydantic_extra__: dict[str, Block | None] = Field(init=False)
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


class ShortCode(Section):
    """A number of ours that people write to, and how they are answered from it."""

    carrier: str = ""
    """Who has it for us, as in `messages.carriers`: answers leave from the code through them while they are up. Empty:
    whoever has handed the message over."""
    partner: str = ""
    """Whose code it is, of `messages.partners`; empty: our own. Where an answer cannot leave from the code it has their
    sender id, and it says their name."""
    name: str = Field("", max_length=20)
    """What the organisation is called in its answers; empty: the partner's sender id, or as everywhere."""
    language: str = Field("", max_length=8)
    """In which a line without an account is answered; empty: the one of their word, or the default."""
    premium: bool = False
    """Whether answers are charged to whoever wrote: they carry the link of the message, where it has one."""
    keyword: str = Field("", max_length=20)
    """The keyword of a premium code, where its carrier wants one."""


class Messages(Section):
    """How SMS leave."""

    carriers: tuple[str, ...] = Field(("africastalking",), min_length=1)
    """Who carries them, in this order: names of `providers` that send, of `gateways` below, or `log`."""
    gateways: dict[CarrierName, HttpGateway] = Field({})
    """HTTP gateways by name."""
    routes: tuple[SmsRoute, ...] = ()
    """Phones that others carry."""
    rates: dict[str, Positive] = Field({})
    """Messages a second that a carrier takes from one process."""
    partners: dict[str, Annotated[str, Field(pattern=SENDER)]] = Field({})
    """Who else speaks through us: the sender id that is registered for each."""
    short_codes: dict[Annotated[str, Field(pattern=r"^[0-9]{3,15}$")], ShortCode] = Field({})
    """Numbers that people write to, as the carrier names them, without a plus."""
    link_hours: int = Field(24, ge=1, le=72)
    """How long the link of a premium message is good; after that the answer leaves without it, at our cost."""
    quiet_from: time = time(20)
    """From then on nobody is reminded or offered anything."""
    quiet_until: time = time(7)


class SmppLink(Section):
    """An account at a carrier's message centre, over SMPP 3.4. Its name may stand in `messages.carriers`."""

    host: str
    port: Port = 2775
    system_id: str
    password: SecretStr = SecretStr("")
    system_type: str = ""
    tls: bool = False
    bind: Literal["transceiver", "transmitter"] = "transceiver"
    """A transmitter hears nothing: no reports, no messages, no sessions."""
    sender: str = Field("", max_length=15)
    """A registered name or a short code."""
    ussd: bool = False
    """Whether sessions on the phone come through it."""
    alphabet: Literal["gsm", "latin1"] = "gsm"
    """What the centre takes for its default alphabet."""
    long: Literal["header", "sar", "payload"] = "header"
    """How a text of several parts leaves: with user data headers, with parameters, or whole for the centre to cut."""
    report_ids: Literal["same", "hex"] = "same"
    """`hex`: the centre answers with a hexadecimal id and reports on it in decimal."""
    window: int = Field(10, ge=1, le=1000)
    """Messages under way at once."""
    timeout_seconds: Positive = 10.0


class Smpp(Section):
    """Links to message centres. Each worker process binds each of them once."""

    links: dict[CarrierName, SmppLink] = Field({})


class Texting(Section):
    """SMS that people write to us."""

    balances: bool = True
    """Answer with balances and loans; they go to the member's own line only."""
    code_minutes: int = Field(5, ge=1, le=60)
    """How long the code for a request by SMS is good."""
    codes_a_day: int = Field(10, ge=0)
    """How many requests that move money one person may make by SMS, a day; 0: none."""
    day_limit: int = Field(20_000, ge=0)
    """How much one person may move by SMS a day, in shillings."""
    answers_a_day: int = Field(40, ge=1)
    """How many messages of one line are answered, a day."""
    window_seconds: int = Field(60, ge=1, le=3600)
    """The same text again within it is a repeat, where the carrier gives messages no id."""
    marked_minutes: int = Field(60, ge=1, le=1440)
    """The same text again within it is a repeat, where it comes under the same mark: a number that the phone or the
    carrier gave it and will use again, such as the reference of parts."""
    parts_seconds: int = Field(180, ge=10)
    """How long the parts of a long message are waited for; then their digits are forgotten."""
    keep_days: int = Field(90, ge=1)
    """How long what people wrote is kept."""


class Campaigns(Section):
    """One text to many people."""

    alone_most: int = Field(100, ge=0)
    """To more people than this a second person has to agree."""
    rows_most: int = Field(100_000, ge=1)
    """The longest table at once."""
    bytes_most: int = Field(10_000_000, ge=1000)
    at_once: int = Field(400, ge=1, le=5000)
    """How many messages of a campaign are in the queue at most; a pause holds back all but these."""
    mails_at_once: int = Field(20, ge=1, le=500)
    """How many letters of a campaign wait for their first try at most."""
    feed_seconds: Positive = 0.5
    """How often more are put there."""
    part_cents: int = Field(80, ge=0)
    """What the carrier takes for a part, for the price before; after it counts what the carrier says."""


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
    asked_at_once: int = Field(1, ge=1, le=64)
    """Codes and statements that one process hands over together. With `beside_at_once` fewer than `operations.workers`:
    a server that hangs must not have them all."""
    beside_at_once: int = Field(2, ge=1, le=64)
    """Receipts, reminders and campaigns that one process hands over together; fewer than `operations.workers`."""
    rest_seconds: Positive = 30.0
    """How long these leave a server alone that does not answer."""
    give_up_days: int = Field(3, ge=1, le=30)
    """One of these that could not be handed over for so long is not tried again."""
    stop_link_days: int = Field(60, ge=1, le=365)
    """How long the link at the end of a campaign's letter is good, which ends such letters."""


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
