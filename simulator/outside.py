"""What a tester sees of the pretend world: the SMS a phone received, the M-PESA prompts it shows, the money."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import aiohttp
import msgspec
from yarl import URL

from simulator.errors import Away
from simulator.numbers import cents, e164

CONTROL_TIMEOUT_SECONDS = 5.0

Shape = TypeVar("Shape")


class Message(msgspec.Struct, frozen=True, rename="camel"):
    """An SMS that reached a phone."""

    id: str
    phone: str
    text: str
    at: datetime
    sender: str = ""
    status: str = ""


class Prompt(msgspec.Struct, frozen=True, rename="camel"):
    """A request to pay on a phone, and what became of it."""

    id: str
    phone: str
    amount: str
    account_reference: str
    state: str
    at: datetime
    receipt: str | None = None
    business_name: str | None = None

    @property
    def is_open(self) -> bool:
        return self.state == "open"

    @property
    def amount_cents(self) -> int:
        return cents(self.amount)


class Movement(msgspec.Struct, frozen=True, rename="camel"):
    """One movement in the rail's own book."""

    receipt: str
    kind: str
    phone: str
    amount: str
    reference: str
    shortcode: str
    at: datetime

    @property
    def amount_cents(self) -> int:
        return cents(self.amount)


class Totals(msgspec.Struct, frozen=True, rename={"into": "in", "out": "out"}):
    """What came in and what went out, as decimal strings."""

    into: str
    out: str


class Money(msgspec.Struct, frozen=True):
    """The rail's own truth, to hold our books against."""

    movements: tuple[Movement, ...]
    totals: Totals


class _Inbox(msgspec.Struct):
    messages: tuple[Message, ...]


class _Prompts(msgspec.Struct):
    prompts: tuple[Prompt, ...]


class Outside:
    """The stand-ins' control API. Every call raises `Away` when there is no usable answer."""

    def __init__(
        self, http: aiohttp.ClientSession, url: str, *, over: str = "http",
        timeout_seconds: float = CONTROL_TIMEOUT_SECONDS,
    ) -> None:  # fmt: skip
        """`over` is the network that carries what phones write: `http` or `smpp`."""
        self._http = http
        self._url = URL(url)
        self._writes_to = "control/smpp/sms" if over == "smpp" else "control/sms"
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)

    async def messages(self, phone: str) -> Sequence[Message]:
        """The SMS this phone received, oldest first."""
        inbox = await self._ask("GET", "control/sms", _Inbox, query={"phone": e164(phone)})
        return sorted(inbox.messages, key=lambda message: message.at)

    async def prompts(self, phone: str) -> Sequence[Prompt]:
        """The prompts this phone got, answered or not, oldest first."""
        stk = await self._ask("GET", "control/stk", _Prompts, query={"phone": e164(phone)})
        return sorted(stk.prompts, key=lambda prompt: prompt.at)

    async def answer(self, prompt_id: str, answer: str) -> None:
        """Answer a prompt: `pay`, `wrong-pin`, `cancel`, `insufficient` or `ignore`."""
        await self._ask("POST", f"control/stk/{prompt_id}/answer", Any, json={"answer": answer})

    async def write_sms(self, phone: str, text: str) -> None:
        """Send an SMS from this phone to Nyota's short code."""
        await self._ask("POST", self._writes_to, Any, json={"phone": e164(phone), "text": text})

    async def pay_paybill(self, phone: str, *, amount: str, account: str) -> None:
        """Pay Nyota's paybill from the M-PESA menu of this phone; `amount` is a decimal string."""
        payment = {"phone": e164(phone), "amount": amount, "account": account}
        await self._ask("POST", "control/c2b", Any, json=payment)

    async def money(self) -> Money:
        return await self._ask("GET", "control/money", Money)

    async def settings(self, *, auto_answer: bool) -> None:
        """Choose whether prompts are paid by themselves (nobody holds the phone) or wait for an answer."""
        await self._ask("POST", "control/settings", Any, json={"autoAnswer": auto_answer})

    async def faults(self, *, api: str, fault: str, rate: float = 1.0, seed: int = 1) -> None:
        """Make an API misbehave for this share of its calls, reproducibly by seed."""
        knobs = {"api": api, "fault": fault, "rate": rate, "seed": seed}
        await self._ask("POST", "control/faults", Any, json=knobs)

    async def clear_faults(self, *, api: str, fault: str) -> None:
        """Make an API well again as far as this fault goes; one that is not there is no mistake."""
        await self._ask("DELETE", "control/faults", Any, query={"api": api, "fault": fault})

    async def _ask(
        self,
        method: str,
        path: str,
        shape: type[Shape],
        *,
        query: Mapping[str, str] | None = None,
        json: Mapping[str, object] | None = None,
    ) -> Shape:
        url = self._url / path
        try:
            async with self._http.request(method, url, params=query, json=json, timeout=self._timeout) as response:
                status, body = response.status, await response.read()
        except (TimeoutError, aiohttp.ClientError) as error:
            raise Away(f"{url} cannot be reached ({type(error).__name__})") from error
        if status >= 300:
            raise Away(f"{url} answered {status}: {body[:200].decode(errors='replace')}")
        try:
            return msgspec.json.decode(body or b"null", type=shape)
        except msgspec.DecodeError as error:
            raise Away(f"{url} answered something else than expected: {error}") from error


def standins_url(url: str) -> str:
    """Where the stand-ins are unless told otherwise: on the port after the gateway's."""
    origin = URL(url).origin()
    return str(origin.with_port((origin.port or 80) + 1))
