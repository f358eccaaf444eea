"""Every knob: its type, default, limit and one line of help, parsed once. Nobody else reads the environment.

`config.yaml` first, overridden by `NYOTA_<SECTION>__<KEY>`. Unknown keys, missing secrets and nonsense values
stop the start with the key's name. Secrets come only by environment and are masked in every repr.
"""

import os
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from gateway.config.core import Ledger
from gateway.config.deposits import Papers, Savings, SavingsRate, Schedules, Wallet, WalletTier
from gateway.config.house import (
    Audit,
    Database,
    Logs,
    Menus,
    Operations,
    Organisation,
    Redis,
    Server,
    Sessions,
    Standins,
)
from gateway.config.lending import (
    AutoRepay,
    Borrowing,
    Calendar,
    Lending,
    LoanBook,
    Peers,
    Points,
    Repaying,
    Rules,
    Servicing,
    TaxRate,
)
from gateway.config.messages import (
    AfricasTalking,
    Campaigns,
    Carrier,
    HttpGateway,
    Mail,
    Messages,
    Providers,
    Reminding,
    ShortCode,
    Smpp,
    SmppLink,
    SmsRoute,
    Texting,
)
from gateway.config.people import Accounts, Approvals, Desk, Identity, Numbers, Pins, Staff
from gateway.config.rails import App, Daraja, Float, Payouts, Rails, Reconciliation, Restoring, StandingOrders
from gateway.config.section import Block, Section
from gateway.errors import Misconfigured
from gateway.licences import licence

ENVIRONMENT_PREFIX = "NYOTA_"

__all__ = [
    "Accounts",
    "AfricasTalking",
    "App",
    "Approvals",
    "Audit",
    "AutoRepay",
    "Block",
    "Borrowing",
    "Calendar",
    "Campaigns",
    "Carrier",
    "Config",
    "Daraja",
    "Database",
    "Desk",
    "Float",
    "HttpGateway",
    "Identity",
    "Ledger",
    "Lending",
    "LoanBook",
    "Logs",
    "Mail",
    "Menus",
    "Messages",
    "Numbers",
    "Operations",
    "Organisation",
    "Papers",
    "Payouts",
    "Peers",
    "Pins",
    "Points",
    "Providers",
    "Rails",
    "Reconciliation",
    "Redis",
    "Reminding",
    "Repaying",
    "Restoring",
    "Rules",
    "Savings",
    "SavingsRate",
    "Schedules",
    "Section",
    "Server",
    "Servicing",
    "Sessions",
    "ShortCode",
    "Smpp",
    "SmppLink",
    "SmsRoute",
    "Staff",
    "StandingOrders",
    "Standins",
    "TaxRate",
    "Texting",
    "Wallet",
    "WalletTier",
    "load",
]


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
    schedules: Schedules = Schedules()
    accounts: Accounts = Accounts()
    staff: Staff = Staff()
    desk: Desk = Desk()
    messages: Messages = Messages()
    texting: Texting = Texting()
    campaigns: Campaigns = Campaigns()
    smpp: Smpp = Smpp()
    reminding: Reminding = Reminding()
    mail: Mail = Mail()
    papers: Papers = Papers()
    reconciliation: Reconciliation = Reconciliation()
    restoring: Restoring = Restoring()
    rules: Rules = Rules()
    servicing: Servicing = Servicing()
    loanbook: LoanBook = LoanBook()
    calendar: Calendar = Calendar()
    wallet: Wallet = Wallet()
    ledger: Ledger = Ledger()
    audit: Audit = Audit()
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
    if path is not None and not path.is_file():
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
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise Misconfigured(f"{path}: {error}") from error
    if not isinstance(found, dict | None):
        raise Misconfigured(f"{path}: expected sections, such as `server:`, and keys below them")
    return found or {}


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
    """What is wrong with which key, and where it was written: the environment goes before the file."""
    first = error.errors()[0]
    parts = [str(part) for part in first["loc"]]
    variable = f"{ENVIRONMENT_PREFIX}{'__'.join(parts).upper()}"
    words = "there is no such key" if first["type"] == "extra_forbidden" else first["msg"]
    return f"{variable if variable in os.environ else path}: {'.'.join(parts)}: {words}"


def _refuse_unknown_environment() -> None:
    """A misspelt variable would be ignored in silence, with the default in its place."""
    known = set(Config.model_fields)
    for variable in os.environ:
        if variable.startswith(ENVIRONMENT_PREFIX):
            section = variable.removeprefix(ENVIRONMENT_PREFIX).split("__")[0].lower()
            if section not in known:
                raise Misconfigured(f"{variable}: no section {section!r}")
