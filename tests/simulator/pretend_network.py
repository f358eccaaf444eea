"""The other side of a phone, just big enough for its tests: a tiny USSD service and the control API."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

AMINA = "+254711000001"
BARAKA = "+254711000002"

MENU = "CON Nyota: Amina\n1 Balance\n2 Borrow"
AMOUNT = "CON Quick loan: how much?\n0 Back"
PIN = "CON Borrow Ksh {amount}\nEnter Nyota PIN to accept"
ACCEPTED = "END Request LN7K2 received.\nSMS to follow."
BALANCE = "END Wallet Ksh 5,000"
RECEIPT = "LN7K2 Confirmed. Ksh 1,980 sent to your M-PESA"


class PretendNetwork:
    """Answers hops, keeps an inbox and prompts. `fault` breaks the USSD side, `is_away` the control side."""

    def __init__(self) -> None:
        self.hops: list[dict[str, str]] = []
        self.messages: list[dict[str, Any]] = []
        self.prompts: list[dict[str, Any]] = []
        self.written: list[tuple[str, str]] = []
        self.payments: list[dict[str, Any]] = []
        self.answers: list[tuple[str, str]] = []
        self.settings: list[dict[str, Any]] = []
        self.faults: list[dict[str, Any]] = []
        self.cured: list[tuple[str, str]] = []
        self.ends: list[dict[str, str]] = []
        self.fault = ""
        self.is_away = False
        self.arrived = asyncio.Event()
        self.released = asyncio.Event()
        self.url = ""

    @property
    def auto_answer(self) -> bool:
        """What the last visitor chose; prompts pay by themselves until somebody says otherwise."""
        return bool(self.settings[-1]["autoAnswer"]) if self.settings else True

    def deliver_sms(self, phone: str, text: str) -> None:
        number = len(self.messages) + 1
        self.messages.append(
            {
                "id": f"sms{number}",
                "phone": phone,
                "text": text,
                "sender": "NYOTA",
                "at": f"2026-08-05T10:42:{number:02d}+03:00",
                "status": "Success",
            }
        )

    def raise_prompt(self, phone: str, amount: str, reference: str) -> None:
        number = len(self.prompts) + 1
        self.prompts.append(
            {
                "id": f"stk{number}",
                "phone": phone,
                "amount": amount,
                "accountReference": reference,
                "businessName": "NYOTA DEMO",
                "state": "open",
                "receipt": None,
                "at": f"2026-08-05T10:43:{number:02d}+03:00",
            }
        )

    def application(self) -> web.Application:
        app = web.Application()
        app.add_routes(
            [
                web.post("/api/ussd/handler", self.hop),
                web.post("/api/ussd/events/africastalking", self.end),
                web.get("/healthz", self.health),
                web.get("/control/sms", self.list_messages),
                web.post("/control/sms", self.take_sms),
                web.get("/control/stk", self.list_prompts),
                web.post("/control/stk/{id}/answer", self.answer_prompt),
                web.post("/control/c2b", self.take_payment),
                web.get("/control/money", self.show_money),
                web.post("/control/settings", self.change_settings),
                web.post("/control/faults", self.change_faults),
                web.delete("/control/faults", self.cure_fault),
            ]
        )
        return app

    async def hop(self, request: web.Request) -> web.Response:
        form = {key: str(value) for key, value in (await request.post()).items()}
        self.hops.append(form)
        self.arrived.set()
        match self.fault:
            case "status":
                return web.Response(status=500, text="CON still wrong")
            case "prefix":
                return web.Response(text="Internal Server Error")
            case "hang":
                await self.released.wait()
            case "counting":
                return web.Response(text=f"CON hop {len(self.hops)}")
        return web.Response(text=self._screen(form))

    async def end(self, request: web.Request) -> web.Response:
        self.ends.append({key: str(value) for key, value in (await request.post()).items()})
        return web.Response()

    def _screen(self, form: dict[str, str]) -> str:
        match form["text"].split("*"):
            case [""]:
                return MENU
            case ["1"]:
                return BALANCE
            case ["2"]:
                return AMOUNT
            case ["2", amount]:
                return PIN.format(amount=amount)
            case ["2", _, "4826"]:
                self.deliver_sms(form["phoneNumber"], RECEIPT)
                return ACCEPTED
            case _:
                return "END Wrong"

    async def health(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def list_messages(self, request: web.Request) -> web.Response:
        phone = request.query["phone"]
        return self._control({"messages": [sms for sms in self.messages if sms["phone"] == phone]})

    async def take_sms(self, request: web.Request) -> web.Response:
        written = await request.json()
        if not self.is_away:
            self.written.append((written["phone"], written["text"]))
            self.deliver_sms(written["phone"], f"You wrote {written['text']}, code 482913")
        return self._control({"id": "mo1"})

    async def list_prompts(self, request: web.Request) -> web.Response:
        phone = request.query["phone"]
        return self._control({"prompts": [one for one in self.prompts if one["phone"] == phone]})

    async def answer_prompt(self, request: web.Request) -> web.Response:
        answer = (await request.json())["answer"]
        self.answers.append((request.match_info["id"], answer))
        for prompt in self.prompts:
            if prompt["id"] == request.match_info["id"] and answer != "ignore":
                prompt["state"] = "paid" if answer == "pay" else "cancelled"
        return self._control({})

    async def take_payment(self, request: web.Request) -> web.Response:
        self.payments.append(await request.json())
        return self._control({})

    async def show_money(self, _request: web.Request) -> web.Response:
        movement = {
            "receipt": "UA12BC34DF",
            "kind": "b2c",
            "phone": AMINA,
            "amount": "1980.00",
            "reference": "LN7K2",
            "shortcode": "600998",
            "at": "2026-08-05T10:42:00+03:00",
        }
        return self._control({"movements": [movement], "totals": {"in": "0.00", "out": "1980.00"}})

    async def change_settings(self, request: web.Request) -> web.Response:
        if not self.is_away:
            self.settings.append(await request.json())
        return self._control({})

    async def change_faults(self, request: web.Request) -> web.Response:
        self.faults.append(await request.json())
        return self._control({})

    async def cure_fault(self, request: web.Request) -> web.Response:
        self.cured.append((request.query["api"], request.query["fault"]))
        return self._control({})

    def _control(self, answer: dict[str, Any]) -> web.Response:
        return web.json_response({"error": "away"}, status=503) if self.is_away else web.json_response(answer)


@asynccontextmanager
async def pretend_network() -> AsyncIterator[PretendNetwork]:
    """A running network; `url` serves both sides."""
    network = PretendNetwork()
    async with TestServer(network.application(), host="127.0.0.1") as server:
        network.url = str(server.make_url("/")).rstrip("/")
        yield network
        network.released.set()


@asynccontextmanager
async def visited_network() -> AsyncIterator[tuple[PretendNetwork, ClientSession]]:
    """A running network and somebody who can visit it."""
    async with pretend_network() as network, ClientSession() as http:
        yield network, http
