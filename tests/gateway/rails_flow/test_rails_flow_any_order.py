"""Prompts whose callbacks and confirmations are early, late, doubled, missing, told wrongly, in any order: what a seed
draws. In the end each payment is booked once, for the prompt that it paid, and nobody was needed."""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import pytest

from gateway.books import accounts as chart
from gateway.rails.callbacks import Callback
from gateway.rails.contract import Collect, Received
from tests.gateway.rails_flow.office import Office
from tests.gateway.rails_flow.pretend_rail import SHORTCODE, Asked, Moved

Happens = Literal["prompt", "told", "worked", "time", "list", "query", "leave"]
WEIGHTS: dict[Happens, float] = {
    "prompt": 3, "told": 6, "worked": 2, "time": 4, "list": 1, "query": 1, "leave": 0.4
}  # fmt: skip
SEEDS = (0, 11, 23, 35, 45, 52)
"""All but the first draw what is booked twice, or not at all, by whoever takes two tellings of one payment for two."""
STEPS = (4, 22)
WAITS_MS = (1_000, 20_000, 120_000, 600_000, 3_600_000)
TOLD_WRONGLY: tuple[Callable[[Received], Received], ...] = (
    lambda news: news,
    lambda news: replace(news, amount_cents=news.amount_cents + 100),
    lambda news: replace(news, account="KODI"),
    lambda news: replace(news, account=""),
    lambda news: replace(news, account="", payer="2547 ***** 001"),
    lambda news: replace(news, account="", payer=""),
)
"""How a confirmation may come out."""


class Chance:
    """What happens to one office. The rail's callbacks wait in `coming` until they are told, in any order."""

    def __init__(self, office: Office, seed: int) -> None:
        self._office = office
        self._draw = random.Random(seed)
        self._loan = ""
        self._asked = self._moved = 0
        self.prompts: list[str] = []
        self.coming: list[Callback] = []

    async def run(self) -> None:
        self._loan = await self._office.lent()
        self._asked, self._moved = len(self._office.rail.asked), len(self._office.rail.book)
        self._office.rail.tells = 0
        for _ in range(self._draw.randrange(*STEPS)):
            await self._happens(self._draw.choices(tuple(WEIGHTS), tuple(WEIGHTS.values()))[0])
        await self._mended()

    async def _happens(self, what: Happens) -> None:
        rail = self._office.rail
        match what:
            case "prompt":
                await self._prompted()
            case "told" if self.coming:
                await self._office.receive(self.coming.pop(self._draw.randrange(len(self.coming))))
            case "time":
                self._office.clock.turn(self._draw.choice(WAITS_MS))
            case "list":
                rail.lists = not rail.lists
            case "query":
                rail.knows = not rail.knows
            case "leave":
                rail.may_list = not rail.may_list
        if what != "told":
            await self._office.drained()
        self._noticed()

    async def _prompted(self) -> None:
        rail = self._office.rail
        rail.code = self._draw.choice(("", "", "", "1037", "1032"))
        rail.words = "timeout" if rail.code == "1037" else "cancelled"
        rail.answer = self._draw.choice(("ok", "ok", "lost", "away"))
        self.prompts.append(await self._office.prompt(self._loan, self._draw.choice((500_00, 500_00, 300_00))))
        self._office.clock.turn(3_000)
        await self._office.drained()
        rail.answer = "ok"

    def _noticed(self) -> None:
        """Of what the rail has done since, it may tell or not."""
        rail = self._office.rail
        for asked in rail.asked[self._asked :]:
            self.coming += self._callbacks(asked)
        for moved in rail.book[self._moved :]:
            self.coming += self._confirmations(moved)
        self._asked, self._moved = len(rail.asked), len(rail.book)

    def _callbacks(self, asked: Asked) -> list[Callback]:
        assert isinstance(asked.request, Collect)
        token, told = asked.request.callback_url.rpartition("/")[2], asked.result
        if told.amount_cents is not None and self._draw.random() < 0.2:
            told = replace(told, amount_cents=told.amount_cents + 100)
        times = self._draw.choice((0, 1, 1, 2))
        return [self._office.rail.callback("stk", token, told) for _ in range(times)]

    def _confirmations(self, moved: Moved) -> list[Callback]:
        news = Received(moved.receipt, SHORTCODE, moved.cents, moved.account, moved.msisdn, moved.at)
        told = [self._draw.choice(TOLD_WRONGLY)(news) for _ in range(self._draw.choice((0, 1, 1, 2)))]
        return [self._office.rail.callback("confirmation", "", each) for each in told]

    async def _mended(self) -> None:
        """The rail answers again, tells all that it had to tell, and its list of the day is read."""
        rail = self._office.rail
        rail.lists = rail.knows = rail.may_list = True
        while self.coming:
            await self._happens("told")
            await self._happens(self._draw.choice(("worked", "time")))
        await self._office.settled()
        for news in await rail.received_between(0, self._office.clock()):
            async with self._office.store.begin() as connection:
                await self._office.shop.callbacks.found(connection, news, "pull")
        await self._office.settled()


class TestInAnyOrder:
    @pytest.mark.parametrize("seed", SEEDS)
    async def test_each_payment_is_booked_once_and_nobody_is_needed(self, office: Office, seed: int) -> None:
        """The prompts that were paid are done, the others are over, and nothing waits for people."""
        chance = Chance(office, seed)

        await chance.run()

        paid = {moved.account: (moved.receipt, moved.cents) for moved in office.rail.book if moved.kind == "stk"}
        states = {named: (await office.operation(named)).state for named in chance.prompts}
        assert states == {named: "done" if named in paid else "rejected" for named in chance.prompts}
        assert {row.state for row in await office.operations("payment.received")} <= {"done"}
        booked = [(row.receipt, row.amount_cents) for row in await office.payments()]
        assert sorted(booked) == sorted(paid.values())
        assert await office.balance(chart.SUSPENSE) == 0
        assert {"unclear payment", "booked twice"}.isdisjoint(await office.open_cases())
        await office.prove()
