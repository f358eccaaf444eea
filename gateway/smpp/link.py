"""A link to a message centre: one bound session after the other, as long as it is wanted."""

import asyncio
import random

import structlog

from gateway.config import SmppLink
from gateway.errors import Unavailable
from gateway.smpp.codec import Codec
from gateway.smpp.session import Lost, Session, Take
from gateway.smpp.wire import Submit, Submitted

FIRST_WAIT_SECONDS, WAIT_SECONDS_MAX = 0.25, 30.0

log = structlog.get_logger("smpp")


class Link:
    """One account at a centre. `submit` works while `run` runs. Raises Misconfigured without the extra."""

    def __init__(self, name: str, settings: SmppLink) -> None:
        self.name = name
        self._settings = settings
        self._codec = Codec(name)
        self._session: Session | None = None

    @property
    def is_bound(self) -> bool:
        return self._session is not None

    async def run(self, take: Take) -> None:
        """For ever: a lost session is bound again, later and later while none lasts. What comes in is acknowledged
        with what `take` answers."""
        clock, wait = asyncio.get_running_loop().time, FIRST_WAIT_SECONDS
        while True:
            since = clock()
            try:
                await self._while_bound(take)
            except Exception:  # a mistake of ours ends the session, not the link
                log.exception("session_broken", link=self.name)
            has_lasted = clock() - since > WAIT_SECONDS_MAX
            wait = FIRST_WAIT_SECONDS if has_lasted else min(2 * wait, WAIT_SECONDS_MAX)
            log.warning("not_bound", link=self.name, again_in=round(wait, 1))
            await asyncio.sleep(wait * random.uniform(0.8, 1.2))

    async def _while_bound(self, take: Take) -> None:
        """One session, until it is lost; nothing when it cannot be bound."""
        try:
            session = await Session.bound(self.name, self._settings, self._codec)
        except Lost as error:
            log.warning("refused", link=self.name, reason=str(error)[:200])
            return
        self._session = session
        log.info("bound", link=self.name)
        try:
            await session.run(take)
        finally:
            self._session = None

    async def submit(self, message: Submit) -> Submitted:
        """Raises Unavailable without a session, Throttled and Rejected while nothing has left, and Uncertain when the
        answer does not come."""
        if self._session is None:
            raise Unavailable(f"{self.name}: not bound")
        return await self._session.submit(message)
