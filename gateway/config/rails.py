"""The rails that carry money, and the statements that prove it."""

from typing import Any

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from gateway.config.section import Positive, Section

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
    """Callback source addresses; empty: any."""
    paybill_charges: dict[int, int] = Field({
        100: 0, 500: 5, 1000: 10, 1500: 15, 2500: 20, 3500: 25, 5000: 34, 7500: 42, 10000: 48, 15000: 57,
        20000: 62, 25000: 67, 30000: 72, 35000: 83, 40000: 99, 45000: 103, 250000: 108,
    })  # fmt: skip
    """What M-PESA charges the payer, by the upper end of a band, in shillings."""

    @field_validator("collection", "payout", mode="before")
    @classmethod
    def _with_its_shortcode(cls, value: Any, info: ValidationInfo) -> Any:
        """An app of which only a secret is given, by environment, keeps its shortcode."""
        return {"shortcode": SHORTCODES[str(info.field_name)], **value} if isinstance(value, dict) else value


class Rails(Section):
    daraja: Daraja = Daraja()


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
