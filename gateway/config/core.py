"""Who keeps the loans: we ourselves, or a core elsewhere that we mirror."""

from pydantic import ConfigDict, Field, SecretStr

from gateway.config.section import Block, Positive, Section


class Ledger(Section):
    """Who keeps the loans: we ourselves, or a core elsewhere that we mirror. A further block is named as a file in
    `gateway/ledgers/`, which reads it."""

    model_config = ConfigDict(extra="allow", frozen=True, use_attribute_docstrings=True)
    __pydantic_extra__: dict[str, Block] = Field(init=False)

    kind: str = "embedded"
    """`embedded`, or the name of the file in `gateway/ledgers/` that speaks with the core."""
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
