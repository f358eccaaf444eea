"""The house itself: who speaks, where it listens, what it keeps its facts in."""

import re
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator

from gateway.config.section import Port, Positive, Section
from gateway.licences import Kind
from gateway.sources import networks

TOKEN = re.compile(r"[0-9A-Fa-f]{16,64}")


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
    callback_tokens_old: SecretStr = SecretStr("")
    """Earlier ones, by commas, that are still taken: URLs that were given out before name them."""
    trusted_proxies: tuple[str, ...] = ()
    """Our own proxies, as addresses or networks: their X-Forwarded-For says who calls."""
    processes: int = Field(1, ge=1, le=64)

    @property
    def callback_tokens(self) -> tuple[str, ...]:
        """All that are taken, the one that is given out first."""
        old = self.callback_tokens_old.get_secret_value().split(",")
        return (self.callback_token.get_secret_value(), *(token.strip() for token in old if token.strip()))

    @field_validator("callback_tokens_old")
    @classmethod
    def _are_tokens(cls, value: SecretStr) -> SecretStr:
        """Raises ValueError, which shows none of them."""
        for token in filter(None, map(str.strip, value.get_secret_value().split(","))):
            if not TOKEN.fullmatch(token):
                raise ValueError("tokens are 16 to 64 hex digits, with commas between them")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        networks(value)
        return value


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


class Audit(Section):
    """Seals over the books, what staff did and what rails said, under a key that the database does not hold."""

    key: SecretStr = SecretStr("")
    """At least 32 characters. Empty: nothing is sealed. `nyota up` makes one."""
    keys_old: tuple[SecretStr, ...] = ()
    """Keys from before, the oldest first: what they have sealed is still verified."""
    heads_file: Path | None = None
    """Where each seal is told to, one line a sealing, outside of the database; empty: nowhere."""
    seconds: Positive = 60.0
    """How often what is new is sealed."""
    rows_at_once: int = Field(500, ge=1, le=5000)
    """Rows under one seal; each is a unit of work."""
    email: str = ""
    """Who gets the newest seal every day; empty: nobody."""

    @field_validator("key", "keys_old")
    @classmethod
    def _long_enough(cls, value: SecretStr | tuple[SecretStr, ...]) -> SecretStr | tuple[SecretStr, ...]:
        for secret in value if isinstance(value, tuple) else (value,):
            if 0 < len(secret.get_secret_value()) < 32:
                raise ValueError("a key has at least 32 characters")
        return value


class Operations(Section):
    workers: int = Field(4, ge=1, le=64)
    """Operations worked on at once by one worker process."""
    together: int = Field(200, ge=1, le=1000)
    """Messages that a worker process takes, hands over and settles in one go; codes go by themselves."""
    lease_seconds: Positive = 60.0
    poll_seconds: Positive = 0.2
    attempts_max: int = Field(12, ge=1)
    """Tries of a step that provably did nothing, before the operation is dead."""
    retry_seconds: Positive = 1.0
    retry_max_seconds: Positive = 300.0


class Standins(Section):
    port: Port = 0
    """0: the gateway's port + 1."""
    smsc_port: Port = 0
    """Where a pretend message centre takes links over SMPP; 0: there is none."""
    mail_port: Port = 0
    """Where a pretend mail server takes letters; 0: any free port, chosen at the start."""


class Logs(Section):
    format: Literal["auto", "json", "pretty"] = "auto"
    level: Literal["debug", "info", "warning", "error"] = "info"
