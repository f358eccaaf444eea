"""Who may carry a message, in which order, and how it is handed over.

Somebody who provably took nothing (away, too fast, out of credit) is followed by the next; whoever may have taken it is
the last that is tried.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.clock import Clock
from gateway.errors import Rejected, Unavailable, Uncertain
from gateway.providers.contract import OutgoingSms, SentSms
from gateway.sending.health import Health
from gateway.sending.pace import Pace

HEALTH_RETRY_MS = 30_000
OURS = frozenset({"401", "405", "credentials", "credit", "sender"})
"""Refusals that say nothing about the message: another carrier may well take it."""


class Carrier(Protocol):
    """Hands one message over; raises the errors of `gateway.errors`."""

    @property
    def name(self) -> str: ...

    async def send_sms(self, message: OutgoingSms) -> SentSms: ...


@dataclass(frozen=True, slots=True)
class Handed:
    """A message that somebody took."""

    carrier: str
    sent: SentSms


@dataclass(frozen=True, slots=True)
class Slow:
    """Everybody who could take it has to be waited for."""

    wait_ms: int


@dataclass(frozen=True, slots=True)
class Route:
    """Phones that begin so are carried by these, in this order."""

    prefix: str
    carriers: tuple[str, ...]


class Carriers:
    """`order` are all that may be used; a longer prefix of `routes` wins over a shorter one, and both over `order`."""

    def __init__(
        self, carriers: Mapping[str, Carrier], order: Sequence[str], clock: Clock, *,
        routes: Sequence[Route] = (), rates: Mapping[str, float] | None = None,
    ) -> None:  # fmt: skip
        self._carriers = carriers
        self._order = tuple(order)
        self._routes = sorted(routes, key=lambda route: -len(route.prefix))
        self._clock = clock
        self._health = Health(HEALTH_RETRY_MS)
        self._pace = Pace(rates or {})

    def of(self, msisdn: str) -> Sequence[str]:
        """Who would be tried for this phone now, the first first."""
        found = next((route.carriers for route in self._routes if msisdn.startswith(route.prefix)), self._order)
        return self._health.order(found, self._clock())

    def scores(self) -> Mapping[str, float]:
        return {name: self._health.score(name) for name in self._carriers}

    async def hand_over(self, message: OutgoingSms) -> Handed | Slow:
        """Raises Rejected for a message that nobody will take, Unavailable when nobody is there, and Uncertain."""
        waits: list[int] = []
        last: Unavailable | Rejected | None = None
        for name in self.of(message.msisdn):
            if wait_ms := self._pace.wait_ms(name, self._clock()):
                waits.append(wait_ms)
                continue
            try:
                sent = await self._carriers[name].send_sms(message)
            except Unavailable as error:
                self._health.failed(name, self._clock())
                last = error
            except Uncertain:
                self._health.failed(name, self._clock())
                raise
            except Rejected as error:
                if error.code not in OURS:
                    raise
                self._health.failed(name, self._clock())
                last = error
            else:
                self._health.well(name)
                return Handed(name, sent)
        if waits:
            return Slow(min(waits))
        raise last or Unavailable("no carrier for this phone")
