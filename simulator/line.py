"""A phone that talks USSD, over HTTP only: `Line` is one SIM card talking as Africa's Talking does, `Lines` a drawer of
them.

One hop, as it goes over the wire (`text` holds every answer so far, joined by `*`):

    POST /api/ussd/handler            sessionId=ATUid_0c1f...&phoneNumber=%2B254711000001
                                      &networkCode=63902&serviceCode=%2A383%23&text=2%2A1
    200 text/plain                    CON Quick loan: how much?
"""

import contextlib
import secrets
from collections.abc import Mapping
from typing import NamedTuple

import aiohttp
from yarl import URL

from simulator.errors import NoService
from simulator.numbers import e164

SERVICE_CODE = "*383#"
NETWORK_CODE = "63902"
CALLBACK_PATH = "/api/ussd/handler"
EVENTS_PATH = "/api/ussd/events/africastalking"
CENTRE_PATH = "/control/smpp"
"""Below it the stand-ins' message centre takes what a phone dials and writes, in the same words, over SMPP."""
NETWORKS = ("http", "smpp")
HOP_TIMEOUT_SECONDS = 10.0


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
