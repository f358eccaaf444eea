"""A whole gateway on real Redis, a real database and real HTTP, with the stand-ins beside it."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.web_app import _cached_build_middleware as handlers_kept
from sqlalchemy import select

from gateway import app, demo
from gateway.approvals.decisions import WAITING
from gateway.clock import system
from gateway.config import Config
from gateway.errors import Unavailable
from gateway.store.tables import messages, operations
from simulator.line import Line
from simulator.outside import Outside
from simulator.standins import app as standins_app
from simulator.standins.settings import Settings as StandinSettings
from tests.servers import free_port, wait_until

OPS_TOKEN = "0123456789abcdef"
CALLBACK_TOKEN = "fedcba9876543210"


def settings(port: int, standins: str, database: str, redis: str, /, **overrides: Any) -> dict[str, Any]:
    """A configuration for tests: everything real, patience short, but for Redis: on a busy machine it may be late."""
    values: dict[str, Any] = {
        "server": {"port": port, "ops_token": OPS_TOKEN, "callback_token": CALLBACK_TOKEN},
        "database": {"url": database},
        "redis": {"url": redis, "timeout_seconds": 3.0},
        "sessions": {"secret": "test-session-secret"},
        "pins": {"pepper": "test-pepper", "memory_kib": 8192, "time_cost": 1},
        "operations": {
            "poll_seconds": 0.02,
            "retry_seconds": 0.05,
            "retry_max_seconds": 0.2,
            "lease_seconds": 5,
        },
        "providers": {
            "africastalking": {
                "api_key": "nyota-demo-sms-key",
                "sms_base_url": f"{standins}/africastalking/version1",
                "open_callbacks": True,
            }
        },
        "messages": {"quiet_from": "00:00:00", "quiet_until": "00:00:00"},
        "repaying": {"notice_seconds": 0},
        "staff": {"prompt_notice_seconds": 0},
        "rails": {
            "float": {"poll_minutes": 0},
            "daraja": {
                "base_url": f"{standins}/daraja",
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
                "security_credential": "Y3JlZGVudGlhbA==",
                "pull_msisdn": "254711000000",
                "timeout_seconds": 1.0,
                "prompt_delay_seconds": 0,
                "callback_seconds": 0.6,
                "ask_seconds": 0.2,
                "ask_max_seconds": 0.5,
                "slow_seconds": 30,
                "prompt_expires_seconds": 6,
                "limits": {"stkpush": 50.0, "b2c": 50.0},
                "breaker_seconds": 0.3,
                "breaker_max_seconds": 0.6,
            },
        },
    }
    return _merged(values, overrides)


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        merged[key] = _merged(merged.get(key, {}), value) if isinstance(value, dict) else value
    return merged


@dataclass
class House:
    """The gateway at work, the outside world, and a hand to reach both."""

    gateway: app.Gateway
    config: Config
    url: str
    standins_url: str
    http: aiohttp.ClientSession
    outside: Outside
    lines: dict[str, Line] = field(default_factory=dict)

    def line(self, msisdn: str) -> Line:
        """A phone on the network, to dial and type with."""
        return self.lines.setdefault(msisdn, Line(self.http, self.url, msisdn))

    async def hop(self, text: str, *, phone: str = "+254711000001", session: str = "ATUid_1", **form: str) -> str:
        """One raw callback of Africa's Talking; the answer's body."""
        fields = {"sessionId": session, "phoneNumber": phone, "serviceCode": "*383#", "text": text} | form
        async with self.http.post(f"{self.url}/api/ussd/handler", data=fields) as response:
            assert response.status == 200, await response.text()
            return await response.text()

    async def ops(self, method: str, path: str, **kwargs: Any) -> tuple[int, Any]:
        """A call as an operator: status and JSON."""
        headers = {"Authorization": f"Bearer {OPS_TOKEN}", **kwargs.pop("headers", {})}
        async with self.http.request(method, f"{self.url}{path}", headers=headers, **kwargs) as response:
            text = await response.text()
            return response.status, json.loads(text) if text.startswith("{") else text

    async def operations(self, kind: str | None = None) -> list[Any]:
        """What was asked for since the house was opened, or of one kind; without one not what each day brings."""
        query = select(operations).where(operations.c.reference != demo.REQUEST).order_by(operations.c.number)
        if kind:
            query = query.where(operations.c.kind == kind)
        else:
            query = query.where(operations.c.kind.not_in(self.gateway.daily.kinds))
        async with self.gateway.store.read() as connection:
            return list(await connection.execute(query))

    async def operation(self, reference: str) -> Any:
        async with self.gateway.store.read() as connection:
            return (await connection.execute(select(operations).where(operations.c.reference == reference))).one()

    async def texts(self, phone: str) -> list[str]:
        async with self.gateway.store.read() as connection:
            query = select(messages.c.text).where(messages.c.msisdn == phone).order_by(messages.c.created_at)
            return [row.text for row in await connection.execute(query)]

    async def balance(self, key: str) -> int:
        async with self.gateway.store.read() as connection:
            return (await self.gateway.books.balance(connection, key)).posted_cents

    async def settled(self, timeout_seconds: float = 20) -> None:
        """Until no operation is open but those only a person can settle, or whose answer a person still owes."""

        async def is_settled() -> bool:
            return all(
                not row.is_open or row.state in {"parked", "dead"} or waits(row) for row in await self.operations()
            )

        def waits(row: Any) -> bool:
            """Until then nobody looks: one that has been answered is due at once."""
            return bool(row.reason == WAITING and row.lease_until == 0 and row.due_at > self.gateway.clock())

        await wait_until(is_settled, timeout_seconds)


class Houses:
    """Builds houses and tears them down."""

    def __init__(self, stack: AsyncExitStack, data: Path, database: str, redis: str) -> None:
        self._stack = stack
        self._data = data
        self._database = database
        self._redis = redis

    async def build(
        self, *, works: bool = True, standin_settings: dict[str, Any] | None = None, **overrides: Any
    ) -> House:
        """An override may be a function of the stand-ins' address, which is not known before."""
        # aiohttp remembers the handlers of a thousand routes, and with them every house that has gone.
        self._stack.callback(handlers_kept.cache_clear)
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        outside_settings = {
            "prompt_seconds": 3.0, "callback_seconds": 0.05, "auto_answer_seconds": 0.1, "delivery_seconds": 0.05,
        }  # fmt: skip
        standins = await standins_app.start(
            StandinSettings(
                data=self._data / "standins", gateway_url=url, **(outside_settings | (standin_settings or {}))
            ),
            port=0,
        )
        self._stack.push_async_callback(standins.stop)
        overrides = {name: value(standins.url) if callable(value) else value for name, value in overrides.items()}
        config = Config(**settings(port, standins.url, self._database, self._redis, **overrides))
        gateway = app.build(config, self._data, system)
        self._stack.push_async_callback(gateway.close)
        await demo.load(gateway)
        await self._stack.enter_async_context(app.serving(gateway))
        if works:
            await self._stack.enter_async_context(app.working(gateway))
        await wait_until(lambda: _is_registered(gateway), 30)
        http = await self._stack.enter_async_context(aiohttp.ClientSession())
        return House(gateway, config, url, standins.url, http, Outside(http, standins.url))


async def _is_registered(gateway: app.Gateway) -> bool:
    """On a busy machine the first connection may take longer than the patience that tests have."""
    try:
        await app.register_callbacks(gateway)
    except Unavailable:
        return False
    return True


@pytest.fixture
async def houses(tmp_path: Path, database_url: str, fresh_redis: str) -> AsyncIterator[Houses]:
    """Houses on both database engines, one after the other."""
    async with AsyncExitStack() as stack:
        yield Houses(stack, tmp_path, database_url, fresh_redis)


@pytest.fixture
async def light(tmp_path: Path, fresh_sqlite: str, fresh_redis: str) -> AsyncIterator[Houses]:
    """Houses on SQLite only, for what is the same on both databases."""
    async with AsyncExitStack() as stack:
        yield Houses(stack, tmp_path, fresh_sqlite, fresh_redis)


@pytest.fixture
async def house(tmp_path: Path, fresh_sqlite: str, fresh_redis: str) -> AsyncIterator[House]:
    """One house on SQLite, as `nyota up` runs it."""
    async with AsyncExitStack() as stack:
        yield await Houses(stack, tmp_path, fresh_sqlite, fresh_redis).build()
