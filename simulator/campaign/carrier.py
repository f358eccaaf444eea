"""The way from a phone to the gateway as carriers are: hops come twice, answers get lost, tries are repeated.

One hop is delivered until somebody answers it, or until the carrier has had enough. Each try is a connection of
its own and a line in the diary.
"""

import asyncio
import random
import time
from collections.abc import Callable, Mapping

import aiohttp
from yarl import URL

from simulator.campaign.diary import Diary
from simulator.campaign.facts import Heard
from simulator.line import NETWORK_CODE, SERVICE_CODE, callback_url

CARRIER_SECONDS = 9.0
TWICE, LOST, AGAIN = 0.10, 0.08, 0.10
TWICE_SECONDS = 0.05
RETRIES_MAX = 25


class Carrier:
    """Delivers hops of one phone. `heard` is told of every answer as soon as it is there."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        url: str,
        diary: Diary,
        phone: str,
        chance: random.Random,
        *,
        heard: Callable[[str], None] = lambda _body: None,
    ) -> None:
        self._http = http
        self._url: URL = callback_url(url)
        self._diary = diary
        self._heard = heard
        self._phone = phone
        self._chance = chance
        self._timeout = aiohttp.ClientTimeout(total=CARRIER_SECONDS)

    async def dial(self) -> "Session":
        """A new session; what it shows first is in its `body`."""
        session = Session(self, f"ATUid_{self._chance.getrandbits(128):032x}")
        await session.deliver()
        return session

    async def hop(self, session: str, hop: int, text: str) -> str:
        """Deliver one hop; the reply, empty when nobody ever answered."""
        form = {
            "sessionId": session,
            "phoneNumber": self._phone,
            "networkCode": NETWORK_CODE,
            "serviceCode": SERVICE_CODE,
            "text": text,
        }
        whim = self._chance.random()
        if whim < TWICE:
            body = await self._twice(form, hop)
        elif whim < TWICE + LOST:
            await self._try(form, hop, give_up_seconds=self._chance.uniform(0.001, 0.08))
            await asyncio.sleep(self._chance.uniform(0.05, 0.4))
            body = await self._try(form, hop)
        else:
            body = await self._try(form, hop)
        for _ in range(RETRIES_MAX):
            if body:
                break
            await asyncio.sleep(self._chance.uniform(0.1, 0.4))
            body = await self._try(form, hop)
        if body and self._chance.random() < AGAIN:
            await asyncio.sleep(self._chance.uniform(0.0, 0.5))
            await self._try(form, hop)
        return body

    async def _twice(self, form: Mapping[str, str], hop: int) -> str:
        """The same hop again while the first may still be on its way."""
        first = asyncio.create_task(self._try(form, hop))
        await asyncio.sleep(TWICE_SECONDS)
        second = await self._try(form, hop)
        return await first or second

    async def _try(self, form: Mapping[str, str], hop: int, *, give_up_seconds: float | None = None) -> str:
        sent_at = time.time()
        status, body, error, given_up = 0, "", "", False
        try:
            async with (
                asyncio.timeout(give_up_seconds),
                self._http.post(self._url, data=form, timeout=self._timeout, allow_redirects=False) as response,
            ):
                body = await response.text(encoding="utf-8", errors="replace")
                status = response.status
        except (TimeoutError, aiohttp.ClientError) as failure:
            error = type(failure).__name__
            given_up = give_up_seconds is not None and isinstance(failure, TimeoutError)
        heard = Heard(
            self._phone, form["sessionId"], hop, sent_at, time.time(), status, body if status else "", error, given_up
        )
        self._diary.write(heard)
        self._heard(heard.body)
        return heard.body


class Session:
    """One USSD session on its way through a carrier: the answers so far, and the last reply."""

    def __init__(self, carrier: Carrier, reference: str) -> None:
        self._carrier = carrier
        self._reference = reference
        self._answers: list[str] = []
        self.body = ""

    @property
    def is_open(self) -> bool:
        return self.body.startswith("CON ")

    @property
    def screen(self) -> str:
        return self.body[4:]

    async def deliver(self) -> None:
        self.body = await self._carrier.hop(self._reference, len(self._answers), "*".join(self._answers))

    async def press(self, answer: str) -> None:
        self._answers.append(answer)
        await self.deliver()
