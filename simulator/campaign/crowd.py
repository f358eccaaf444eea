"""The people of a campaign: each dials, reads, answers, drops calls, dials again; their M-PESA prompts get answers."""

import asyncio
import random
from collections import Counter

import aiohttp

from simulator.campaign import script, words
from simulator.campaign.carrier import Carrier, Session
from simulator.campaign.diary import Diary
from simulator.campaign.outside import WholeOutside
from simulator.campaign.plan import Person, Plan
from simulator.errors import Away
from simulator.outside import Prompt

DROPPED = 0.04
SAME_SCREEN_MAX = 3
PAUSE_SECONDS = (0.1, 1.2)
LOOK_SECONDS = 0.15


class Crowd:
    """`run` keeps everybody busy until `stopping` is set; calls under way are finished.

    `confirming` is set whenever somebody is about to confirm something, `confirmed` when a screen has said that it
    was received; whoever waits for one clears it first.
    """

    def __init__(self, plan: Plan, http: aiohttp.ClientSession, url: str, diary: Diary) -> None:
        self._plan = plan
        self._http = http
        self._url = url
        self._diary = diary
        self.stopping = asyncio.Event()
        self.confirming = asyncio.Event()
        self.confirmed = asyncio.Event()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for person in self._plan.people:
                group.create_task(self._live(person))

    async def _live(self, person: Person) -> None:
        chance = random.Random(person.chance)
        carrier = Carrier(self._http, self._url, self._diary, person.phone, chance, heard=self._heard)
        while not self.stopping.is_set():
            await self._call(carrier, script.errand(person, chance))
            await self._pause(chance.uniform(*PAUSE_SECONDS))

    async def _call(self, carrier: Carrier, caller: script.Caller) -> None:
        """One call, to its end or until the caller has had enough of it."""
        seen: Counter[str] = Counter()
        session = await carrier.dial()
        try:
            while session.is_open:
                name, answer = script.answer(caller, session.screen)
                seen[name] += 1
                if answer is None or seen[name] > SAME_SCREEN_MAX or caller.chance.random() < DROPPED:
                    return
                if name in script.CONFIRMING:
                    self.confirming.set()
                await session.press(answer)
            self._ended(session)
        except script.UnknownScreen:
            self._diary.puzzle(session.body)

    def _heard(self, body: str) -> None:
        if words.is_firm(body):
            self.confirmed.set()

    def _ended(self, session: Session) -> None:
        """Raises UnknownScreen for a last screen that nobody expects."""
        if session.body.startswith("END "):
            script.recognise_last(session.screen)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self.stopping.wait()
        except TimeoutError:
            return


class Owners:
    """Whoever holds the phones when a prompt comes: answers each once, as planned."""

    def __init__(self, plan: Plan, outside: WholeOutside) -> None:
        self._plan = plan
        self._outside = outside
        self._numbers: dict[str, int] = {}
        self._prompts: Counter[str] = Counter()

    async def run(self) -> None:
        """Answer prompts until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                for prompt in await self._open():
                    if prompt.id not in self._numbers:
                        self._numbers[prompt.id] = self._prompts[prompt.phone]
                        self._prompts[prompt.phone] += 1
                        group.create_task(self._answer(prompt))
                await asyncio.sleep(LOOK_SECONDS)

    async def _open(self) -> list[Prompt]:
        try:
            return [prompt for prompt in await self._outside.all_prompts() if prompt.is_open]
        except Away:
            return []

    async def _answer(self, prompt: Prompt) -> None:
        answer, seconds = self._plan.answer(prompt.phone, self._numbers[prompt.id])
        await asyncio.sleep(seconds)
        try:
            await self._outside.answer(prompt.id, answer)
        except Away:
            return  # it has expired meanwhile
