"""`nyota up`: all of Nyota on one machine from one command: gateway, worker, embedded Redis, SQLite, stand-ins, phone.

Everything lives in one data directory that a second run on it is refused. Secrets are made once and kept there.
Loopback only: nothing here is meant to face a network.
"""

import asyncio
import json
import os
import secrets
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from typing import Any

import structlog
from pydantic import SecretStr

from gateway import app, demo
from gateway.config import Config, Ledger, Providers, load
from gateway.embedded.child import end, spawn
from gateway.embedded.lock import DataLock
from gateway.embedded.valkey import EmbeddedValkey
from gateway.errors import Misconfigured, Unavailable
from gateway.ledgers import fineract
from gateway.ledgers.fineract_bodies import CoreProduct
from gateway.ledgers.loading import settings_of as cores_of
from gateway.log import configure
from gateway.providers.loading import settings_of
from gateway.store.migrate import migrate

SECRETS = ("session_secret", "pin_pepper")
TOKENS = ("ops-token", "callback-token", "audit-key")
PATIENCE_SECONDS = 10.0
LINK = "mno"
DIALECTS = ("generic", "safaricom", "comviva")
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

log = structlog.get_logger("up")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line asked for."""

    data: Path
    port: int | None
    config: Path | None
    headless: bool
    standins_url: str | None
    """Use stand-ins that run already instead of starting our own."""


def run(wishes: Wishes) -> None:
    """Run until Ctrl-C, SIGTERM or the phone's end. Raises Misconfigured in one line when it cannot start."""
    import uvloop

    os.umask(0o077)  # what is below the data directory is nobody else's business
    wishes.data.mkdir(parents=True, exist_ok=True)
    with DataLock(wishes.data):
        has_phone = not wishes.headless and sys.stdin.isatty() and sys.stdout.isatty()
        config = configured(wishes)
        valkey = None if config.redis.url else EmbeddedValkey(wishes.data)
        try:
            url = valkey.start() if valkey else config.redis.url
            config = _with(config, "redis", url=url)
            uvloop.run(_run(wishes, config, valkey, has_phone=has_phone))
        finally:
            if valkey:
                valkey.stop()


def configured(wishes: Wishes) -> Config:
    """The configuration with what only this machine can know: secrets, data paths, the stand-ins' address."""
    kept, tokens = _secrets(wishes.data), _tokens(wishes.data)
    first = load(wishes.config, _defaults(wishes.data, kept, tokens, {}))
    port = first.server.port if wishes.port is None else wishes.port
    standins = wishes.standins_url or f"http://127.0.0.1:{first.standins.port or port + 1}"
    outside = {
        "server": {"port": port},
        "rails": {"daraja": {"base_url": f"{standins}/daraja"}},
        "providers": {"africastalking": {"sms_base_url": f"{standins}/africastalking/version1"}},
    }
    is_linked = bool(first.standins.smsc_port and not first.smpp.links)
    if is_linked:
        outside["smpp"] = {"links": {LINK: _link(first.standins.smsc_port)}}
    config = load(wishes.config, _defaults(wishes.data, kept, tokens, outside))
    if wishes.port is not None:
        config = _with(config, "server", port=wishes.port)
    if is_linked and LINK not in config.messages.carriers:
        config = _with(config, "messages", carriers=(LINK, *config.messages.carriers))
    if config.server.host in LOOPBACK:
        config = _with(config, "providers", **_opened(config.providers))
    config = _with(config, "ledger", **_core(config.ledger, standins))
    if not config.mail.host and wishes.standins_url is None:
        mail_port = config.standins.mail_port or _free_port()
        config = _with(config, "standins", mail_port=mail_port)
        config = _with(config, "mail", host="127.0.0.1", port=mail_port, tls="none")
    if not config.database.url.startswith("sqlite") and config.server.processes > 1:
        raise Misconfigured("server.processes: `nyota up` is one process")
    return config


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _link(port: int) -> dict[str, Any]:
    """To the pretend message centre, where nobody has named a link: people dial and write through it too."""
    return {
        "host": "127.0.0.1", "port": port, "system_id": "nyota", "password": "nyota-demo-smpp", "sender": "NYOTA",
        "ussd": True,
    }  # fmt: skip


def _with(config: Config, section: str, **values: Any) -> Config:
    """The configuration with some values of one section replaced."""
    changed = getattr(config, section).model_copy(update=values)
    return config.model_copy(update={section: changed})


def _core(ledger: Ledger, standins: str) -> dict[str, Any]:
    """Where nobody has said which core it is, it is the pretend one, with what that one has: a password, and M-PESA
    and Quick under numbers of its own."""
    said = cores_of(ledger).get(ledger.kind)
    if not isinstance(said, fineract.Settings) or said.base_url != fineract.Settings().base_url:
        return {}
    pretend = {
        "base_url": f"{standins}/fineract/fineract-provider/api/v1",
        "password": SecretStr("password"),
        "payment_type": 2,
        "products": said.products or {"quick": CoreProduct(id=1, rate_per="term")},
    }
    return {fineract.FineractLedger.name: said.model_copy(update=pretend)}


def _opened(providers: Providers) -> dict[str, Any]:
    """On a loopback nobody else can call: every dialect is there, and none needs a token."""
    named = settings_of(providers.model_copy(update={**dict.fromkeys(DIALECTS), **(providers.model_extra or {})}))
    return {
        name: settings.model_copy(update={"open_callbacks": True})
        for name, settings in named.items()
        if not settings.callback_token.get_secret_value()
    }


async def _run(wishes: Wishes, config: Config, valkey: EmbeddedValkey | None, *, has_phone: bool) -> None:
    async with AsyncExitStack() as stack:
        if has_phone:
            file = stack.enter_context((wishes.data / "nyota.log").open("a", encoding="utf-8"))
            configure(config.logs, file)
        else:
            configure(config.logs)
        await migrate(config.database.url)
        gateway = app.build(config, wishes.data)
        stack.push_async_callback(gateway.close)
        await demo.load(gateway)
        standins = await stack.enter_async_context(_standins(wishes, config))
        await stack.enter_async_context(app.serving(gateway))
        await stack.enter_async_context(app.working(gateway))
        if valkey:
            await stack.enter_async_context(_watched(valkey))
        register = asyncio.create_task(_registered(gateway))
        stack.callback(register.cancel)
        app.settle_memory()
        _announce(wishes, config, standins)
        await _until_told(_phone(config, standins) if has_phone else None)


@asynccontextmanager
async def _standins(wishes: Wishes, config: Config) -> AsyncIterator[str]:
    """The pretend outside world as a process of its own; its address."""
    if wishes.standins_url:
        yield wishes.standins_url
        return
    port = config.standins.port or config.server.port + 1
    command = [
        sys.executable,
        "-m",
        "simulator.standins",
        "--port",
        str(port),
        "--data",
        str(wishes.data / "standins"),
    ]
    if config.standins.smsc_port:
        command += ["--smsc-port", str(config.standins.smsc_port)]
    if _has_post_office(config):
        command += ["--mail-port", str(config.standins.mail_port)]
    child = spawn([*command, "--gateway-url", app.public_url(config)], log=wishes.data / "standins.log")
    url = f"http://127.0.0.1:{port}"
    try:
        await _answering(child, "127.0.0.1", port)
        yield url
    finally:
        child.terminate()
        await asyncio.to_thread(end, child, patience_seconds=PATIENCE_SECONDS)


async def _answering(child: "Popen[bytes]", host: str, port: int) -> None:
    """Until the stand-ins take connections. Raises Misconfigured when they end instead."""
    async with asyncio.timeout(PATIENCE_SECONDS * 2):
        while child.poll() is None:
            with suppress(OSError):
                _, writer = await asyncio.open_connection(host, port)
                writer.close()
                return
            await asyncio.sleep(0.05)
    raise Misconfigured(f"standins.port: the stand-ins could not start on {port}; see standins.log")


@asynccontextmanager
async def _watched(valkey: EmbeddedValkey) -> AsyncIterator[None]:
    task = asyncio.create_task(valkey.watch())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _registered(gateway: app.Gateway) -> None:
    """Tell the rail where confirmations go, as an operator does once for a real paybill."""
    while True:
        try:
            await app.register_callbacks(gateway)
        except Unavailable as outage:
            log.warning("not_registered", reason=str(outage))
            await asyncio.sleep(1)
        else:
            return


def _phone(config: Config, standins: str) -> "Popen[bytes]":
    url = app.public_url(config)
    return Popen([sys.executable, "-m", "simulator.phone", "--url", url, "--standins", standins])  # noqa: S603 - ours


async def _until_told(phone: "Popen[bytes] | None") -> None:
    """Until a signal, or until the phone is put away."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    waiters: set[asyncio.Task[Any]] = {asyncio.create_task(told.wait())}
    if phone:
        waiters.add(asyncio.create_task(asyncio.to_thread(phone.wait)))
    await asyncio.wait(waiters, return_when=asyncio.FIRST_COMPLETED)
    if phone and phone.poll() is None:
        phone.terminate()
        await asyncio.to_thread(phone.wait)


def _has_post_office(config: Config) -> bool:
    """Where the letters go to a server of somebody's, nobody needs the pretend one."""
    return config.mail.host == "127.0.0.1" and config.mail.port == config.standins.mail_port


def _announce(wishes: Wishes, config: Config, standins: str) -> None:
    url = app.public_url(config)
    over_smpp = [f"  over SMPP    nyota phone --over smpp --url {url}"] if config.standins.smsc_port else []
    mail = [f"  e-mail       {standins}/control/mail"] if _has_post_office(config) else []
    lines = (
        f"Nyota is up. Dial *383# at {url}/api/ussd/handler",
        f"  phone        nyota phone --url {url}",
        *over_smpp,
        *mail,
        f"  health       {url}/api/ussd/health",
        f"  stand-ins    {standins}/control/money",
        f"  ops token    {wishes.data / 'ops-token'}",
        f"  data         {wishes.data}",
    )
    print("\n".join(lines), flush=True)


def _defaults(data: Path, kept: dict[str, str], tokens: dict[str, str], outside: dict[str, Any]) -> dict[str, Any]:
    """What `up` sets unless the file or the environment says otherwise. The keys are those of the stand-ins."""
    defaults: dict[str, Any] = {
        "server": {"callback_token": tokens["callback-token"], "ops_token": tokens["ops-token"]},
        "database": {"url": f"sqlite+aiosqlite:///{data / 'nyota.db'}"},
        "audit": {"key": tokens["audit-key"], "heads_file": data / "audit-heads.jsonl"},
        "sessions": {"secret": kept["session_secret"]},
        "pins": {"pepper": kept["pin_pepper"]},
        "providers": {"africastalking": {"api_key": "nyota-demo-sms-key"}},
        "messages": {"short_codes": {"383": {}}},
        "rails": {
            "daraja": {
                "collection": {
                    "consumer_key": "nyota-collection-key",
                    "consumer_secret": "nyota-collection-secret",
                    "shortcode": "600999",
                },
                "payout": {
                    "consumer_key": "nyota-payout-key",
                    "consumer_secret": "nyota-payout-secret",
                    "shortcode": "600998",
                },
                "passkey": "nyota-demo-passkey",
                "security_credential": "bnlvdGEtZGVtby1jcmVkZW50aWFs",
                "pull_msisdn": "254711000000",
            }
        },
    }
    for section, values in outside.items():
        for key, value in values.items():
            below = defaults.setdefault(section, {})
            below[key] = {**below.get(key, {}), **value} if isinstance(value, dict) else value
    return defaults


def _secrets(data: Path) -> dict[str, str]:
    path = data / "secrets.json"
    if path.exists():
        return dict(json.loads(path.read_text(encoding="utf-8")))
    made = {name: secrets.token_hex(32) for name in SECRETS}
    _write_private(path, json.dumps(made))
    return made


def _tokens(data: Path) -> dict[str, str]:
    tokens = {}
    for name in TOKENS:
        path = data / name
        if not path.exists():
            _write_private(path, secrets.token_hex(16))
        tokens[name] = path.read_text(encoding="utf-8").strip()
    return tokens


def _write_private(path: Path, content: str) -> None:
    """Readable by the owner alone from the first byte on."""
    path.touch(mode=0o600)
    path.write_text(content, encoding="utf-8")
