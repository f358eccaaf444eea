"""Who keeps the loans: we ourselves, or a core elsewhere that we mirror."""

from typing import Literal

from pydantic import Field, SecretStr

from gateway.config.section import Positive, Section


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
    products: dict[str, CoreProduct] = Field({})
    """Which of our products the core keeps, and as which of its own. A product that is not here stays ours alone."""
    savings: dict[Literal["savings", "wallet"], int] = Field({})
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
    products: dict[str, str] = Field({})
    """Which of our products the core keeps, and what it calls them."""
    savings: dict[Literal["savings", "wallet"], str] = Field({})
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
