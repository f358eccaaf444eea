"""The people of a campaign dial until told to stop, and leave a note where they were puzzled."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from simulator.campaign.crowd import Crowd, Owners
from simulator.campaign.diary import Diary
from simulator.campaign.outside import WholeOutside
from simulator.campaign.plan import drawn

PLAN = drawn(1, 3, 10.0)


class Gateway:
    """Says the same to everybody, and tells when it was asked."""

    def __init__(self, screen: str) -> None:
        self.screen = screen
        self.asked = asyncio.Event()

    async def handle(self, _request: web.Request) -> web.Response:
        self.asked.set()
        return web.Response(text=self.screen)


@asynccontextmanager
async def dialling(screen: str, path: Path) -> AsyncIterator[tuple[Crowd, Gateway, Diary]]:
    gateway, app = Gateway(screen), web.Application()
    app.router.add_post("/api/ussd/handler", gateway.handle)
    async with TestServer(app) as server, aiohttp.ClientSession() as http:
        with Diary(path) as diary:
            yield Crowd(PLAN, http, f"http://{server.host}:{server.port}", diary), gateway, diary


class TestCrowd:
    async def test_it_dials_until_told_to_stop(self, tmp_path: Path) -> None:
        """Everybody finishes the call they are in, and nobody dials again."""
        async with dialling("END We cannot lend to you now.", tmp_path / "diary") as (crowd, gateway, diary):
            running = asyncio.create_task(crowd.run())
            await gateway.asked.wait()
            crowd.stopping.set()
            await running

        assert diary.heard
        assert diary.unknown_screens == []

    async def test_a_puzzled_person_leaves_a_note(self, tmp_path: Path) -> None:
        """A screen nobody expects is written down, and the call is over."""
        async with dialling("CON Segmentation fault", tmp_path / "diary") as (crowd, gateway, diary):
            running = asyncio.create_task(crowd.run())
            await gateway.asked.wait()
            crowd.stopping.set()
            await running

        assert set(diary.unknown_screens) == {"CON Segmentation fault"}

    async def test_a_confirmation_is_announced_before_it_is_sent(self, tmp_path: Path) -> None:
        """So that a kill can be aimed at it."""
        screen = "CON Borrow Ksh 500, repay Ksh 540 by 4 Sep.\nEnter Nyota PIN to accept\n0 Back 00 Home"
        async with dialling(screen, tmp_path / "diary") as (crowd, _, _diary):
            running = asyncio.create_task(crowd.run())
            await crowd.confirming.wait()
            crowd.stopping.set()
            await running

        assert crowd.confirming.is_set()

    async def test_a_promise_is_announced_when_it_is_heard(self, tmp_path: Path) -> None:
        """So that a kill can come before the gateway has had time for anything it has not done yet."""
        screen = "END Request LN7K2 received. Ksh 1,980 will go to your M-PESA."
        async with dialling(screen, tmp_path / "diary") as (crowd, _, diary):
            running = asyncio.create_task(crowd.run())
            await crowd.confirmed.wait()
            crowd.stopping.set()
            await running

        assert any("LN7K2" in heard.body for heard in diary.heard)


class Prompts:
    """One prompt on one phone that stays open although it was answered; `looked_again` when that was seen."""

    def __init__(self) -> None:
        self.answers: list[str] = []
        self.looks_since = 0
        self.looked_again = asyncio.Event()

    async def show(self, _request: web.Request) -> web.Response:
        self.looks_since += bool(self.answers)
        if self.looks_since == 3:
            self.looked_again.set()
        prompt = {
            "id": "p1", "phone": PLAN.people[0].phone, "amount": "500.00", "accountReference": "PY4T8",
            "state": "open", "at": "2026-08-05T10:42:00+03:00",
        }  # fmt: skip
        return web.json_response({"prompts": [prompt]})

    async def answer(self, request: web.Request) -> web.Response:
        self.answers.append((await request.json())["answer"])
        return web.json_response({})


class TestOwners:
    async def test_a_prompt_is_answered_once_and_as_planned(self) -> None:
        """However often it is seen open."""
        prompts, app = Prompts(), web.Application()
        app.router.add_get("/control/stk", prompts.show)
        app.router.add_post("/control/stk/p1/answer", prompts.answer)
        async with TestServer(app) as server, aiohttp.ClientSession() as http:
            owners = Owners(PLAN, WholeOutside(http, f"http://{server.host}:{server.port}"))
            running = asyncio.create_task(owners.run())
            await prompts.looked_again.wait()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

        assert prompts.answers == [PLAN.answer(PLAN.people[0].phone, 0)[0]]
