"""Who may carry a message, in which order, and how it is handed over.

Somebody who provably took nothing (away, too fast, out of credit) is followed by the next; whoever may have taken it is
the last that is tried.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeGuard

from gateway.clock import Clock
from gateway.errors import NyotaError, Rejected, Unavailable, Uncertain
from gateway.providers.contract import OutgoingSms, SentSms
from gateway.sending.health import Health
from gateway.sending.pace import Pace

HEALTH_RETRY_MS = 30_000
NUMBERS_MOST = 100
"""People in one request: when nobody knows what became of it, it is so many in doubt."""
AT_ONCE = 16
OURS = frozenset({"401", "405", "credentials", "credit", "sender"})
"""Refusals that say nothing about the message: another carrier may well take it."""


class Carrier(Protocol):
    """Hands one message over; raises the errors of `gateway.errors`."""

    @property
    def name(self) -> str: ...

    async def send_sms(self, message: OutgoingSms) -> SentSms: ...


class Bulky(Carrier, Protocol):
    """One that takes a text for many people in one request, and tells of each; raises what became of all."""

    async def send_many(
        self, text: str, msisdns: Sequence[str], sender: str = ""
    ) -> Mapping[str, SentSms | NyotaError]: ...


@dataclass(frozen=True, slots=True)
class Handed:
    """A message that somebody took."""

    carrier: str
    sent: SentSms


@dataclass(frozen=True, slots=True)
class Slow:
    """Everybody who could take it has to be waited for."""

    wait_ms: int


Fate = Handed | Slow | NyotaError
"""What became of one message of many."""


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

    async def hand_over_all(self, messages: Sequence[OutgoingSms], *, until: int) -> Sequence[Fate]:
        """Everybody's fate, in their order. What has not begun by `until` (ms) has to come back."""
        fates: list[Fate] = [Slow(1)] * len(messages)
        slots = asyncio.Semaphore(AT_ONCE)

        async def leave(places: Sequence[int]) -> None:
            async with slots:
                if self._clock() < until:
                    for place, fate in zip(places, await self._group([messages[each] for each in places]), strict=True):
                        fates[place] = fate

        await asyncio.gather(*(leave(places) for places in self._grouped(messages)))
        return fates

    def _grouped(self, messages: Sequence[OutgoingSms]) -> Sequence[Sequence[int]]:
        """The places of those that can leave in one request: the same carrier, text and sender, no phone twice."""
        groups: dict[tuple[str, str, str], list[list[int]]] = defaultdict(lambda: [[]])
        alone: list[list[int]] = []
        taken = set[tuple[str, str]]()
        for place, message in enumerate(messages):
            first = next(iter(self.of(message.msisdn)), "")
            twice = (message.msisdn, message.text)
            if twice in taken or not _is_bulky(self._carriers.get(first)):
                alone.append([place])
                continue
            taken.add(twice)
            pieces = groups[first, message.text, message.sender]
            if len(pieces[-1]) == NUMBERS_MOST:
                pieces.append([])
            pieces[-1].append(place)
        return [*(piece for pieces in groups.values() for piece in pieces), *alone]

    async def _group(self, messages: Sequence[OutgoingSms]) -> Sequence[Fate]:
        """What shares a request shares its carrier; those that nobody took there go to the next by themselves."""
        first = next(iter(self.of(messages[0].msisdn)), "")
        carrier = self._carriers.get(first)
        if not _is_bulky(carrier):
            return [await self._fate(message) for message in messages]
        now = self._clock()
        waits = [self._pace.wait_ms(first, now) for _ in messages]
        leaving = [message for message, wait_ms in zip(messages, waits, strict=True) if not wait_ms]
        came_to = await self._sent_by(carrier, leaving) if leaving else {}
        fates = list[Fate]()
        for place, (message, wait_ms) in enumerate(zip(messages, waits, strict=True)):
            if wait_ms:
                fates.append(Slow(self._pace.turn_ms(first, wait_ms, place - len(leaving))))
                continue
            fate = came_to[message.msisdn]
            others = self.of(message.msisdn)[1:] if _may_be_elsewheres(fate) else ()
            fates.append(await self._fate(message, skipping=first) if others else fate)
        return fates

    async def _sent_by(self, carrier: Bulky, messages: Sequence[OutgoingSms]) -> Mapping[str, Fate]:
        """One request, and what it says of the carrier's health."""
        try:
            alike = messages[0]
            told = await carrier.send_many(alike.text, [message.msisdn for message in messages], alike.sender)
        except NyotaError as error:
            if not isinstance(error, Rejected) or error.code in OURS:
                self._health.failed(carrier.name, self._clock())
            return {message.msisdn: error for message in messages}
        self._health.well(carrier.name)
        return {
            number: Handed(carrier.name, fate) if isinstance(fate, SentSms) else fate for number, fate in told.items()
        }

    async def _fate(self, message: OutgoingSms, *, skipping: str = "") -> Fate:
        try:
            return await self.hand_over(message, skipping=skipping)
        except NyotaError as error:
            return error

    async def hand_over(self, message: OutgoingSms, *, skipping: str = "") -> Handed | Slow:
        """Raises Rejected for a message that nobody will take, Unavailable when nobody is there, and Uncertain.

        `skipping` has just said no."""
        waits: list[int] = []
        last: Unavailable | Rejected | None = None
        for name in self.of(message.msisdn):
            if name == skipping:
                continue
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


def _is_bulky(carrier: Carrier | None) -> TypeGuard[Bulky]:
    return hasattr(carrier, "send_many")


def _may_be_elsewheres(fate: Fate) -> bool:
    """Whether another carrier may be tried: this one provably took nothing, and not for what the message is."""
    return isinstance(fate, Unavailable) or (isinstance(fate, Rejected) and fate.code in OURS)
