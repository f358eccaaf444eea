"""Every knob: its type, default, limit and one line of help, parsed once. Nobody else reads the environment.

`config.yaml` first, overridden by `NYOTA_<SECTION>__<KEY>`. Unknown keys, missing secrets and nonsense values
stop the start with the key's name. Secrets come only by environment and are masked in every repr.
"""

import os
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    YamlConfigSettingsSource,
)

from gateway.errors import Misconfigured
from gateway.lending.products import DEMO_PRODUCTS
from gateway.lending.taxes import Charged
from gateway.licences import Kind, licence

ENVIRONMENT_PREFIX = "NYOTA_"
SHORTCODES = {"collection": "600999", "payout": "600998"}
Port = Annotated[int, Field(ge=0, le=65535)]
Positive = Annotated[float, Field(gt=0)]
Cents = Annotated[int, Field(ge=0)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Organisation(Section):
    """Who speaks."""

    kind: Kind = "sacco"
    """sacco, bank, credit_only or chama: what may be offered without a further licence goes by it."""
    name: str = "Nyota"
    """The name on screens and in prompts."""
    code: str = "*383#"
    """The code people dial, as texts name it."""
    help_line: str = "0711000009"
    """The number people call; staff call from it too."""
    terms_link: str = "nyota.example/t"
    data_link: str = "nyota.example/d"
    terms_version: str = "2026-08"
    """Version of terms and data notice; stored with each consent."""
    agents: str = "Mama Njeri Shop, Githurai 44\nKibera Agent 17, Olympic"
    """Nearest agents, a line each."""
    answer_hours: int = Field(24, ge=1, le=168)
    """Hours within which a case is answered."""


class Server(Section):
    """Where the gateway listens."""

    host: str = "127.0.0.1"
    port: Port = 8383
    public_url: str = ""
    """The address the rail calls back, without a trailing slash; empty: http://host:port."""
    turn_seconds: Positive = 4.5
    """One deadline around a whole turn; past it a polite END."""
    turns_in_flight_max: int = Field(2000, ge=1)
    """Turns worked on at once; new dials beyond it are turned away kindly."""
    body_bytes_max: int = Field(65536, ge=1024)
    ops_token: SecretStr = SecretStr("")
    """Bearer token of operators."""
    callback_token: SecretStr = SecretStr("")
    """Hex path token of the rail's callbacks."""
    processes: int = Field(1, ge=1, le=64)


class Database(Section):
    url: str = Field("sqlite+aiosqlite:///var/nyota.db", repr=False)
    """May hold a password, so it is in no repr; the same goes for Redis."""
    pool: int = Field(10, ge=1, le=200)
    busy_seconds: Positive = 2.0
    """How long a SQLite writer waits for another before it gives up."""


class Redis(Section):
    url: str = Field("", repr=False)
    """Empty: `nyota up` starts the embedded server."""
    pool: int = Field(4, ge=1, le=200)
    timeout_seconds: Positive = 0.5


class Menus(Section):
    """The words people read."""

    folder: Path | None = None
    """Where main.yaml and the languages are; empty: those that come with the program."""
    reload_seconds: float = Field(2.0, ge=0)
    """How often to look for edited files; 0: words change with a restart only."""


class Sessions(Section):
    ttl_seconds: int = Field(180, ge=30, le=3600)
    secret: SecretStr = SecretStr("")
    """Keys the hashes of phone numbers and texts."""


class Pins(Section):
    pepper: SecretStr = SecretStr("")
    """Keys the PIN hashes; keep it outside the database and its backups."""
    tries: int = Field(3, ge=1, le=10)
    lock_minutes: int = Field(30, ge=1)
    view: bool = True
    """Ask the PIN before balances and loans are shown."""
    memory_kib: int = Field(19456, ge=8192)
    time_cost: int = Field(2, ge=1)
    threads: int = Field(2, ge=1, le=64)
    """Hashes computed at once, off the event loop."""


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


class App(Section):
    """One Daraja app: an app holds either collection or bulk payment, not both."""

    consumer_key: SecretStr = SecretStr("")
    consumer_secret: SecretStr = SecretStr("")
    shortcode: str = ""


class Daraja(Section):
    base_url: str = "https://api.safaricom.co.ke"
    collection: App = App(shortcode=SHORTCODES["collection"])
    payout: App = App(shortcode=SHORTCODES["payout"])
    passkey: SecretStr = SecretStr("")
    pull_msisdn: str = ""
    """The phone on the organisation's record at Safaricom; allows the rail's own list of payments to be read."""
    initiator: str = "nyota"
    security_credential: SecretStr = SecretStr("")
    """The initiator password, already encrypted with Safaricom's certificate."""
    timeout_seconds: Positive = 10.0
    prompt_delay_seconds: float = Field(3.0, ge=0)
    """Wait after the end of a session before the prompt goes out."""
    callback_seconds: Positive = 20.0
    """How long a callback may take before we ask."""
    ask_seconds: Positive = 15.0
    """First wait between questions; doubles up to ask_max_seconds."""
    ask_max_seconds: Positive = 900.0
    slow_seconds: Positive = 120.0
    """After this the customer is told that the rail has not confirmed yet."""
    give_up_seconds: Positive = 86400.0
    """After this a person decides."""
    prompt_expires_seconds: Positive = 300.0
    """A prompt nobody can have answered any more, if no payment was seen by then."""
    allow_addresses: tuple[str, ...] = ()
    """Callback source addresses; empty: any."""
    paybill_charges: dict[int, int] = {
        100: 0, 500: 5, 1000: 10, 1500: 15, 2500: 20, 3500: 25, 5000: 34, 7500: 42, 10000: 48, 15000: 57,
        20000: 62, 25000: 67, 30000: 72, 35000: 83, 40000: 99, 45000: 103, 250000: 108,
    }  # fmt: skip
    """What M-PESA charges the payer, by the upper end of a band, in shillings."""

    @field_validator("collection", "payout", mode="before")
    @classmethod
    def _with_its_shortcode(cls, value: Any, info: ValidationInfo) -> Any:
        """An app of which only a secret is given, by environment, keeps its shortcode."""
        return {"shortcode": SHORTCODES[str(info.field_name)], **value} if isinstance(value, dict) else value


class Rails(Section):
    daraja: Daraja = Daraja()


class Lending(Section):
    products: dict[str, dict[str, Any]] = {key: dict(product) for key, product in DEMO_PRODUCTS.items()}
    """What people may borrow, by key; see `gateway.lending.products`."""


class TaxRate(Section):
    """A duty on what loans cost: excise, for instance."""

    model_config = ConfigDict(populate_by_name=True)
    name: str = Field(min_length=1, max_length=20)
    on: Charged
    """fee or interest."""
    percent: Annotated[Decimal, Field(gt=0, le=100)]
    since: date = Field(alias="from")
    """The first day of it."""
    until: date | None = None
    """The day from which it is no more."""
    inside: bool = False
    """true: it is a part of the charge; false: it comes on top."""


class Points(Section):
    """What counts how much in the score that comes with the program."""

    start: int = Field(50, ge=0, le=100)
    on_time: int = Field(5, ge=0, le=100)
    """For each loan repaid on time, up to on_time_most."""
    on_time_most: int = Field(30, ge=0, le=100)
    late: int = Field(10, ge=0, le=100)
    """Taken for each loan repaid late."""
    late_now: int = Field(30, ge=0, le=100)
    """Taken while something is late."""
    tenure: int = Field(10, ge=0, le=100)
    """For being a customer since tenure_months."""
    tenure_months: int = Field(6, ge=0)
    saving: int = Field(10, ge=0, le=100)
    """For having saved since saving_months."""
    saving_months: int = Field(3, ge=0)


class Borrowing(Section):
    """How much people may owe: limits in steps, and the score. Amounts in shillings; 0 switches a rule off."""

    first: int = Field(2_000, ge=0)
    """The lowest step: no limit falls below it by itself."""
    step: int = Field(1_000, ge=0)
    """By how much a loan repaid on time raises a limit."""
    down: int = Field(1_000, ge=0)
    """By how much one repaid late lowers it."""
    most: int = Field(50_000, ge=0)
    """Repaying alone raises no limit above this; staff may."""
    late_days: int = Field(3, ge=0)
    """So many days late is still on time."""
    raise_days: int = Field(7, ge=0)
    """A loan repaid sooner raises nothing."""
    raise_percent: int = Field(50, ge=0, le=100)
    """A loan smaller than this part of the limit raises nothing."""
    tenure_months: int = Field(0, ge=0)
    """Until somebody has been a customer for so many months they stay at the first step."""
    saving_months: int = Field(0, ge=0)
    """The same until they have saved for so many months."""
    savings_times: int = Field(0, ge=0)
    """Nobody gets more than so many times their savings."""
    scorer: str = "rules"
    """Who judges a record: `rules`, or another as package.module:name."""
    officer_below: int = Field(0, ge=0, le=100)
    """Below so many points an officer decides, also about products that are approved automatically."""
    refuse_below: int = Field(0, ge=0, le=100)
    """Below so many points nothing is lent."""
    points: Points = Points()


class Numbers(Section):
    """Other people's phone numbers."""

    lookups_a_day: int = Field(10, ge=0)
    """How many of them somebody may try, a day: to send, to pay for another, to ask a person, to name a guarantor."""


class Peers(Section):
    """Loans from person to person. The least and most of one are those of the product `peer`."""

    asks_a_day: int = Field(3, ge=0, le=100)
    """How often somebody may ask a person for a loan, a day."""
    added_percent_max: int = Field(10, ge=0, le=100)
    """The most that may be agreed on top, in percent of the amount."""
    days_max: int = Field(90, ge=1, le=366)
    """The most days until it is repaid."""
    answer_days: int = Field(3, ge=1, le=30)
    """How many days somebody who was asked may take to answer."""
    guarantee_days: int = Field(3, ge=1, le=30)
    """The same for who is asked to guarantee a loan."""


class Approvals(Section):
    """What staff decide about."""

    officer_limit: int = Field(50_000, ge=0)
    """Above this amount, in shillings, a second officer decides too."""


class AutoRepay(Section):
    """The share of incoming money that people may agree to repay their loans with."""

    least_percent: int = Field(5, ge=1, le=100)
    most_percent: int = Field(50, ge=1, le=100)


class Repaying(Section):
    """Repaying with somebody else's money."""

    other_phones_a_day: int = Field(3, ge=0, le=100)
    """How often a customer may ask another phone to pay, a day."""
    notice_seconds: float = Field(10.0, ge=0)
    """Between the SMS that names who asks and the prompt on that phone."""


class SavingsRate(Section):
    """Percent a year on savings, from a day on."""

    since: date
    percent: Annotated[Decimal, Field(ge=0, le=100)]


class Savings(Section):
    """What people put aside."""

    open: bool = True
    """Whether savings are taken; what is there may always be moved out."""
    least_cents: Cents = 10_00
    """The least that is moved at once."""
    rates: tuple[SavingsRate, ...] = ()
    """Yearly rates by their first day; interest goes by the daily balance and is posted when a month is over."""
    withheld_percent: int = Field(0, ge=0, le=100)
    """Tax withheld from interest."""
    interest_sms: bool = True
    """Whether an SMS tells each saver of the interest of a month."""


class Accounts(Section):
    """What people change about their own account, and what staff change for them."""

    cool_down_hours: int = Field(72, ge=0)
    """How long no money leaves after a new line or a PIN reset."""
    reset_hours: int = Field(24, ge=1)
    """How long after a reset a new PIN may be chosen on the phone."""
    code_minutes: int = Field(5, ge=1, le=60)
    """How long a code sent by SMS is good."""
    mail_code_minutes: int = Field(60, ge=1)
    """How long a code sent by e-mail is good."""
    code_tries: int = Field(3, ge=1, le=10)
    codes_a_day: int = Field(5, ge=1)
    """How often somebody may ask for codes of one purpose, a day."""
    forgot_tries_a_day: int = Field(3, ge=0)
    """How often somebody may prove themselves for a new PIN, a day; 0: only staff reset one."""
    forgot_sim_days: int = Field(7, ge=0)
    """For so long after a SIM change, where one is known of, nobody gets a new PIN on the phone."""


class Staff(Section):
    """How much an officer may do."""

    look_ups_a_day: int = Field(200, ge=0)
    """How many customers one officer may look up, a day."""
    prompts_a_day: int = Field(100, ge=0)
    """How many payments one officer may ask for, a day."""
    prompts_a_day_each: int = Field(3, ge=0)
    """How often staff may ask one customer for a payment, a day."""
    prompt_notice_seconds: float = Field(10.0, ge=0)
    """Between the SMS that names who asks and the prompt."""
    prompt_minutes: int = Field(30, ge=1)
    """A prompt that could not be sent by then is not sent any more."""
    line_hours: int = Field(24, ge=1)
    """How long a lost line waits for the second person."""


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
    gateways: dict[str, HttpGateway] = {}
    """HTTP gateways by name."""
    routes: tuple[SmsRoute, ...] = ()
    """Phones that others carry."""
    rates: dict[str, Positive] = {}
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


class Rules(Section):
    """What the law asks, by the day from which it does. Check with counsel."""

    in_duplum_from: date | None = date(2022, 3, 18)
    """From when interest, penalties and fees after a default stop at the principal then owing; null: never."""
    in_duplum_days: int = Field(90, ge=0, le=3650)
    """A loan that is more days late than this is in default."""


class Servicing(Section):
    """Loans after their pay-out."""

    promise_days: int = Field(7, ge=1, le=31)
    """How many days ahead somebody may promise to pay."""
    answer_hours: int = Field(48, ge=1, le=720)
    """Hours a second person has to agree to what staff do to a loan."""
    tell_hour: int = Field(9, ge=0, le=23)
    """Nobody is told before this hour that a loan is late."""


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


class Calendar(Section):
    """Which days are worked, and when people may be called about what they owe."""

    working_weekdays: tuple[Annotated[int, Field(ge=1, le=7)], ...] = Field((1, 2, 3, 4, 5, 6), min_length=1)
    """1 Monday, 7 Sunday."""
    country: str = Field("KE", max_length=2)
    """Whose public holidays are closed days; empty: none are."""
    closed_days: tuple[date, ...] = ()
    """Days of our own on which nobody works."""
    contact_from: time = time(8)
    contact_until: time = time(18)
    penalties_on_closed_days: bool = True
    """Whether a penalty may fall on a closed day; on a day of outage it never does."""


class LoanBook(Section):
    """Loan books brought from elsewhere."""

    rows_most: int = Field(2_000, ge=1, le=20_000)
    """Loans in one file: an import is one unit of work, and on SQLite others wait for it."""
    upload_bytes_most: int = Field(5_000_000, ge=10_000, le=50_000_000)
    """The largest file."""


class Papers(Section):
    """Statements and receipts for customers."""

    days_most: int = Field(1_830, ge=31)
    """The longest period of one statement."""
    page: int = Field(50, ge=1, le=500)
    """Transactions on a page, where they are asked for page by page."""
    pdf_lines_most: int = Field(3_000, ge=10, le=20_000)
    """A PDF of more transactions is refused; they come as CSV, or in parts."""
    xlsx_lines_most: int = Field(20_000, ge=10, le=200_000)
    """The same for a workbook."""
    link_base: str = ""
    """What links in SMS begin with; empty: `server.public_url` and /s/."""
    link_hours: int = Field(24, ge=1, le=168)
    """How long a link is good."""
    link_opens: int = Field(3, ge=1, le=20)
    """How often the paper behind it may be fetched."""
    link_tries: int = Field(5, ge=1, le=10)
    """How many wrong digits close it."""
    links_a_day: int = Field(3, ge=0, le=20)
    """How many links somebody may ask for, a day; 0: none are offered."""


class Reconciliation(Section):
    """The organisation's statements against our books."""

    file_bytes_max: int = Field(500_000_000, ge=1_000)
    """A larger statement is refused; export fewer days at once."""
    rows_at_once: int = Field(200, ge=1, le=5_000)
    """Rows of a statement taken in one unit of work."""
    rejections_kept: int = Field(10_000, ge=1)
    """Rows of one file whose reason for rejection is kept; further ones are only counted."""
    grace_hours: int = Field(10, ge=0, le=48)
    """After a day has ended its statement may take so long to come; then the day is compared."""
    days: int = Field(3, ge=1, le=31)
    """So many days back are compared every day, because statements come late."""
    payout_hours: int = Field(72, ge=1)
    """A pay-out may appear on the statement so long after it was asked for."""
    pull: bool = True
    """Whether the rail's own list of payments is read too, where it may be."""
    book_charges: bool = True
    """Whether charges on a statement are booked as expense."""
    email: str = ""
    """Who gets the summary of a day; empty: nobody."""
    phone: str = ""
    """The same by SMS."""


class WalletTier(Section):
    """What people of one tier may do, in shillings. M-PESA carries no more than 250,000 at once."""

    deposit: int = Field(ge=0, le=250_000)
    """One deposit."""
    withdraw: int = Field(ge=0, le=250_000)
    """One withdrawal."""
    send: int = Field(ge=0, le=999_999)
    """One transfer."""
    in_a_day: int = Field(ge=0)
    """All deposits of a day."""
    out_a_day: int = Field(ge=0)
    """All withdrawals and transfers of a day."""
    most: int = Field(ge=0)
    """What a wallet may hold."""


class Identity(Section):
    """Who tells us that people are who they say, and since when their SIM is theirs."""

    source: Literal["none", "standin"] = "none"
    """`none`: nobody is asked. `standin`: answers from the two lists below, for trying things out."""
    verified_tier: int = Field(2, ge=1, le=3)
    """The tier of somebody whose ID number and name the registry confirms."""
    people: dict[str, str] = {}
    """What the stand-in knows: ID number and name."""
    sim_changes: dict[str, date] = {}
    """What the stand-in knows: line (E.164) and the day it got another SIM."""


class Wallet(Section):
    """Deposits, withdrawals and transfers. Limits go by `tier`: how well we know somebody, 1 to 3."""

    least: int = Field(10, ge=1)
    """The least that can be moved, in shillings."""
    tiers: dict[int, WalletTier] = Field(
        {
            1: WalletTier(
                deposit=100_000, withdraw=70_000, send=50_000, in_a_day=150_000, out_a_day=100_000, most=150_000
            ),
            2: WalletTier(
                deposit=250_000, withdraw=250_000, send=100_000, in_a_day=500_000, out_a_day=500_000, most=500_000
            ),
            3: WalletTier(
                deposit=250_000, withdraw=250_000, send=250_000, in_a_day=900_000, out_a_day=900_000, most=900_000
            ),
        },
        min_length=1,
    )
    withdraw_fees: dict[int, int] = {250_000: 15}
    """What we take for a withdrawal, by the upper end of a band, in shillings."""
    send_fees: dict[int, int] = {250_000: 0}
    """What we take for a transfer, likewise."""
    again_minutes: int = Field(10, ge=0)
    """A transfer of the same amount to the same person within this time is asked about again."""
    send_to_strangers: bool = False
    """Whether money may be sent to a phone without an account, to be claimed by joining."""
    claim_days: int = Field(7, ge=1, le=90)
    """After this, money that nobody has claimed goes back to its sender."""
    safety_days: int = Field(3, ge=0, le=30)
    """How long no money leaves after a SIM change."""
    mini_statement: int = Field(10, ge=1, le=50)
    """Movements in a mini-statement."""
    identity: Identity = Identity()


class CoreProduct(Section):
    """How one of our products is called at the core."""

    id: int = Field(ge=1)
    rate_per: Literal["term", "month", "year"] = "year"
    """What the core's product takes its rate for."""
    strategy: str = "mifos-standard-strategy"
    """In which order the core lets a repayment pay what is owed."""


class FineractCore(Section):
    """Apache Fineract or Mifos X."""

    base_url: str = "https://fineract.example/fineract-provider/api/v1"
    tenant: str = "default"
    username: str = "mifos"
    password: SecretStr = SecretStr("")
    key_header: str = "Idempotency-Key"
    """The header in which the server takes idempotency keys; a setting of the server, too."""
    office: int = Field(1, ge=1)
    payment_type: int = Field(1, ge=1)
    """The payment type of M-PESA; see `GET /paymenttypes`."""
    products: dict[str, CoreProduct] = {}
    """Which of our products the core keeps, and as which of its own. A product that is not here stays ours alone."""
    savings: dict[Literal["savings", "wallet"], int] = {}
    """Which of people's accounts the core keeps, and as which of its savings products."""
    fee_charge: int = Field(0, ge=0)
    """The charge that our fees are put on a loan as; 0: fees that are added to a loan wait for a person."""
    penalty_charge: int = Field(0, ge=0)
    """The same for penalties that people put on a loan."""
    page: int = Field(100, ge=1, le=1000)
    """Loans looked at in one go when the core is asked for changes."""


class HttpCore(Section):
    """A core that speaks the small REST dialect of `docs/how-to/add-a-ledger.md`."""

    base_url: str = "https://core.example/nyota/v1"
    token: SecretStr = SecretStr("")
    """Bearer token of our calls."""
    products: dict[str, str] = {}
    """Which of our products the core keeps, and what it calls them."""
    savings: dict[Literal["savings", "wallet"], str] = {}
    """The same for people's accounts."""


class Ledger(Section):
    """Who keeps the loans: we ourselves, or a core elsewhere that we mirror."""

    kind: Literal["embedded", "http", "fineract"] = "embedded"
    fresh_seconds: float = Field(900.0, ge=0)
    """Figures of the core that are older than this are shown with their age, and asked for again."""
    poll_seconds: Positive = 60.0
    """How often the core is asked what has changed."""
    at_once: int = Field(3, ge=1, le=64)
    """Calls to the core at the same time, in one process; after an outage it begins with one."""
    calls_a_second: int = Field(20, ge=0)
    """No more calls a second than this, in one process; 0: as many as there are."""
    timeout_seconds: Positive = 10.0
    ask_seconds: Positive = 5.0
    """First wait before a command without an answer is asked about; doubles up to ask_max_seconds."""
    ask_max_seconds: Positive = 900.0
    probe_seconds: Positive = 30.0
    """How long the core is left alone once it is away; then one call finds out."""
    spread_seconds: float = Field(60.0, ge=0)
    """Over how long the work that has waited comes back when the core does."""
    give_up_hours: Positive = 24.0
    """A command that nobody could say anything about by then is decided by a person."""
    hooks_token: SecretStr = SecretStr("")
    """Path token of the core's hooks and approvals; without one neither is taken."""
    approval_hours: Positive = 24.0
    """An approval that is older than this is refused."""
    disburse_most: int = Field(50_000, ge=0)
    """The largest loan, in shillings, that is paid out on the core's word alone."""
    disburse_a_day: int = Field(500_000, ge=0)
    """All that is paid out on the core's word in a day."""
    fineract: FineractCore = FineractCore()
    http: HttpCore = HttpCore()


class Operations(Section):
    workers: int = Field(4, ge=1, le=64)
    """Operations worked on at once by one worker process."""
    lease_seconds: Positive = 60.0
    poll_seconds: Positive = 0.2
    attempts_max: int = Field(12, ge=1)
    """Tries of a step that provably did nothing, before the operation is dead."""
    retry_seconds: Positive = 1.0
    retry_max_seconds: Positive = 300.0


class Standins(Section):
    port: Port = 0
    """0: the gateway's port + 1."""


class Logs(Section):
    format: Literal["auto", "json", "pretty"] = "auto"
    level: Literal["debug", "info", "warning", "error"] = "info"


class Config(BaseSettings):
    """All of it. Build with `load`."""

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )
    organisation: Organisation = Organisation()
    server: Server = Server()
    database: Database = Database()
    redis: Redis = Redis()
    menus: Menus = Menus()
    sessions: Sessions = Sessions()
    pins: Pins = Pins()
    providers: Providers = Providers()
    rails: Rails = Rails()
    lending: Lending = Lending()
    taxes: tuple[TaxRate, ...] = ()
    borrowing: Borrowing = Borrowing()
    numbers: Numbers = Numbers()
    peers: Peers = Peers()
    approvals: Approvals = Approvals()
    auto_repay: AutoRepay = AutoRepay()
    repaying: Repaying = Repaying()
    savings: Savings = Savings()
    accounts: Accounts = Accounts()
    staff: Staff = Staff()
    messages: Messages = Messages()
    reminding: Reminding = Reminding()
    mail: Mail = Mail()
    papers: Papers = Papers()
    reconciliation: Reconciliation = Reconciliation()
    rules: Rules = Rules()
    servicing: Servicing = Servicing()
    loanbook: LoanBook = LoanBook()
    calendar: Calendar = Calendar()
    wallet: Wallet = Wallet()
    ledger: Ledger = Ledger()
    operations: Operations = Operations()
    standins: Standins = Standins()
    logs: Logs = Logs()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (env_settings, init_settings)


def load(path: Path | None = None, defaults: dict[str, Any] | None = None) -> Config:
    """Read `path` (default `config.yaml`, if it is there) and the environment.

    `defaults` lie below both. Raises Misconfigured naming the key.
    """
    chosen = path or Path("config.yaml")
    if path is not None and not path.exists():
        raise Misconfigured(f"{path}: no such file")
    values = _merged(defaults or {}, _read(chosen))
    _refuse_unknown_environment()
    try:
        config = Config(**values)
    except ValidationError as error:
        raise Misconfigured(_explained(error, chosen)) from error
    _refuse_unlicensed(config, chosen)
    return config


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        return dict(YamlConfigSettingsSource(Config, path)())
    except Exception as error:
        raise Misconfigured(f"{path}: {error}") from error


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merged(merged[key], value) if both else value
    return merged


def _refuse_unlicensed(config: Config, path: Path) -> None:
    """What is asked for and this kind of organisation may not do: said at the start, never done in silence."""
    kind = config.organisation.kind
    if config.savings.open and not licence(kind).takes_savings:
        raise Misconfigured(f"{path}: savings.open: {kind} takes no savings; set it to false")


def _explained(error: ValidationError, path: Path) -> str:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    return f"{path}: {key}: {first['msg']}"


def _refuse_unknown_environment() -> None:
    """A misspelt variable would be ignored in silence, with the default in its place."""
    known = set(Config.model_fields)
    for variable in os.environ:
        if variable.startswith(ENVIRONMENT_PREFIX):
            section = variable.removeprefix(ENVIRONMENT_PREFIX).split("__")[0].lower()
            if section not in known:
                raise Misconfigured(f"{variable}: no section {section!r}")
