"""The rails that carry money, and the statements that prove it."""

from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator

from gateway.config.section import Positive, Section
from gateway.sources import networks

SHORTCODES = {"collection": "600999", "payout": "600998"}


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
    """Where callbacks may come from, as addresses or networks; empty: from anywhere."""
    shortcodes_also: tuple[str, ...] = ()
    """What confirmations may name beside our shortcodes: a till's store or head-office number."""
    callback_bytes_max: int = Field(32_768, ge=1024)
    """A longer callback is none."""
    limits: dict[str, Annotated[float, Field(ge=0)]] = Field({
        "stkpush": 20.0, "stkpushquery": 20.0, "b2c": 10.0, "transactionstatus": 10.0, "pulltransactions": 5.0,
    })  # fmt: skip
    """Calls a second of each API, of all processes together; 0 or not named: any number."""
    breaker_failures: int = Field(5, ge=1)
    """After so many calls in a row that the rail did not answer, nobody calls that API for a while."""
    breaker_seconds: Positive = 10.0
    """Then one call finds out whether it is back; doubles up to breaker_max_seconds."""
    breaker_max_seconds: Positive = 300.0
    paybill_charges: dict[int, int] = Field({
        100: 0, 500: 5, 1000: 10, 1500: 15, 2500: 20, 3500: 25, 5000: 34, 7500: 42, 10000: 48, 15000: 57,
        20000: 62, 25000: 67, 30000: 72, 35000: 83, 40000: 99, 45000: 103, 250000: 108,
    })  # fmt: skip
    """What M-PESA charges the payer, by the upper end of a band, in shillings."""

    @field_validator("allow_addresses")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        networks(value)
        return value

    @field_validator("collection", "payout", mode="before")
    @classmethod
    def _with_its_shortcode(cls, value: Any, info: ValidationInfo) -> Any:
        """An app of which only a secret is given, by environment, keeps its shortcode."""
        return {"shortcode": SHORTCODES[str(info.field_name)], **value} if isinstance(value, dict) else value


class Payouts(Section):
    """What stands between a pay-out and the rail, whatever it is for."""

    again_hours: float = Field(1.0, ge=0, le=168)
    """The same amount to the same phone within this time waits for two people, unless the customer said on their own
    phone that it is meant; 0: never."""
    again: Literal["hold", "refuse"] = "hold"
    """hold: two people may let it go. refuse: it is given up at once."""
    look_hours: float = Field(24.0, ge=0, le=720)
    """What the customer did not ask for on their own phone: within this time one person looks at it first; 0: never."""
    answer_hours: int = Field(24, ge=1, le=168)
    """A pay-out that nobody has let go by then is given up."""
    a_day: dict[str, int] = Field({})
    """The most that is paid out in a day, in shillings, by kind (`wallet.withdraw`) or kind and product
    (`loan.disburse:quick`); what is over it waits for the next day, or for two people. None named: no limit."""


class Float(Section):
    """The money on our shortcodes that pay-outs are made from."""

    poll_minutes: float = Field(15.0, ge=0, le=1440)
    """How often M-PESA is asked for the balances; 0: never."""
    stale_minutes: float = Field(60.0, gt=0)
    """An older balance is not gone by."""
    account: str = "Utility Account"
    """The account that pay-outs are made from, as M-PESA names it."""
    least: int = Field(1_000, ge=0)
    """A pay-out that would leave less than this, in shillings, waits."""
    low: int = Field(50_000, ge=0)
    """Below this, in shillings, somebody is told."""
    critical: int = Field(10_000, ge=0)
    """Below this they are told again, and health says so."""
    look_seconds: Positive = 60.0
    """How often a pay-out that waits for float looks whether it is back."""
    forecast_days: int = Field(7, ge=1, le=31)
    """The pay-outs of so many days tell when the float will run out."""
    email: str = ""
    """Who is told; empty: nobody."""
    phone: str = ""
    """The same by SMS."""

    @model_validator(mode="after")
    def _in_order(self) -> "Float":
        if self.critical > self.low:
            raise ValueError("critical: not above low")
        return self


class StandingOrders(Section):
    """Orders by which a customer's own M-PESA pays us again and again."""

    answer_hours: int = Field(24, ge=1, le=168)
    """Without a word from M-PESA by then, a person finds out whether the customer has agreed."""


class Rails(Section):
    daraja: Daraja = Daraja()
    payouts: Payouts = Payouts()
    float: Float = Float()
    orders: StandingOrders = StandingOrders()


class Restoring(Section):
    """After the database was restored from a copy: what it has forgotten is asked of the rail."""

    margin_minutes: float = Field(60.0, ge=0)
    """So long before the copy's last moment the rail's list of payments is read from."""
    questions: int = Field(3, ge=1, le=50)
    """How often each pay-out that was on its way is asked about before the report."""
    wait_minutes: float = Field(30.0, gt=0)
    """The report is made after this, however many are open still."""
    look_seconds: Positive = 10.0
    """How often to look whether all are answered."""
    a_second: Positive = 5.0
    """How many are asked about a second."""


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
