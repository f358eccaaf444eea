"""A carrier's message centre: takes texts over SMPP 3.4, reports on them, and carries sessions on the phone.

Needs the extra `smpp`. What is put off, or not acknowledged, it delivers again. What goes wrong is drawn as for HTTP,
under the API `smpp`:

| fault | the text | what the gateway sees |
|---|---|---|
| busy | is not taken | ESME_RTHROTTLED |
| http-500 | is not taken | ESME_RSYSERR |
| timeout | reaches the phone | no answer |
| lost-callback, duplicate-callback | reaches the phone | no report, or two |
"""

import asyncio
import itertools
import socket
import struct
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from simulator.standins import gsm
from simulator.standins.faults import SMPP_API, Drawn, Faults

API = SMPP_API
USSD_SERVICE_OP, ITS_SESSION_INFO, MESSAGE_PAYLOAD = 0x0501, 0x1383, 0x0424
RECEIPTED_MESSAGE_ID, MESSAGE_STATE = 0x001E, 0x0427
SAR_REFERENCE, SAR_TOTAL, SAR_NUMBER = 0x020C, 0x020E, 0x020F
BEGINS, ASKS, CLOSES, ANSWERS = 1, 2, 17, 18
REPORT, HAS_HEADER = 0x04, 0x40
DELIVERED = 2
THROTTLED, SYSTEM_ERROR = 0x58, 0x08
AGAIN = frozenset({0x14, 0x58, 0x64})
"""ESME_RMSGQFUL, ESME_RTHROTTLED, ESME_RX_T_APPN: not now."""
AGAIN_SECONDS = 0.5


class NobodyBoundError(Exception):
    """There is nobody to deliver to."""


@dataclass(frozen=True, slots=True)
class Reached:
    """A whole text on a phone. `parts` is in how many messages it came."""

    phone: str
    sender: str
    text: str
    parts: int


@dataclass(frozen=True, slots=True)
class Screen:
    text: str
    goes_on: bool


@dataclass(slots=True)
class Call:
    """A session on one phone, as its owner sees it."""

    centre: "Smsc"
    phone: str
    code: str
    number: int
    at: int = 0
    screens: asyncio.Queue[Screen] = field(default_factory=asyncio.Queue)

    async def dial(self, dialled: str) -> Screen:
        return await self._said(BEGINS, dialled)

    async def answer(self, typed: str) -> Screen:
        return await self._said(ANSWERS, typed)

    async def hang_up(self) -> None:
        await self.centre.deliver(self.phone, self.code, b"", self._tlvs(ANSWERS, ends=True))

    async def again(self, operation: int, typed: str) -> Screen:
        """The centre sends the last message once more, as it does when it saw no acknowledgement."""
        self.at -= 1
        return await self._said(operation, typed)

    async def _said(self, operation: int, typed: str) -> Screen:
        """A screen that came too late for what was said before is not the answer to this."""
        while not self.screens.empty():
            self.screens.get_nowait()
        payload, coding = gsm.encoded(typed)
        await self.centre.deliver(self.phone, self.code, payload, self._tlvs(operation), coding=coding)
        return await self.screens.get()

    def _tlvs(self, operation: int, *, ends: bool = False) -> Mapping[int, bytes]:
        info = bytes((self.number, self.at << 1 & 0xFF | ends))
        self.at += 1
        return {USSD_SERVICE_OP: bytes((operation,)), ITS_SESSION_INFO: info}


class Smsc:
    """One centre on the loopback. `reached` and `news` tell what phones got; `faults` what goes wrong."""

    def __init__(
        self, port: int, faults: Faults | None = None, *, decimal_reports: bool = False,
        on_reached: Callable[[Reached], None] = lambda _: None,
    ) -> None:  # fmt: skip
        self._library: Any = import_module("smpp34")
        self._port = port
        self._server = self._library.Server("127.0.0.1", port, system_id="STANDIN")
        self._decimal_reports = decimal_reports
        self._on_reached = on_reached
        self._ids, self._sessions = itertools.count(0xA1), itertools.count(1)
        self._bound: dict[str, Any] = {}
        self._calls: dict[tuple[str, int], Call] = {}
        self._joined: dict[tuple[str, str], dict[int, str]] = {}
        self._kept: list[Any] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self.faults = faults or Faults()
        self.reached: list[Reached] = []
        self.news = asyncio.Event()

    async def start(self) -> None:
        """Raises OSError for a taken port."""
        with socket.create_server(("127.0.0.1", self._port)):
            pass  # the library says no more than that something went wrong
        await self._server.start()
        self._spawn(self._serve())

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.stop()

    @property
    def is_bound(self) -> bool:
        return bool(self._bound)

    def call(self, phone: str, code: str = "383") -> Call:
        """A session that nobody has dialled yet; `phone` is digits."""
        call = Call(self, phone, code, next(self._sessions) % 256)
        self._calls[phone, call.number] = call
        return call

    async def write(self, phone: str, text: str, code: str = "383", *, reference: int = 7, size: int = 0) -> None:
        """Somebody writes to our code: whole, or with `size` in parts of so many characters, the last first. Until it
        is taken it is delivered again. Raises NobodyBoundError."""
        if not size:
            payload, coding = gsm.encoded(text)
            await self.deliver(phone, code, payload, {}, coding=coding)
            return
        parts = [text[at : at + size] for at in range(0, len(text), size)]
        for number, part in reversed(list(enumerate(parts, 1))):
            header = bytes((5, 0, 3, reference, len(parts), number))
            await self.deliver(phone, code, header + part.encode("utf-16-be"), {}, coding=8, esm_class=HAS_HEADER)

    async def deliver(
        self, sender: str, to: str, payload: bytes, tlvs: Mapping[int, bytes], *, coding: int = 0, esm_class: int = 0
    ) -> None:
        """Over any session that hears. What is put off, or not acknowledged, is delivered again by and by, but for
        what belongs to a session on the phone. Raises NobodyBoundError."""
        fields = {
            "source_addr": sender, "data_coding": coding, "esm_class": esm_class, "tlvs": self._tlvs(tlvs),
        }  # fmt: skip
        if not await self._delivered(to, payload, fields) and USSD_SERVICE_OP not in tlvs:
            self._spawn(self._until_taken(to, payload, fields))

    async def _until_taken(self, to: str, payload: bytes, fields: Mapping[str, Any]) -> None:
        is_taken = False
        while not is_taken:
            await asyncio.sleep(AGAIN_SECONDS)
            with suppress(NobodyBoundError):
                is_taken = await self._delivered(to, payload, fields)

    async def _delivered(self, to: str, payload: bytes, fields: Mapping[str, Any]) -> bool:
        """Whether it was acknowledged and not put off. Raises NobodyBoundError."""
        ears = [each for each in self._bound.values() if each.can_receive]
        if not ears:
            raise NobodyBoundError("nobody is bound to the message centre")
        try:
            answer = await ears[-1].deliver_sm(to, payload, **fields)
        except (self._library.SmppError, RuntimeError):  # lost meanwhile
            return False
        return answer.command_status not in AGAIN

    async def drop(self) -> None:
        """Ends every session."""
        for esme in list(self._bound.values()):
            await esme.unbind()

    async def _serve(self) -> None:
        while True:
            event = await self._server.next()
            if isinstance(event, self._library.Esme):
                self._bound[event.session_id] = event
            elif isinstance(event, self._library.Unbound):
                self._bound.pop(event.session_id, None)
            else:
                self._take(event)
            self.news.set()

    def _take(self, event: Any) -> None:
        tlvs = {tlv.tag: bytes(tlv.value) for tlv in event.tlvs}
        if USSD_SERVICE_OP in tlvs:
            event.accept(f"{next(self._ids):x}")
            self._shown(event.destination_addr, tlvs, bytes(event.short_message), event.data_coding)
            return
        drawn = self.faults.draw(API)
        if "busy" in drawn or "http-500" in drawn:
            event.reject(THROTTLED if "busy" in drawn else SYSTEM_ERROR)
            return
        message_id = f"{next(self._ids):x}"
        if "timeout" in drawn:
            self._kept.append(event)  # an event that is let go answers with an error
        else:
            event.accept(message_id)
        self._reach(event, tlvs)
        if event.registered_delivery & 1:
            self._spawn(self._report(event.destination_addr, event.source_addr, message_id, drawn))

    def _shown(self, phone: str, tlvs: Mapping[int, bytes], payload: bytes, coding: int) -> None:
        call = self._calls.get((phone, tlvs[ITS_SESSION_INFO][0]))
        if call is not None:
            goes_on = tlvs[USSD_SERVICE_OP][0] == ASKS
            call.screens.put_nowait(Screen(gsm.decoded(payload, coding), goes_on))

    def _reach(self, event: Any, tlvs: Mapping[int, bytes]) -> None:
        """On the phone once all of it is there."""
        payload = bytes(event.short_message) or tlvs.get(MESSAGE_PAYLOAD, b"")
        reference, number, total = "", 1, 1
        if event.esm_class & HAS_HEADER:
            reference, total, number = payload[3:4].hex(), payload[4], payload[5]
            payload = payload[payload[0] + 1 :]
        elif SAR_REFERENCE in tlvs:
            reference, total, number = tlvs[SAR_REFERENCE].hex(), tlvs[SAR_TOTAL][0], tlvs[SAR_NUMBER][0]
        here = self._joined.setdefault((event.destination_addr, reference), {})
        here[number] = gsm.decoded(payload, event.data_coding)
        if len(here) == total:
            del self._joined[event.destination_addr, reference]
            text = "".join(here[each] for each in sorted(here))
            reached = Reached(event.destination_addr, event.source_addr, text, total)
            self.reached.append(reached)
            self._on_reached(reached)

    async def _report(self, phone: str, sender: str, message_id: str, drawn: Drawn) -> None:
        if "lost-callback" in drawn:
            return
        named = str(int(message_id, 16)) if self._decimal_reports else message_id
        words = f"id:{named} sub:001 dlvrd:001 submit date:2608051042 done date:2608051043 stat:DELIVRD err:000 text:"
        tlvs = {RECEIPTED_MESSAGE_ID: named.encode() + b"\0", MESSAGE_STATE: struct.pack("B", DELIVERED)}
        for _ in range(2 if "duplicate-callback" in drawn else 1):
            await self.deliver(phone, sender, words.encode(), tlvs, esm_class=REPORT)

    def _tlvs(self, tlvs: Mapping[int, bytes]) -> list[Any]:
        return [self._library.Tlv(tag, value) for tag, value in tlvs.items()]

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
