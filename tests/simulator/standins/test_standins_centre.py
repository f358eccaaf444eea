"""The message centre of the stand-ins, as a phone and a bound service see it."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
import smpp34
from aiohttp.test_utils import unused_port

from simulator.errors import Away, NoService
from simulator.line import Line, dialled_at
from simulator.outside import Outside
from simulator.standins import gsm
from simulator.standins.app import start
from simulator.standins.settings import Settings
from simulator.standins.smsc import ANSWERS, ASKS, BEGINS, CLOSES, ITS_SESSION_INFO, USSD_SERVICE_OP, Smsc
from tests.servers import wait_until

AMINA = "+254711000001"


class Service:
    """A bound account that shows what was typed as its screen, and closes on 9."""

    def __init__(self) -> None:
        self.heard: list[tuple[int, str]] = []
        self.smsc: smpp34.Smsc | None = None

    async def listen(self, port: int) -> None:
        client = smpp34.Client("127.0.0.1", port, "nyota", "secret", bind_type="TRX")
        self.smsc = await client.connect()
        try:
            while isinstance(event := await self.smsc.next(), smpp34.DeliverSmEvent):
                await self._take(event)
        finally:
            await client.stop()

    async def _take(self, event: smpp34.DeliverSmEvent) -> None:
        tlvs = {tlv.tag: bytes(tlv.value) for tlv in event.tlvs}
        text = gsm.decoded(bytes(event.short_message), event.data_coding)
        operation = tlvs.get(USSD_SERVICE_OP, b"\0")[0]
        self.heard.append((operation, text))
        if not operation or tlvs[ITS_SESSION_INFO][1] & 1:
            return
        assert self.smsc is not None
        shows = CLOSES if text == "9" else ASKS
        info = smpp34.Tlv(ITS_SESSION_INFO, tlvs[ITS_SESSION_INFO])
        screen, coding = gsm.encoded(f"said {text}")
        await self.smsc.submit_sm(
            event.source_addr, screen, source_addr="383", data_coding=coding,
            tlvs=[smpp34.Tlv(USSD_SERVICE_OP, bytes((shows,))), info],
        )  # fmt: skip


@asynccontextmanager
async def world(folder: Path, port: int | None) -> AsyncIterator[tuple[Line, Outside]]:
    """A phone that dials and writes over the centre."""
    standins = await start(Settings(data=folder, smsc_port=port))
    async with aiohttp.ClientSession() as http:
        line = Line(http, dialled_at("http://127.0.0.1:9", standins.url, "smpp"), AMINA)
        yield line, Outside(http, standins.url, over="smpp")
    await standins.stop()


@asynccontextmanager
async def bound(folder: Path) -> AsyncIterator[tuple[Service, Line, Outside]]:
    port, service = unused_port(), Service()
    async with world(folder, port) as (line, outside):
        listening = asyncio.create_task(service.listen(port))
        await wait_until(lambda: service.smsc is not None)
        yield service, line, outside
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


class TestAPhone:
    async def test_what_it_dials_and_answers_goes_one_by_one(self, tmp_path: Path) -> None:
        """Though the phone gathers its answers; and the last hop may come again."""
        async with bound(tmp_path) as (service, line, _):
            screens = [await line.dial("*383*2*1#"), await line.send("Njoki ñ"), await line.repeat()]
            last = await line.send("9")

        assert [screen.text for screen in screens] == ["said *383*2*1#", "said Njoki ñ", "said Njoki ñ"]
        assert (last.text, last.open) == ("said 9", False)
        assert service.heard == [
            (BEGINS, "*383*2*1#"), (ANSWERS, "Njoki ñ"), (ANSWERS, "Njoki ñ"), (ANSWERS, "9"),
        ]  # fmt: skip

    async def test_who_hangs_up_is_told_to_the_service(self, tmp_path: Path) -> None:
        """As the end of the session."""
        async with bound(tmp_path) as (service, line, _):
            await line.dial("*383#")
            await line.ended("Incomplete", hops=1, seconds=1)
            await wait_until(lambda: len(service.heard) == 2)

        assert service.heard[1] == (ANSWERS, "")

    async def test_it_writes_and_what_it_gets_is_in_its_thread(self, tmp_path: Path) -> None:
        """Letters of any alphabet; from whoever sent it."""
        async with bound(tmp_path) as (service, _, outside):
            await outside.write_sms(AMINA, "SALIO {ñ} 😀")
            await wait_until(lambda: service.heard)
            assert service.smsc is not None
            for text in ("Habari {Amina}", "Asante 😀"):
                octets, coding = gsm.encoded(text)
                await service.smsc.submit_sm("254711000001", octets, source_addr="NYOTA", data_coding=coding)
            messages = await outside.messages(AMINA)

        assert service.heard == [(0, "SALIO {ñ} 😀")]
        assert [(each.sender, each.text) for each in messages] == [("NYOTA", "Habari {Amina}"), ("NYOTA", "Asante 😀")]

    @pytest.mark.parametrize("has_centre", [False, True])
    async def test_without_a_service_there_is_none(self, tmp_path: Path, has_centre: bool) -> None:
        """Nor without a centre: the phone says so."""
        async with world(tmp_path, unused_port() if has_centre else None) as (line, outside):
            with pytest.raises(NoService, match="503"):
                await line.dial("*383#")
            with pytest.raises(Away, match="503"):
                await outside.write_sms(AMINA, "BAL")


class TestThePort:
    async def test_one_that_is_taken_is_an_error_at_the_start(self, tmp_path: Path) -> None:
        """As for the port of the stand-ins themselves."""
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            with pytest.raises(OSError, match="in use"):
                await Smsc(port).start()


class TestNetworks:
    def test_a_network_that_does_not_exist_is_refused(self) -> None:
        """With those that do."""
        with pytest.raises(ValueError, match="http or smpp"):
            dialled_at("http://127.0.0.1:1", "http://127.0.0.1:2", "pigeon")
