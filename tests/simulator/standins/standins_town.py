"""A small town for these tests: the stand-ins on a free port, and a gateway that records what it is told."""

import asyncio
import base64
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from simulator.standins import app as standins
from simulator.standins.settings import DarajaApp, Settings

WAIT_SECONDS = 10.0
PHONE, OTHER_PHONE = "254711000001", "254711000002"
TIMESTAMP = "20260102030405"


@dataclass(frozen=True)
class Heard:
    """One request that the gateway got."""

    path: str
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.text, keep_blank_values=True))


class Gateway:
    """Records every POST and answers `reply`; while `is_open` is cleared, requests hang unanswered."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.reply: Any = {"ResultCode": 0, "ResultDesc": "Accepted"}
        self.is_open = asyncio.Event()
        self.is_open.set()
        self._news = asyncio.Condition()
        app = web.Application()
        app.router.add_post("/{path:.*}", self._record)
        self._server = TestServer(app)

    def url(self, path: str) -> str:
        return str(self._server.make_url(path))

    def at(self, path: str) -> list[Heard]:
        return [heard for heard in self.heard if heard.path == path]

    async def hear(self, path: str, times: int = 1) -> list[Heard]:
        """Wait until something was told so many times."""
        async with asyncio.timeout(WAIT_SECONDS), self._news:
            await self._news.wait_for(lambda: len(self.at(path)) >= times)
        return self.at(path)

    async def start(self) -> None:
        await self._server.start_server(shutdown_timeout=0)

    async def stop(self) -> None:
        self.is_open.set()
        await self._server.close()

    async def _record(self, request: web.Request) -> web.Response:
        heard = Heard(request.path, dict(request.headers), await request.text())
        async with self._news:
            self.heard.append(heard)
            self._news.notify_all()
        await self.is_open.wait()
        return web.json_response(self.reply)


@dataclass(frozen=True)
class Reply:
    """What a service answered."""

    status: int
    content_type: str
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Town:
    """Gateway and stand-ins; `async with` starts and stops both. Delays are nothing unless `knobs` say so."""

    def __init__(self, data: Path, *, now: Callable[[], float] = time.time, **knobs: Any) -> None:
        quick = {"auto_answer_seconds": 0.0, "callback_seconds": 0.0, "delivery_seconds": 0.0}
        self.settings = Settings(data=data, **{**quick, **knobs})
        self.gateway = Gateway()
        self.app = standins.build_app(self.settings, now=now)
        self._server = TestServer(self.app)
        self._tokens: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        await self.gateway.start()
        await self.start()
        self.http = aiohttp.ClientSession()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.http.close()
        await self.stop()
        await self.gateway.stop()

    async def start(self) -> None:
        await self._server.start_server(shutdown_timeout=0)

    async def stop(self) -> None:
        await self._server.close()

    def url(self, path: str) -> str:
        return str(self._server.make_url(path))

    async def ask(self, method: str, path: str, **how: Any) -> Reply:
        async with self.http.request(method, self.url(path), **how) as response:
            return Reply(response.status, response.headers.get("Content-Type", ""), await response.text())

    async def control(self, method: str, path: str, **body: Any) -> Any:
        """A control call that must succeed."""
        reply = await self.ask(method, f"/control/{path}", json=body or None)
        assert reply.status == 200, reply.text
        return reply.json

    async def fault(self, api: str, kind: str, **more: Any) -> None:
        await self.control("POST", "faults", api=api, fault=kind, **more)

    async def token(self, app: DarajaApp) -> Reply:
        credentials = base64.b64encode(f"{app.key}:{app.secret}".encode()).decode()
        path = "/daraja/oauth/v1/generate?grant_type=client_credentials"
        return await self.ask("GET", path, headers={"Authorization": f"Basic {credentials}"})

    async def daraja(self, app: DarajaApp, path: str, body: Mapping[str, Any], method: str = "POST") -> Reply:
        """A call with a valid token of this app."""
        if app.key not in self._tokens:
            self._tokens[app.key] = (await self.token(app)).json["access_token"]
        headers = {"Authorization": f"Bearer {self._tokens[app.key]}"}
        return await self.ask(method, f"/daraja{path}", headers=headers, json=body)

    def password(self) -> str:
        app = self.settings.collection
        return base64.b64encode(f"{app.shortcode}{app.passkey}{TIMESTAMP}".encode()).decode()

    async def push(self, **changes: Any) -> Reply:
        shortcode = self.settings.collection.shortcode
        body = {
            "BusinessShortCode": shortcode,
            "Password": self.password(),
            "Timestamp": TIMESTAMP,
            "TransactionType": "CustomerPayBillOnline",
            "Amount": 150,
            "PartyA": PHONE,
            "PartyB": shortcode,
            "PhoneNumber": PHONE,
            "CallBackURL": self.gateway.url("/stk"),
            "AccountReference": "LN00042",
            "TransactionDesc": "Loan",
        }
        path = "/mpesa/stkpush/v1/processrequest"
        return await self.daraja(self.settings.collection, path, body | changes)

    async def query(self, checkout_id: str, **changes: Any) -> Reply:
        body = {
            "BusinessShortCode": self.settings.collection.shortcode,
            "Password": self.password(),
            "Timestamp": TIMESTAMP,
            "CheckoutRequestID": checkout_id,
        }
        return await self.daraja(self.settings.collection, "/mpesa/stkpushquery/v1/query", body | changes)

    async def pay_out(self, originator_id: str = "op-000042", **changes: Any) -> Reply:
        body = {
            "OriginatorConversationID": originator_id,
            "InitiatorName": "nyota",
            "SecurityCredential": "Y3JlZGVudGlhbA==",
            "CommandID": "BusinessPayment",
            "Amount": 500,
            "PartyA": self.settings.payout.shortcode,
            "PartyB": PHONE,
            "Remarks": "Loan paid out",
            "QueueTimeOutURL": self.gateway.url("/timeout"),
            "ResultURL": self.gateway.url("/result"),
            "Occassion": "",
        }
        return await self.daraja(self.settings.payout, "/mpesa/b2c/v3/paymentrequest", body | changes)

    async def enquire(self, app: DarajaApp, path: str, command: str, **fields: Any) -> Reply:
        body = {
            "Initiator": "nyota",
            "SecurityCredential": "Y3JlZGVudGlhbA==",
            "CommandID": command,
            "PartyA": app.shortcode,
            "IdentifierType": "4",
            "Remarks": "ask",
            "QueueTimeOutURL": self.gateway.url("/timeout"),
            "ResultURL": self.gateway.url("/asked"),
        }
        return await self.daraja(app, path, body | fields)

    async def status(self, app: DarajaApp, **fields: Any) -> Reply:
        path = "/mpesa/transactionstatus/v1/query"
        return await self.enquire(app, path, "TransactionStatusQuery", **fields)

    async def register(self, version: str = "v2", **changes: Any) -> Reply:
        body = {
            "ShortCode": self.settings.collection.shortcode,
            "ResponseType": "Completed",
            "ConfirmationURL": self.gateway.url("/confirmation"),
            "ValidationURL": self.gateway.url("/validation"),
        }
        path = f"/mpesa/c2b/{version}/registerurl"
        return await self.daraja(self.settings.collection, path, body | changes)

    async def send_sms(self, **changes: str) -> Reply:
        account = self.settings.sms
        form = {"username": account.username, "to": f"+{PHONE}", "message": "Hello", "from": "NYOTA"}
        headers = {"apiKey": account.api_key, "Accept": "application/json"}
        path = "/africastalking/version1/messaging"
        return await self.ask("POST", path, data=form | changes, headers=headers)

    async def movements(self) -> list[dict[str, str]]:
        return list((await self.control("GET", "money"))["movements"])

    async def prompts(self, phone: str = PHONE) -> list[dict[str, str]]:
        return list((await self.control("GET", f"stk?phone=%2B{phone}"))["prompts"])

    async def open_prompt(self) -> dict[str, str]:
        """Wait for a prompt on the phone."""
        async with asyncio.timeout(WAIT_SECONDS):
            prompts = await self.prompts()
            while not prompts:
                prompts = await self.prompts()
        return prompts[-1]

    async def health(self, *, prompts: int = 0, callbacks: int = 0) -> None:
        """Wait until so many prompts are open and so many callbacks are still to be sent."""
        wanted = {"status": "ok", "openPrompts": prompts, "pendingCallbacks": callbacks}
        async with asyncio.timeout(WAIT_SECONDS):
            health = await self.control("GET", "health")
            while health != wanted:
                health = await self.control("GET", "health")


def parameters(heard: Heard) -> dict[str, Any]:
    """The parameters of a Result by key."""
    items = heard.json["Result"]["ResultParameters"]["ResultParameter"]
    listed = items if isinstance(items, list) else [items]
    return {item["Key"]: item.get("Value") for item in listed}


def metadata(heard: Heard) -> dict[str, Any]:
    """The metadata of an STK callback by name."""
    items = heard.json["Body"]["stkCallback"]["CallbackMetadata"]["Item"]
    return {item["Name"]: item.get("Value") for item in items}
