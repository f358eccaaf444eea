"""What a phone and a tester reach from outside, over HTTP only.

`Line` is one SIM card talking USSD the way Africa's Talking does; `Lines` is a drawer of them. `Outside`
is the control side of the stand-ins: the SMS a phone received, the M-PESA prompts it shows, the money.

One hop, as it goes over the wire (`text` holds every answer so far, joined by `*`):

    POST /api/ussd/handler            sessionId=ATUid_0c1f...&phoneNumber=%2B254711000001
                                      &networkCode=63902&serviceCode=%2A383%23&text=2%2A1
    200 text/plain                    CON Quick loan: how much?

Errors:
    SimulatorError
    ├── NoService   the USSD hop got no usable answer: unreachable, too slow, not 200, no CON or END
    └── Away        the stand-ins gave no usable answer
"""

import contextlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple, TypeVar

import aiohttp
import msgspec
import phonenumbers
from yarl import URL

SERVICE_CODE = "*383#"
NETWORK_CODE = "63902"
CALLBACK_PATH = "/api/ussd/handler"
EVENTS_PATH = "/api/ussd/events/africastalking"
CENTRE_PATH = "/control/smpp"
"""Below it the stand-ins' message centre takes what a phone dials and writes, in the same words, over SMPP."""
NETWORKS = ("http", "smpp")
HOP_TIMEOUT_SECONDS = 10.0
CONTROL_TIMEOUT_SECONDS = 5.0

Shape = TypeVar("Shape")


class SimulatorError(Exception):
    """Something outside this program did not answer as it should; the text says what and where."""


class NoService(SimulatorError):
    """A USSD hop got no usable answer. The customer sees an error and the session is over."""


class Away(SimulatorError):
    """The stand-ins' control API got no usable answer."""


class Screen(NamedTuple):
    """What the phone shows after a hop, without its prefix, and whether it may be answered."""

    text: str
    open: bool


class Line:
    """One SIM card. At most one session at a time; dialling again drops the one before.

    `screen`, `open` and `session_id` tell where the session stands; after `NoService` the screen is empty
    and the line is closed, until `repeat` (the carrier's own retry) or another `dial` gets an answer.
    """

    def __init__(
        self,
        http: aiohttp.ClientSession,
        url: str,
        msisdn: str,
        *,
        service_code: str = SERVICE_CODE,
        timeout_seconds: float = HOP_TIMEOUT_SECONDS,
    ) -> None:
        self.msisdn = e164(msisdn)
        self.screen = ""
        self.open = False
        self.session_id = ""
        self._http = http
        self._url = callback_url(url)
        self._events_url = events_url(self._url)
        self._service_code = service_code
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._form: dict[str, str] = {}
        self._connected = False

    async def dial(self, dialled: str) -> Screen:
        """Start a new session. `*383*2*1*2000#` is `*383#` with three answers given at once."""
        code, text = split_shortcut(dialled, self._service_code)
        self.session_id = f"ATUid_{secrets.token_hex(16)}"
        self._connected = True
        self._form = {
            "sessionId": self.session_id,
            "phoneNumber": self.msisdn,
            "networkCode": NETWORK_CODE,
            "serviceCode": code,
            "text": text,
        }
        return await self._hop()

    async def send(self, answer: str) -> Screen:
        """Answer the screen. Raises RuntimeError when there is no open session to answer."""
        if not self.open:
            raise RuntimeError(f"{self.msisdn} has no open session to answer")
        text = self._form["text"]
        self._form = {**self._form, "text": f"{text}*{answer}" if text else answer}
        return await self._hop()

    async def repeat(self) -> Screen:
        """Deliver the last hop once more, as a carrier does when it believes that its first try was lost."""
        if not self._form:
            raise RuntimeError(f"{self.msisdn} has not dialled yet")
        return await self._hop()

    async def ended(self, status: str, *, hops: int, seconds: float) -> None:
        """Tell, as the carrier does afterwards, how the session ended: `Success`, `Incomplete` or `Failed`.

        A gateway that is away does not hear of it: the carrier does not try again.
        """
        notice = {
            **{name: self._form[name] for name in ("sessionId", "phoneNumber", "networkCode", "serviceCode")},
            "status": status,
            "cost": "KES 0.00",
            "durationInMillis": str(round(seconds * 1000)),
            "hopsCount": str(hops),
        }
        with contextlib.suppress(TimeoutError, aiohttp.ClientError):
            async with self._http.post(self._events_url, data=notice, timeout=self._timeout):
                pass

    def hang_up(self) -> None:
        """End the session on this side; the gateway hears of it afterwards, if at all."""
        self.open = False
        self._connected = False

    async def _hop(self) -> Screen:
        form = self._form
        self.open = False
        self.screen = ""
        screen = read_reply(*await self._post(form))
        if form["sessionId"] == self.session_id:
            self.screen = screen.text
            self.open = screen.open and self._connected
        return screen

    async def _post(self, form: Mapping[str, str]) -> tuple[int, str]:
        try:
            async with self._http.post(self._url, data=form, timeout=self._timeout, allow_redirects=False) as response:
                return response.status, await response.text(encoding="utf-8", errors="replace")
        except TimeoutError as error:
            raise NoService(f"no answer from {self._url} in {self._timeout.total:g} seconds") from error
        except aiohttp.ClientError as error:
            raise NoService(f"{self._url} cannot be reached ({type(error).__name__})") from error


class Lines:
    """As many lines as are asked for, one for each phone; plays the transport of a dialogue over HTTP."""

    def __init__(self, http: aiohttp.ClientSession, url: str, *, service_code: str = SERVICE_CODE) -> None:
        self._http = http
        self._url = url
        self._service_code = service_code
        self._lines: dict[str, Line] = {}

    def line(self, phone: str) -> Line:
        phone = e164(phone)
        if phone not in self._lines:
            self._lines[phone] = Line(self._http, self._url, phone, service_code=self._service_code)
        return self._lines[phone]

    async def dial(self, phone: str, dialled: str) -> Screen:
        return await self.line(phone).dial(dialled)

    async def send(self, phone: str, answer: str) -> Screen:
        return await self.line(phone).send(answer)

    async def repeat(self, phone: str) -> Screen:
        return await self.line(phone).repeat()

    def hang_up(self, phone: str) -> None:
        self.line(phone).hang_up()


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


async def reachable(http: aiohttp.ClientSession, url: str) -> bool:
    """Whether anybody answers HTTP there at all; how healthy it is does not matter to a phone."""
    try:
        async with http.get(
            URL(url).origin() / "healthz", timeout=aiohttp.ClientTimeout(total=2), allow_redirects=False
        ):
            return True
    except (TimeoutError, aiohttp.ClientError):
        return False


def read_reply(status: int, body: str) -> Screen:
    """Read an answer as strictly as the carrier does: 200, and a body that starts with `CON ` or `END `."""
    if status != 200:
        raise NoService(f"the answer has status {status} instead of 200")
    prefix, text = body[:4], body[4:]
    if prefix not in ("CON ", "END "):
        raise NoService(f"the answer starts neither with CON nor with END: {body[:40]!r}")
    return Screen(text, open=prefix == "CON ")


def split_shortcut(dialled: str, service_code: str = SERVICE_CODE) -> tuple[str, str]:
    """Split what was dialled into the service code and the answers dialled with it.

    Raises ValueError for what no phone would take for a USSD code.
    """
    if len(dialled) < 3 or not dialled.startswith("*") or not dialled.endswith("#"):
        raise ValueError(f"{dialled!r} is not a USSD code such as {service_code}")
    shortcut = service_code[:-1] + "*"
    if dialled.startswith(shortcut):
        return service_code, dialled[len(shortcut) : -1]
    return dialled, ""


def callback_url(url: str) -> URL:
    """Where hops are posted: the address as given, or its USSD callback when only a host was given."""
    address = URL(url)
    return address if address.path not in ("", "/") else address.with_path(CALLBACK_PATH)


def events_url(callback: URL) -> URL:
    """Where the end of a session is told, below the same token as its hops."""
    if callback.path.startswith(CENTRE_PATH):
        return callback / "ended"
    token = callback.path.removeprefix(CALLBACK_PATH) if callback.path.startswith(CALLBACK_PATH) else ""
    return callback.with_path(f"{EVENTS_PATH}{token}")


def dialled_at(url: str, standins: str, over: str) -> str:
    """Where a phone dials: the gateway itself, or the message centre of the stand-ins. Raises ValueError for a network
    that does not exist."""
    if over not in NETWORKS:
        raise ValueError(f"a phone dials over {' or '.join(NETWORKS)}, not {over!r}")
    return url if over == "http" else str(URL(standins).with_path(f"{CENTRE_PATH}/ussd"))


def standins_url(url: str) -> str:
    """Where the stand-ins are unless told otherwise: on the port after the gateway's."""
    origin = URL(url).origin()
    return str(origin.with_port((origin.port or 80) + 1))


def e164(phone: str) -> str:
    """A phone number as `+254711000001`, from any form that people in Kenya use.

    Raises ValueError when it is no Kenyan mobile number: the pretend world outside has no others.
    """
    refusal = f"{phone!r} is not a Kenyan mobile number, such as 0711 000 001"
    try:
        number = phonenumbers.parse(phone, "KE")
    except phonenumbers.NumberParseException as error:
        raise ValueError(refusal) from error
    is_mobile = phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE
    if number.country_code != 254 or not is_mobile:
        raise ValueError(refusal)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def cents(amount: str) -> int:
    """Cents from `2160.00`, `2,160` or `2160`. Raises ValueError for anything else."""
    try:
        value = Decimal(amount.replace(",", "")) * 100
    except InvalidOperation:
        raise ValueError(f"{amount!r} is not an amount of money") from None
    if not value.is_finite() or value != value.to_integral_value():
        raise ValueError(f"{amount!r} is not an amount of money")
    return int(value)
