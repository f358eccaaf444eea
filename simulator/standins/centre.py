"""The message centre of this world: what it carries reaches the phones in its book, and people write and dial over it.

A phone dials as it does over HTTP, with the form of Africa's Talking, so that one phone plays both:

    POST /control/smpp/ussd     sessionId=ATUid_0c1f...&phoneNumber=%2B254711000001&serviceCode=%2A383%23&text=2%2A1
    200 text/plain              CON Quick loan: how much?

Every call is refused with 503 while there is no centre, or nobody is bound to it.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from simulator.standins import control, phones, texts
from simulator.standins.smsc import ANSWERS, BEGINS, Call, NobodyBoundError, Reached, Screen, Smsc
from simulator.standins.world import World

PREFIX = "/control/smpp"
SCREEN_SECONDS = 10.0


@dataclass(slots=True)
class Dialled:
    """The session of one phone: what was answered so far, and the last message of it."""

    session_id: str
    call: Call
    consumed: str = ""
    operation: int = BEGINS
    typed: str = ""


class Centre:
    """A centre on a port, and the phones it serves."""

    def __init__(self, world: World, port: int) -> None:
        self._world = world
        self._smsc = Smsc(port, world.faults, on_reached=self._reached)
        self._dialled: dict[str, Dialled] = {}

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Centre"]:
        """Raises OSError for a taken port."""
        try:
            await self._smsc.start()
        except OSError as error:
            raise OSError(error.errno, f"the message centre: {error.strerror}") from error
        try:
            yield self
        finally:
            await self._smsc.stop()

    async def write(self, phone: str, text: str, to: str) -> None:
        """Raises NobodyBoundError."""
        await self._smsc.write(phone, text, to)

    async def hop(self, form: Mapping[str, str]) -> Screen:
        """The screen that answers. Raises NobodyBoundError, TimeoutError, and ValueError for no phone or session."""
        phone, session_id = phones.parse_phone(form.get("phoneNumber", "")), form["sessionId"]
        text = form.get("text", "")
        dialled = self._dialled.get(phone)
        async with asyncio.timeout(SCREEN_SECONDS):
            if dialled is None or dialled.session_id != session_id:
                return await self._begun(phone, form["serviceCode"], text, session_id)
            if text == dialled.consumed:
                return await dialled.call.again(dialled.operation, dialled.typed)
            dialled.typed = text[len(dialled.consumed) + 1 :] if dialled.consumed else text
            dialled.consumed, dialled.operation = text, ANSWERS
            return await dialled.call.answer(dialled.typed)

    async def ended(self, form: Mapping[str, str]) -> None:
        """The caller is gone. Raises as `hop` does."""
        dialled = self._dialled.get(phones.parse_phone(form.get("phoneNumber", "")))
        if dialled is not None and dialled.session_id == form.get("sessionId") and form.get("status") != "Success":
            await dialled.call.hang_up()

    async def _begun(self, phone: str, code: str, text: str, session_id: str) -> Screen:
        """A shortcut is dialled in one piece."""
        typed = f"{code.removesuffix('#')}*{text}#" if text else code
        call = self._smsc.call(phone, code.strip("*#"))
        self._dialled[phone] = Dialled(session_id, call, text, BEGINS, typed)
        return await call.dial(typed)

    def _reached(self, reached: Reached) -> None:
        """A phone that is no phone of this world gets nothing."""
        try:
            phone = phones.parse_phone(reached.phone)
        except ValueError:
            return
        text = texts.Text(f"smpp-{secrets.token_hex(8)}", phone, reached.text, reached.sender, self._world.now())
        with self._world.change() as book:
            texts.keep(book, text)


CENTRE = web.AppKey("centre", Centre)


def routes() -> list[web.RouteDef]:
    return [
        web.post(f"{PREFIX}/sms", write_sms),
        web.post(f"{PREFIX}/ussd", hop),
        web.post(f"{PREFIX}/ussd/ended", ended),
    ]


async def write_sms(request: web.Request) -> web.Response:
    """Somebody writes to our short code: `{phone, text, to?}`."""
    try:
        body = await control.read_body(request)
        phone, text = control.read_phone(body.get("phone")), control.read_text(body, "text")
        await _centre(request).write(phone, text, str(body.get("to") or control.SHORT_CODE))
    except NobodyBoundError as error:
        return control.ProblemError(503, "nobody-bound", str(error)).response()
    except control.ProblemError as problem:
        return problem.response()
    return web.json_response({})


async def hop(request: web.Request) -> web.Response:
    """A phone dials, or answers."""
    try:
        screen = await _centre(request).hop(await _form(request))
    except NobodyBoundError as error:
        return web.Response(status=503, text=str(error))
    except TimeoutError:
        return web.Response(status=504, text="no screen came")
    except (KeyError, ValueError) as error:
        return web.Response(status=400, text=f"no phone dials like this: {error}")
    return web.Response(text=f"{'CON' if screen.goes_on else 'END'} {screen.text}")


async def ended(request: web.Request) -> web.Response:
    """A phone says that a session is over."""
    try:
        await _centre(request).ended(await _form(request))
    except NobodyBoundError as error:
        return web.Response(status=503, text=str(error))
    except ValueError as error:
        return web.Response(status=400, text=str(error))
    return web.Response(text="")


def _centre(request: web.Request) -> Centre:
    """Raises NobodyBoundError without one."""
    centre = request.app.get(CENTRE)
    if centre is None:
        raise NobodyBoundError("there is no message centre: start the stand-ins with one")
    return centre


async def _form(request: web.Request) -> Mapping[str, Any]:
    return {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
