"""The composition root: builds everything from the configuration and passes it down. Nothing else knows everybody."""

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web

from gateway.accounts.codes import Codes
from gateway.audit.keys import keys_of
from gateway.audit.sealer import sign_of
from gateway.books.ledger import Books
from gateway.clock import Clock, system
from gateway.config import Config, Daraja
from gateway.conversation import Conversation, Limits
from gateway.dialogue import menus_of
from gateway.endings import Endings
from gateway.errors import Misconfigured
from gateway.facts.source import Computed, FactSource, Reader
from gateway.feature import Feature, Tools, merged, modules, under_way
from gateway.features.calendar import workdays_of
from gateway.health import Health
from gateway.lasting import Run, lasting
from gateway.lending.errors import InvalidTerms, UnsupportedTerms
from gateway.lending.offers import DueDays, parse_products
from gateway.lending.portfolio import Portfolio
from gateway.lending.products import Product
from gateway.lending.taxes import Tax
from gateway.loanbook.workdays import closed_between
from gateway.operations.daily import Daily
from gateway.operations.outbox import Instant, Outbox
from gateway.operations.playbook import Playbook
from gateway.operations.settle import Policy
from gateway.operations.worker import Pace, Worker
from gateway.pins import Hashes, Pins
from gateway.playbooks.joining import Joining
from gateway.playbooks.telling import Teller
from gateway.providers.loading import providers_of
from gateway.rails.callbacks import Callback, RailCallbacks
from gateway.rails.charges import Charges
from gateway.rails.daraja import DarajaRail
from gateway.rails.steps import Addresses
from gateway.rails.wiring import doubt_ms_of, patience_of, rail_of, shortcodes_of
from gateway.sessions import Sessions
from gateway.spool import Spool
from gateway.store.engine import Store
from gateway.web.ops import OpsRoutes
from gateway.web.problems import edge, guarded
from gateway.web.rails import Gate, RailRoutes
from gateway.web.ussd import UssdRoutes

FEATURES = "gateway.features"
SPOOL = "spool"
DEFAULT_PROVIDER = "africastalking"
RECALL_MS = 600_000
GC_THRESHOLD = (20_000, 20, 50)

log = structlog.get_logger("app")


@dataclass(frozen=True)
class Gateway:
    """Everything that runs, built and wired. Close it with `close`."""

    tools: Tools
    sessions: Sessions
    conversation: Conversation
    worker: Worker
    daily: Daily
    callbacks: RailCallbacks
    spool: Spool[Callback]
    health: Health
    features: tuple[Feature, ...]

    @property
    def endings(self) -> Endings:
        return Endings(self.sessions, self.store, self.clock)

    @property
    def config(self) -> Config:
        return self.tools.config

    @property
    def clock(self) -> Clock:
        return self.tools.clock

    @property
    def store(self) -> Store:
        return self.tools.store

    @property
    def books(self) -> Books:
        return self.tools.books

    @property
    def portfolio(self) -> Portfolio:
        return self.tools.portfolio

    @property
    def hashes(self) -> Hashes:
        return self.tools.hashes

    @property
    def outbox(self) -> Outbox:
        return self.tools.outbox

    @property
    def rail(self) -> DarajaRail:
        return self.tools.rail

    @property
    def providers(self) -> Mapping[str, Any]:
        return self.tools.providers

    def web(self) -> web.Application:
        """The HTTP side. Routes of carriers, rails and operators in one flat table."""
        server = self.config.server
        application = web.Application(middlewares=[edge], client_max_size=server.body_bytes_max)
        tables = (
            UssdRoutes(self.conversation, self.providers, DEFAULT_PROVIDER, self.endings),
            RailRoutes(self.callbacks, self.spool, Gate.of(self.config), self.clock),
            OpsRoutes(
                self.conversation,
                self.health,
                self.store,
                self.worker,
                self.clock,
                server.ops_token.get_secret_value(),
                lambda: register_callbacks(self),
            ),
        )
        for routes in tables:
            application.add_routes(routes.table())
        for each in self.features:
            application.add_routes(guarded(each.routes, server.ops_token.get_secret_value()))
            application.add_routes(each.open_routes)
        return application

    async def open(self) -> None:
        """What has to be so before anything is served or worked. Raises Misconfigured."""
        for each in self.features:
            if each.opens is not None:
                await each.opens()

    async def close(self) -> None:
        for each in self.features:
            if each.closes is not None:
                await each.closes()
        for provider in self.providers.values():
            provider.close()
        self.hashes.close()
        await self.rail.close()
        await self.sessions.close()
        await self.store.close()


@dataclass(frozen=True)
class Outside:
    """What a gateway reaches, where it shall not be what the configuration names: for rehearsals in one process."""

    store: Store
    rail: DarajaRail
    providers: Mapping[str, Any]


def build(config: Config, data: Path, clock: Clock = system, outside: Outside | None = None) -> Gateway:
    """Wire everything. Raises Misconfigured naming the key; opens no connection yet."""
    _demand_secrets(config)
    menus = menus_of(config)
    outside = outside or _outside(config, clock, menus.catalogue.codes)
    store = outside.store
    sessions = Sessions(
        config.redis.url,
        config.sessions.secret.get_secret_value().encode(),
        ttl_seconds=config.sessions.ttl_seconds,
        pool=config.redis.pool,
        timeout_seconds=config.redis.timeout_seconds,
    )
    playbooks, instants = dict[str, Playbook](), dict[str, Instant]()
    outbox = Outbox(store, playbooks, instants, clock, recall_ms=RECALL_MS)
    books = Books(sign_of(keys_of(config.audit)))
    callbacks = RailCallbacks(
        outside.rail, store, outbox, playbooks, clock,
        joins=Joining(books, shortcode=config.rails.daraja.collection.shortcode).undone,
        doubt_ms=doubt_ms_of(config.rails.daraja), shortcodes=shortcodes_of(config.rails.daraja),
    )  # fmt: skip
    domains = modules(FEATURES)
    readers, computed = dict[str, Reader](), dict[str, Computed]()
    facts = FactSource(store, readers, computed)
    tools = Tools(
        config=config, data=data, clock=clock, store=store, books=books,
        portfolio=Portfolio(products_of(config)),
        outbox=outbox, teller=Teller(outbox), rail=outside.rail, callbacks=callbacks,
        addresses=Addresses(public_url(config), config.server.callback_token.get_secret_value()),
        patience=patience_of(config.rails.daraja), charges=Charges(config.rails.daraja.paybill_charges),
        hashes=Hashes(config.pins), menus=menus,
        providers=outside.providers,
        under_way=under_way(domains), facts=facts,
    )  # fmt: skip
    features = tuple(domain.feature(tools) for domain in domains)
    instants.update(merged(each.instants for each in features))
    playbooks.update(_playbooks(features))
    readers.update(_readers(features))
    computed.update(merged(each.computed for each in features))
    limits = Limits(config.server.turn_seconds, config.server.turns_in_flight_max)
    pins = Pins(store, tools.hashes, outbox, clock, config.pins)
    spool = Spool(data / SPOOL, Callback)
    addresses = {"daraja": config.rails.daraja.base_url, "sms": config.providers.africastalking.sms_base_url}
    return Gateway(
        tools=tools,
        sessions=sessions,
        conversation=Conversation(menus, sessions, facts, pins, Codes(config, store, clock), outbox, clock, limits),
        worker=Worker(store, outbox, playbooks, clock, _policy(config), _pace(config)),
        daily=Daily(store, outbox, [kind for each in features for kind in each.daily], clock),
        callbacks=callbacks,
        spool=spool,
        health=Health(sessions, store, spool, clock, addresses, menus, merged(each.checks for each in features)),
        features=features,
    )


def _outside(config: Config, clock: Clock, codes: tuple[str, ...]) -> Outside:
    """What the configuration names."""
    database = config.database
    store = Store(database.url, pool=database.pool, busy_seconds=database.busy_seconds)
    return Outside(
        store=store,
        rail=rail_of(config, store, clock),
        providers=providers_of(config.providers, codes),
    )


def _playbooks(features: Iterable[Feature]) -> dict[str, Playbook]:
    """Everybody's, with what some put around all of them."""
    playbooks: dict[str, Playbook] = merged({each.kind: each} for feature in features for each in feature.playbooks)
    for feature in features:
        if feature.around is not None:
            playbooks = {kind: feature.around(playbook) for kind, playbook in playbooks.items()}
    return playbooks


def _readers(features: Iterable[Feature]) -> dict[str, Reader]:
    """Everybody's, with what some put around others'."""
    readers: dict[str, Reader] = merged(each.readers for each in features)
    for name, wrap in merged(each.wraps for each in features).items():
        readers[name] = wrap(readers[name])
    return readers


@asynccontextmanager
async def working(gateway: Gateway) -> AsyncIterator[None]:
    """The worker at work in this process; at the end it finishes what it has in hand."""
    await gateway.open()
    runs = [partial(each.runs, gateway.conversation, gateway.endings) for each in gateway.features if each.runs]
    parts: dict[str, Run] = {
        "worker": gateway.worker.run, "daily": gateway.daily.run, "menus": partial(watching, gateway),
        **{f"feature {number}": run for number, run in enumerate(runs)},
    }  # fmt: skip
    tasks = [asyncio.create_task(lasting(part, run)) for part, run in parts.items()]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def settle_memory() -> None:
    """What was built at start lives for good: keep the collector from walking it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLD)


async def watching(gateway: Gateway) -> None:
    """Take over menus as they are edited, unless the configuration says not to."""
    seconds = gateway.config.menus.reload_seconds
    if seconds:
        await gateway.tools.menus.watch(seconds)


@asynccontextmanager
async def serving(gateway: Gateway) -> AsyncIterator[int]:
    """The HTTP server, listening until the block ends; its port. It empties its own spool of callbacks."""
    await gateway.open()
    server = gateway.config.server
    runner = web.AppRunner(gateway.web(), access_log=None, shutdown_timeout=10)
    await runner.setup()
    serves = {f"feature {number}": each.serves for number, each in enumerate(gateway.features) if each.serves}
    parts: dict[str, Run] = {
        **serves,
        "spool": partial(gateway.spool.run, gateway.callbacks.receive),
        "menus": partial(watching, gateway),
    }
    tasks = [asyncio.create_task(lasting(part, run)) for part, run in parts.items()]
    try:
        site = web.TCPSite(runner, server.host, server.port, reuse_port=server.processes > 1 or None)
        try:
            await site.start()
        except OSError as error:
            why = os.strerror(error.errno) if error.errno else str(error)
            raise Misconfigured(f"server.port: cannot listen on {server.host}:{server.port}: {why}") from error
        port = runner.addresses[0][1]
        log.info("listening", host=server.host, port=port)
        yield port
    finally:
        await runner.cleanup()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def register_callbacks(gateway: Gateway) -> None:
    """Tell the rail where its confirmations go. Raises Unavailable or Rejected; harmless to repeat."""
    token = gateway.config.server.callback_token.get_secret_value()
    base = f"{public_url(gateway.config)}/api/public/pay/{token}"
    pull = gateway.config.rails.daraja.pull_msisdn or None
    await gateway.rail.register(f"{base}/confirmation", f"{base}/validation", pull_msisdn=pull)


def products_of(config: Config) -> dict[str, Product]:
    try:
        days = DueDays(config.calendar.due_on_closed_days, closed_between(workdays_of(config.calendar)))
        return parse_products(config.lending.products, taxes_of(config), days)
    except (InvalidTerms, UnsupportedTerms) as error:
        raise Misconfigured(f"lending.{error}") from error


def taxes_of(config: Config) -> tuple[Tax, ...]:
    return tuple(Tax(rate.name, rate.on, rate.percent, rate.since, rate.until, rate.inside) for rate in config.taxes)


def public_url(config: Config) -> str:
    """Where the outside reaches us."""
    return config.server.public_url.rstrip("/") or f"http://{config.server.host}:{config.server.port}"


def _policy(config: Config) -> Policy:
    operations = config.operations
    return Policy(
        operations.attempts_max,
        round(operations.retry_seconds * 1000),
        round(operations.retry_max_seconds * 1000),
    )


def _pace(config: Config) -> Pace:
    operations = config.operations
    return Pace(
        operations.workers, round(operations.lease_seconds * 1000), operations.poll_seconds, operations.together
    )


def _demand_secrets(config: Config) -> None:
    """Refuse to start without what only the environment may hold, naming the key."""
    demanded = {
        "redis.url": config.redis.url,
        "sessions.secret": config.sessions.secret.get_secret_value(),
        "pins.pepper": config.pins.pepper.get_secret_value(),
        "server.callback_token": config.server.callback_token.get_secret_value(),
        "server.ops_token": config.server.ops_token.get_secret_value(),
        **_daraja_secrets(config.rails.daraja),
    }
    for key, value in demanded.items():
        if not value:
            variable = "NYOTA_" + key.upper().replace(".", "__")
            raise Misconfigured(f"{key}: needed; set {variable}")


def _daraja_secrets(daraja: Daraja) -> dict[str, str]:
    secrets = {
        "passkey": daraja.passkey,
        "security_credential": daraja.security_credential,
        "collection.consumer_key": daraja.collection.consumer_key,
        "collection.consumer_secret": daraja.collection.consumer_secret,
        "payout.consumer_key": daraja.payout.consumer_key,
        "payout.consumer_secret": daraja.payout.consumer_secret,
    }
    return {f"rails.daraja.{key}": secret.get_secret_value() for key, secret in secrets.items()}
