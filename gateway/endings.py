"""Sessions that are over, as their carriers tell: kept with the place where the conversation stood."""

import structlog

from gateway.clock import Clock
from gateway.errors import Unavailable
from gateway.inbound import Ended, Inbound
from gateway.sessions import Sessions, Stored
from gateway.store import ends
from gateway.store.engine import Store
from menus.values import masked

log = structlog.get_logger("ussd")


class Endings:
    """`noted` never changes a session: it may be a late word about one that goes on elsewhere."""

    def __init__(self, sessions: Sessions, store: Store, clock: Clock) -> None:
        self._sessions = sessions
        self._store = store
        self._clock = clock

    async def noted(self, ended: Ended) -> None:
        """Keep it. Raises Unavailable when there is nowhere to."""
        key, stored = await self._session(ended)
        place = (stored.session.flow, stored.session.step) if stored else ("", "")
        if key:
            async with self._store.begin() as connection:
                await ends.recorded(
                    connection, session_key=key, provider=ended.provider, phone=masked(ended.msisdn), flow=place[0],
                    step=place[1], status=ended.status, said=ended.said, cost=ended.cost, seconds=ended.seconds,
                    hops=ended.hops, error=ended.error, at=self._clock(),
                )  # fmt: skip
        log.info("session_ended", provider=ended.provider, status=ended.status, said=ended.said, place=".".join(place))

    async def _session(self, ended: Ended) -> tuple[str, Stored | None]:
        """Key and content of the session meant; with Redis away the end alone is kept. No key: it cannot be told."""
        try:
            if not ended.session_ref:
                return await self._sessions.newest(ended.msisdn) or ("", None)
            keys = self._sessions.keys(_hop(ended))
            return keys.session, (await self._sessions.load(keys)).stored
        except Unavailable as outage:
            log.warning("session_not_seen", reason=str(outage))
            return (self._sessions.keys(_hop(ended)).session, None) if ended.session_ref else ("", None)


def _hop(ended: Ended) -> Inbound:
    return Inbound(ended.provider, ended.msisdn, ended.session_ref, ended.code, "")
