"""Our end of a link against a message centre of another hand: node-smpp, over a real socket."""

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from gateway.config import SmppLink
from gateway.inbound import Inbound, Reply
from gateway.providers.contract import OutgoingSms
from gateway.smpp.carrier import SmppCarrier
from gateway.smpp.link import Link
from gateway.smpp.receipts import delivery_of
from gateway.smpp.texts import heard
from gateway.smpp.ussd import hop_of, screen_of
from gateway.smpp.wire import OK, Deliver
from menus.gsm import BASIC, EXTENSION
from tests.servers import wait_until

HERE = Path(__file__).parent / "peer"
LONG = "Nyota: hela yako imefika. " * 12


class Peer:
    """The centre as a process: what it was sent, and our link to it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.said: list[dict[str, Any]] = []
        self.heard: list[Deliver] = []
        self.link = Link("mno", self.account(0))

    @staticmethod
    def account(port: int) -> SmppLink:
        return SmppLink(host="127.0.0.1", port=port, system_id="nyota", password=SecretStr("secret"), sender="NYOTA")

    @property
    def submits(self) -> list[dict[str, Any]]:
        return [event for event in self.said if event["event"] == "submit"]

    async def listen(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self.said.append(json.loads(line))

    async def follow(self) -> None:
        await self.link.run(self._take)

    async def _take(self, message: Deliver) -> int:
        self.heard.append(message)
        return OK

    def send(self, **fields: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{json.dumps(fields)}\n".encode())


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    node = shutil.which("node")
    if node is None or not (HERE / "node_modules").exists():
        assert not os.environ.get("CI"), "the centre of another hand is missing: make test installs it"
        pytest.skip("needs node and npm; make test installs the rest")
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(node, str(HERE / "centre.js"), stdin=pipe, stdout=pipe)
    peer = Peer(process)
    tasks = [asyncio.create_task(peer.listen())]
    await wait_until(lambda: peer.said)
    peer.link = Link("mno", Peer.account(peer.said[0]["port"]))
    tasks.append(asyncio.create_task(peer.follow()))
    await wait_until(lambda: peer.link.is_bound)
    yield peer
    for task in reversed(tasks):
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert process.stdin is not None
    process.stdin.close()
    await process.wait()


class TestTexts:
    @pytest.mark.parametrize("text", ["Habari Amina", BASIC.replace("\r", ""), f"{EXTENSION[1:]} KES 5", "Asante 😀"])
    async def test_a_text_is_read_as_it_was_written(self, peer: Peer, text: str) -> None:
        """Every letter of the alphabet, those that need an escape, and those beyond it."""
        sent = await SmppCarrier(peer.link, Peer.account(0)).send_sms(OutgoingSms("+254711000001", text))

        await wait_until(lambda: peer.submits)
        came = peer.submits[0]
        assert (came["text"], came["to"], came["from"], came["sender_ton"]) == (text, "254711000001", "NYOTA", 5)
        assert came["id"] == sent.provider_id

    async def test_a_long_text_comes_in_parts_that_know_their_place(self, peer: Peer) -> None:
        """As the other side reads their headers."""
        await SmppCarrier(peer.link, Peer.account(0)).send_sms(OutgoingSms("+254711000001", LONG))

        await wait_until(lambda: len(peer.submits) == 3)
        assert "".join(came["text"] for came in peer.submits) == LONG
        assert [came["header"][-4:] for came in peer.submits] == ["0301", "0302", "0303"]

    async def test_its_report_is_understood(self, peer: Peer) -> None:
        """It names the text that was sent."""
        sent = await SmppCarrier(peer.link, Peer.account(0)).send_sms(OutgoingSms("+254711000001", "Habari"))

        await wait_until(lambda: peer.heard)
        report = delivery_of(peer.heard[0])
        assert (report.provider_id, report.state) == (sent.provider_id, "delivered")

    @pytest.mark.parametrize(("text", "coding"), [("SALIO {5}", 0), ("Salió 😀", 8)])
    async def test_what_somebody_writes_is_read(self, peer: Peer, text: str, coding: int) -> None:
        """And acknowledged."""
        peer.send(source_addr="254711000001", destination_addr="383", short_message=text, data_coding=coding)

        await wait_until(lambda: peer.heard and peer.said[-1]["event"] == "acknowledged")
        assert heard(peer.heard[0]).text == text
        assert peer.said[-1]["status"] == 0


class TestSessions:
    async def test_a_session_goes_there_and_back(self, peer: Peer) -> None:
        """Its operation and its numbers arrive as they were meant, both ways."""
        peer.send(
            source_addr="254711000001", destination_addr="383", short_message="*383#", ussd_service_op=1, session="0900"
        )
        await wait_until(lambda: peer.heard)
        hop = hop_of("mno", peer.heard[0], ("*383#",))
        assert isinstance(hop, Inbound)
        assert (hop.session_ref, hop.is_opening, hop.text) == ("254711000001-9", True, "")

        await peer.link.submit(screen_of(peer.heard[0], Reply("Nyota: Amina", is_final=True)))

        await wait_until(lambda: peer.submits)
        came = peer.submits[0]
        assert (came["text"], came["operation"], came["session"]) == ("Nyota: Amina", 17, "0901")
