"""A payment whose confirmation does not fit the prompt that it names: the rail's own list says what it really is."""

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.clock import Clock
from gateway.errors import Rejected, Unavailable, Uncertain
from gateway.operations.outcome import Done, Outcome, Retry
from gateway.operations.playbook import Work
from gateway.rails.callbacks import RailCallbacks
from gateway.rails.contract import Rail
from gateway.rails.matching import SLACK_MS
from gateway.store.engine import Store

DOOR = "pull"


class ListedStep:
    """The first step of what was told in doubt; what was not begins after it."""

    name = "list"

    def __init__(self, rail: Rail, store: Store, callbacks: RailCallbacks, clock: Clock, *, give_up_ms: int) -> None:
        """`give_up_ms`: for so long after it came a rail that is away is asked again."""
        self._rail = rail
        self._store = store
        self._callbacks = callbacks
        self._clock = clock
        self._give_up_ms = give_up_ms

    async def attempt(self, work: Work) -> Outcome:
        """What the list has under its receipt is taken as its confirmation would be; its sum counts from now on."""
        at, receipt = work.intent["at"], work.intent["receipt"]
        try:
            listed = await self._rail.received_between(at - SLACK_MS, at + SLACK_MS)
        except Rejected as error:
            return Done(reason=f"the list may not be read: {error}")
        except (Unavailable, Uncertain) as error:
            if self._clock() - work.created_at >= self._give_up_ms:
                return Done(reason=f"the list could not be read: {error}")
            return Retry(f"the rail's list: {error}", is_outage=True)
        news = next((each for each in listed if each.receipt == receipt), None)
        if news is None:
            return Done(reason="it is not on the list")
        async with self._store.begin() as connection:
            await self._callbacks.found(connection, news, DOOR)
        return Done({"listed_cents": news.amount_cents})

    async def reconsider(self, connection: AsyncConnection, work: Work, outcome: Outcome, now: int) -> Outcome:
        return outcome
