"""A session, frame by frame, against a centre that says exactly what a test wants."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import smpp34

from gateway.config import SmppLink
from gateway.errors import Uncertain
from gateway.smpp import link as binding
from gateway.smpp import session as module
from gateway.smpp.link import Link
from gateway.smpp.session import DELIVER, ENQUIRE, UNBIND
from gateway.smpp.wire import OK, QUEUE_FULL, REFUSED, USSD_SERVICE_OP, Deliver, Submit
from tests.servers import listening, wait_until

Frame = tuple[int, int, int]
"""Command, status, number."""
ANSWER = 0x8000_0000
TEXT = Submit("254711000001", "NYOTA", b"Habari")


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lost session is bound again at once."""
    monkeypatch.setattr(binding, "FIRST_WAIT_SECONDS", 0.001)


class Centre:
    """Lets everybody in who says hello; otherwise it only notes what comes, and sends what it is told."""

    def __init__(self, greeting: int = OK) -> None:
        self.came: list[Frame] = []
        self.binds = 0
        self._greeting = greeting
        self._writers: list[asyncio.StreamWriter] = []

    async def attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        try:
            while True:
                length, *frame = struct.unpack(">IIII", await reader.readexactly(16))
                await reader.readexactly(length - 16)
                command, status, number = frame
                if command == 0x09:
                    self.binds += 1
                    self.send(command | ANSWER, self._greeting, number, b"CENTRE\0")
                else:
                    self.came.append((command, status, number))
        except (asyncio.IncompleteReadError, ConnectionError):
            return

    def send(self, command: int, status: int, number: int, body: bytes = b"") -> None:
        self.raw(struct.pack(">IIII", 16 + len(body), command, status, number) + body)

    def raw(self, octets: bytes) -> None:
        self._writers[-1].write(octets)

    def deliver(self, number: int, text: bytes = b"BAL", *, is_ussd: bool = False) -> None:
        tlvs = [smpp34.Tlv(USSD_SERVICE_OP, b"\1")] if is_ussd else []
        self.raw(smpp34.DeliverSm("254711000001", "383", text, tlvs=tlvs, sequence_number=number).encode())

    def hang_up(self) -> None:
        self._writers[-1].close()


class Desk:
    """Takes messages; those of one word are kept for as long as `is_open` is not set."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.kept: list[bytes] = []
        self.is_open = asyncio.Event()

    async def take(self, message: Deliver) -> int:
        self.taken.append(message.payload)
        await self.is_open.wait()
        self.kept.append(message.payload)
        return OK


@asynccontextmanager
async def bound(centre: Centre, desk: Desk) -> AsyncIterator[Link]:
    async with listening(centre.attend) as port:
        settings = SmppLink(host="127.0.0.1", port=port, system_id="nyota", ussd=True, timeout_seconds=0.2, window=1)
        link = Link("mno", settings)
        task = asyncio.create_task(link.run(desk.take))
        try:
            await wait_until(lambda: centre.binds)
            yield link
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


class TestAcknowledging:
    async def test_a_message_is_acknowledged_once_it_is_kept(self) -> None:
        """Who is killed before gets it again."""
        centre, desk = Centre(), Desk()
        async with bound(centre, desk):
            centre.deliver(7)
            centre.send(ENQUIRE, OK, 8)
            await wait_until(lambda: desk.taken and centre.came)
            before = list(centre.came)
            desk.is_open.set()
            await wait_until(lambda: len(centre.came) == 2)

        assert before == [(ENQUIRE | ANSWER, OK, 8)]
        assert centre.came[1] == (DELIVER | ANSWER, OK, 7)

    async def test_full_hands_send_messages_back_and_sessions_go_on(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The centre keeps what we cannot take; whoever has dialled waits for nobody's text."""
        monkeypatch.setattr(module, "AT_ONCE", 1)
        centre, desk = Centre(), Desk()
        async with bound(centre, desk):
            for number in (1, 2):
                centre.deliver(number, b"%d" % number)
            centre.deliver(3, b"*383#", is_ussd=True)
            await wait_until(lambda: len(centre.came) == 2 and len(desk.taken) == 2)
            desk.is_open.set()
            await wait_until(lambda: len(centre.came) == 3)

        assert centre.came[:2] == [(DELIVER | ANSWER, QUEUE_FULL, 2), (DELIVER | ANSWER, OK, 3)]
        assert desk.taken == [b"1", b"*383#"]

    async def test_what_is_in_hand_when_the_session_is_lost_is_kept(self) -> None:
        """Its acknowledgement is lost, so it comes again; keeping it twice is keeping it once."""
        centre, desk = Centre(), Desk()
        async with bound(centre, desk):
            centre.deliver(1)
            await wait_until(lambda: desk.taken)
            centre.hang_up()
            desk.is_open.set()
            await wait_until(lambda: centre.binds >= 2)

        assert desk.kept == [b"BAL"]

    async def test_whoever_is_told_to_go_finishes_what_is_in_hand(self) -> None:
        """Acknowledged, and then the goodbye; what comes meanwhile is for the next."""
        centre, desk = Centre(), Desk()
        async with bound(centre, desk):
            centre.deliver(1)
            await wait_until(lambda: desk.taken)
            asyncio.get_running_loop().call_soon(desk.is_open.set)

        assert [command for command, _, _ in centre.came] == [DELIVER | ANSWER, UNBIND]

    async def test_octets_that_are_no_message_are_refused(self) -> None:
        """For good, and the session goes on."""
        centre, desk = Centre(), Desk()
        async with bound(centre, desk):
            centre.send(DELIVER, OK, 1, b"\xff" * 5)
            centre.send(0x77, OK, 2)
            centre.send(ENQUIRE, OK, 3)
            await wait_until(lambda: len(centre.came) == 3)

        assert centre.came[:3] == [(DELIVER | ANSWER, REFUSED, 1), (ANSWER, 0x03, 2), (ENQUIRE | ANSWER, OK, 3)]
        assert desk.taken == []


class TestBeingLost:
    @pytest.mark.parametrize("octets", [b"GET / HTTP/1.1\r\n\r\n", bytes(16), struct.pack(">IIII", 16, UNBIND, OK, 1)])
    async def test_it_is_bound_again(self, octets: bytes) -> None:
        """After nonsense, and after an unbind."""
        centre = Centre()
        async with bound(centre, Desk()) as link:
            await wait_until(lambda: link.is_bound)
            centre.raw(octets)
            await wait_until(lambda: centre.binds >= 2)

    async def test_a_silent_centre_is_asked_and_given_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It does not say whether it lives."""
        monkeypatch.setattr(module, "QUIET_SECONDS", 0.02)
        centre = Centre()
        async with bound(centre, Desk()):
            await wait_until(lambda: centre.binds >= 2)

        assert centre.came[0][0] == ENQUIRE

    async def test_whoever_waits_for_an_answer_is_in_doubt(self) -> None:
        """It may have reached the phone; they learn it at once."""
        centre = Centre()
        async with bound(centre, Desk()) as link:
            await wait_until(lambda: link.is_bound)
            sending = asyncio.create_task(link.submit(TEXT))
            await wait_until(lambda: centre.came)
            centre.hang_up()
            with pytest.raises(Uncertain):
                await sending

    async def test_a_mistake_of_ours_ends_the_session_and_not_the_link(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is bound again, and goes on."""
        centre, desk = Centre(), Desk()
        async with bound(centre, desk) as link:
            with monkeypatch.context() as broken:
                broken.setattr(module.Session, "_frame", None)
                centre.send(ENQUIRE, OK, 1)
                await wait_until(lambda: centre.binds >= 2)
            await wait_until(lambda: link.is_bound)
            desk.is_open.set()
            centre.deliver(2)
            await wait_until(lambda: desk.kept)

        assert desk.kept == [b"BAL"]

    async def test_a_refusal_is_not_a_session(self) -> None:
        """The wrong password, say; it is tried again later."""
        centre = Centre(greeting=0x0E)
        async with bound(centre, Desk()) as link:
            await wait_until(lambda: centre.binds >= 2)
            assert not link.is_bound
