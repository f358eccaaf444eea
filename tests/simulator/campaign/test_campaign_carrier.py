"""A carrier delivers hops until they are answered, and every try is in the diary."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from simulator.campaign.carrier import Carrier
from simulator.campaign.diary import Diary
from simulator.campaign.facts import Heard

PHONE = "+254712000000"


class Gateway:
    """Answers every hop, but hangs up on the first `cuts` of them."""

    def __init__(self, cuts: int = 0) -> None:
        self.forms: list[dict[str, str]] = []
        self._cuts = cuts

    async def handle(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.forms.append(form)
        if len(self.forms) <= self._cuts and request.transport is not None:
            request.transport.abort()
        return web.Response(text=f"CON {form['text'] or 'menu'}")


@asynccontextmanager
async def calling(gateway: Gateway, path: Path, seed: int) -> AsyncIterator[tuple[Carrier, Diary]]:
    app = web.Application()
    app.router.add_post("/api/ussd/handler", gateway.handle)
    async with TestServer(app) as server, aiohttp.ClientSession() as http:
        with Diary(path) as diary:
            yield Carrier(http, f"http://{server.host}:{server.port}", diary, PHONE, random.Random(seed)), diary


class TestSession:
    @pytest.mark.parametrize("seed", range(12))
    async def test_a_session_sends_all_that_was_typed(self, tmp_path: Path, seed: int) -> None:
        """The text grows by one answer a hop, whatever the carrier does to each hop."""
        gateway = Gateway()
        async with calling(gateway, tmp_path / "diary", seed) as (carrier, _):
            session = await carrier.dial()
            await session.press("2")
            await session.press("2000")

        assert session.screen == "2*2000"
        assert list(dict.fromkeys(form["text"] for form in gateway.forms)) == ["", "2", "2*2000"]
        assert len({form["sessionId"] for form in gateway.forms}) == 1

    async def test_a_hop_that_was_cut_is_delivered_again(self, tmp_path: Path) -> None:
        """The carrier tries until it has an answer."""
        gateway = Gateway(cuts=3)
        async with calling(gateway, tmp_path / "diary", 1) as (carrier, diary):
            session = await carrier.dial()

        assert session.screen == "menu"
        assert any(not heard.is_answered and not heard.given_up for heard in diary.heard)


class TestDiary:
    async def test_every_try_is_on_disk_without_what_was_typed(self, tmp_path: Path) -> None:
        """The file has what memory has; a PIN that was typed is in neither."""
        async with calling(Gateway(), tmp_path / "diary", 3) as (carrier, diary):
            session = await carrier.dial()
            await session.press("1")

        lines = (tmp_path / "diary").read_bytes().splitlines()
        assert tuple(msgspec.json.decode(line, type=Heard) for line in lines) == diary.heard
        assert all(heard.phone == PHONE and heard.status in {0, 200} for heard in diary.heard)
        assert set(msgspec.json.decode(lines[0])) == set(Heard.__slots__)
