"""One session with a message centre, from its bind until it is lost: numbers, windows, acknowledgements and silence.

A message is acknowledged with the status that `take` answers, so once it is kept, and not before: whoever is killed in
between gets it again. What belongs to a session on the phone is acknowledged at once, for its answer is the screen.
Frames are read and written here, what is inside them in `gateway.smpp.codec`.

    00000010 00000015 00000000 00000002     length, enquire_link, status, number
    00000010 80000015 00000000 00000002     its answer
"""

import asyncio
import itertools
import ssl
import struct
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog

from gateway.config import SmppLink
from gateway.errors import NotACallback, Unavailable, Uncertain
from gateway.smpp.codec import Codec
from gateway.smpp.window import Window
from gateway.smpp.wire import OK, QUEUE_FULL, REFUSED, Deliver, Submit, Submitted

BINDS = {"transceiver": 0x09, "transmitter": 0x02}
SUBMIT, DELIVER, UNBIND, ENQUIRE = 0x04, 0x05, 0x06, 0x15
ANSWER = 0x8000_0000
"""Set in the command of every answer; alone it says that a request was not understood."""
WANTS_NO_ANSWER = frozenset({0x0B, 0x102})
"""outbind, alert_notification."""
UNKNOWN_COMMAND = 0x03
VERSION = 0x34
NUMBERS = 0x7FFF_FFFF

FRAME = struct.Struct(">IIII")
FRAME_OCTETS_MAX = 70_000
"""A message_payload has 64 KB at most."""
AT_ONCE = 500
"""Messages that are being kept; whatever comes beyond them the centre has to send again."""
QUIET_SECONDS = 30.0
GOODBYE_SECONDS = 2.0

Take = Callable[[Deliver], Awaitable[int]]
"""Takes a message; the status it is acknowledged with."""

log = structlog.get_logger("smpp")


class Lost(Exception):
    """The session is over, or never began."""


@dataclass(frozen=True, slots=True)
class Frame:
    command: int
    status: int
    number: int
    whole: bytes

    @property
    def body(self) -> bytes:
        return self.whole[FRAME.size :]


class Session:
    """Bound while `run` runs."""

    def __init__(
        self, name: str, settings: SmppLink, codec: Codec, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._name = name
        self._settings = settings
        self._codec = codec
        self._reader = reader
        self._writer = writer
        self._count = itertools.count()
        self._awaited: dict[int, asyncio.Future[Frame]] = {}
        self._window = Window(settings.window, for_screens=settings.window // 4 or 1 if settings.ussd else 0)
        self._keeping = set[asyncio.Task[None]]()
        self._turns = set[asyncio.Task[None]]()
        self._heard_at = 0.0
        self._is_leaving = False

    @classmethod
    async def bound(cls, name: str, settings: SmppLink, codec: Codec) -> "Session":
        """Raises Lost when the centre is away or refuses."""
        try:
            async with asyncio.timeout(settings.timeout_seconds):
                context = ssl.create_default_context() if settings.tls else None
                reader, writer = await asyncio.open_connection(settings.host, settings.port, ssl=context)
                session = cls(name, settings, codec, reader, writer)
                try:
                    await session._bind()
                except BaseException:
                    writer.close()
                    raise
                return session
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            raise Lost(type(error).__name__) from error

    async def run(self, take: Take) -> None:
        """Until it is lost. What is being kept then is kept, and everybody who waits for an answer is in doubt."""
        watch, reading = asyncio.create_task(self._watched()), asyncio.create_task(self._reading(take))
        try:
            await asyncio.shield(reading)
        except (Lost, OSError, asyncio.IncompleteReadError) as error:
            log.warning("session_lost", link=self._name, reason=str(error)[:200])
        finally:
            self._is_leaving = True
            watch.cancel()
            await asyncio.shield(self._goodbye(reading))

    async def submit(self, message: Submit) -> Submitted:
        """Raises Unavailable, Throttled and Rejected while nothing has left, and Uncertain when no answer comes."""
        async with self._window.place(self._settings.timeout_seconds, is_screen=message.is_ussd):
            number = self._number()
            answer = await self._asked(number, self._codec.submit(message, number))
        return Submitted(answer.status, answer.body.split(b"\0", 1)[0].decode("latin-1"))

    async def _bind(self) -> None:
        its = self._settings
        words = (its.system_id, its.password.get_secret_value(), its.system_type)
        body = b"".join(word.encode("latin-1", "replace") + b"\0" for word in words) + bytes((VERSION, 0, 0, 0))
        command, number = BINDS[its.bind], self._number()
        await self._write(_frame(command, OK, number, body))
        while (answer := await self._frame()).command not in {command | ANSWER, ANSWER}:
            continue  # some centres ask for life before they have let anybody in
        if answer.status != OK:
            raise Lost(f"refused with {answer.status:#x}")

    async def _reading(self, take: Take) -> None:
        while True:
            await self._read(await self._frame(), take)

    async def _frame(self) -> Frame:
        """Raises Lost for what is no frame: nobody knows where the next one would begin."""
        head = await self._reader.readexactly(FRAME.size)
        length, command, status, number = FRAME.unpack(head)
        if not FRAME.size <= length <= FRAME_OCTETS_MAX:
            raise Lost(f"a frame of {length} octets")
        body = await self._reader.readexactly(length - FRAME.size)
        self._heard_at = asyncio.get_running_loop().time()
        return Frame(command, status, number, head + body)

    async def _read(self, frame: Frame, take: Take) -> None:
        if frame.command & ANSWER:
            if (waiting := self._awaited.get(frame.number)) is not None and not waiting.done():
                waiting.set_result(frame)
        elif frame.command == DELIVER:
            await self._delivered(frame, take)
        elif frame.command in {ENQUIRE, UNBIND}:
            await self._answered(frame, OK)
            if frame.command == UNBIND:
                raise Lost("unbound by the centre")
        elif frame.command not in WANTS_NO_ANSWER:
            await self._write(_frame(ANSWER, UNKNOWN_COMMAND, frame.number))

    async def _delivered(self, frame: Frame, take: Take) -> None:
        try:
            message = self._codec.deliver(frame.whole)
        except NotACallback as error:
            log.warning("not_understood", link=self._name, reason=str(error)[:200])
            await self._answered(frame, REFUSED)
            return
        if message.is_ussd:
            await self._answered(frame, OK)
            _spawned(self._turns, _turn(take, message))
        elif self._is_leaving or len(self._keeping) >= AT_ONCE:
            await self._answered(frame, QUEUE_FULL)
        else:
            _spawned(self._keeping, self._taken(frame, take, message))

    async def _taken(self, frame: Frame, take: Take, message: Deliver) -> None:
        status = await take(message)
        with suppress(OSError, Lost):  # lost by now: it comes again, and is known again
            await self._answered(frame, status)

    async def _answered(self, frame: Frame, status: int) -> None:
        body = b"\0" if frame.command == DELIVER else b""
        await self._write(_frame(frame.command | ANSWER, status, frame.number, body))

    async def _asked(self, number: int, octets: bytes) -> Frame:
        answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        if self._writer.is_closing():
            raise Unavailable(f"{self._name}: not bound")
        self._awaited[number] = answer
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                await self._write(octets)
                return await answer
        except (TimeoutError, OSError, Lost) as error:
            raise Uncertain(f"{self._name}: no answer") from error
        finally:
            del self._awaited[number]

    async def _write(self, octets: bytes) -> None:
        """Whoever does not read is not written to: then nothing more is read from them either."""
        if self._writer.is_closing():
            raise Lost("closed")
        self._writer.write(octets)
        await self._writer.drain()

    async def _watched(self) -> None:
        """A centre that has been quiet is asked whether it lives; one that does not say so is given up."""
        while True:
            await asyncio.sleep(QUIET_SECONDS)
            if asyncio.get_running_loop().time() - self._heard_at < QUIET_SECONDS:
                continue
            number = self._number()
            try:
                await self._asked(number, _frame(ENQUIRE, OK, number))
            except (Unavailable, Uncertain):
                self._writer.transport.abort()
                return

    async def _goodbye(self, reading: asyncio.Task[None]) -> None:
        """Whoever is told to go finishes what is in hand, for a moment, and tells the centre; a lost session tells
        those who wait."""
        if not reading.done():
            hand: set[asyncio.Future[Any]] = {*self._keeping, *self._turns, *self._awaited.values()}
            if hand:
                await asyncio.wait(hand, timeout=GOODBYE_SECONDS)
            with suppress(OSError, Lost, TimeoutError):
                async with asyncio.timeout(GOODBYE_SECONDS):
                    await self._write(_frame(UNBIND, OK, self._number()))
        self._writer.close()
        for answer in self._awaited.values():
            if not answer.done():
                answer.set_exception(Lost("lost"))
        tasks = (reading, *self._keeping, *self._turns)
        if reading.done():
            await asyncio.wait(tasks, timeout=GOODBYE_SECONDS)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _number(self) -> int:
        return next(self._count) % NUMBERS + 1


async def _turn(take: Take, message: Deliver) -> None:
    await take(message)


def _spawned(tasks: set[asyncio.Task[None]], work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)


def _frame(command: int, status: int, number: int, body: bytes = b"") -> bytes:
    return FRAME.pack(FRAME.size + len(body), command, status, number) + body
