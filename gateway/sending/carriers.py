"""Who may carry a message, in which order, and how it is handed over.

Somebody who provably took nothing (away, too fast, out of credit) is followed by the next; whoever may have taken it is
the last that is tried. An answer goes first to who has the short code that was written to.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeGuard

import structlog

from gateway.clock import Clock
from gateway.errors import NyotaError, Rejected, Unavailable, Uncertain
from gateway.providers.contract import OutgoingSms, ReplyFrom, SentSms
from gateway.sending.forms import forms, is_of_the_form
from gateway.sending.health import Health
from gateway.sending.pace import Pace

HEALTH_RETRY_MS = 30_000
NUMBERS_MOST = 100
"""People in one request: when nobody knows what became of it, it is so many in doubt."""
AT_ONCE = 16
OURS = frozenset({"401", "405", "credentials", "credit"})
"""Refusals that say nothing about the message, and much about how the carrier will take the next."""

log = structlog.get_logger("sms")


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

    def of(self, msisdn: str, reply: ReplyFrom | None = None) -> Sequence[str]:
        """Who would be tried for this phone now, the first first; for an answer who has its short code, if well."""
        found = next((route.carriers for route in self._routes if msisdn.startswith(route.prefix)), self._order)
        if reply is not None and reply.carrier in self._carriers:
            found = (reply.carrier, *(name for name in found if name != reply.carrier))
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
        """The places of those that can leave in one request: the same carrier, text and sender, no phone twice. A link
        is one person's."""
        groups: dict[tuple[str, str, str, ReplyFrom | None], list[list[int]]] = defaultdict(lambda: [[]])
        alone: list[list[int]] = []
        taken = set[tuple[str, str]]()
        for place, message in enumerate(messages):
            first = self._first(message)
            twice = (message.msisdn, message.text)
            if twice in taken or _is_linked(message, first) or not _is_bulky(self._carriers.get(first)):
                alone.append([place])
                continue
            taken.add(twice)
            pieces = groups[first, message.text, message.sender, message.reply]
            if len(pieces[-1]) == NUMBERS_MOST:
                pieces.append([])
            pieces[-1].append(place)
        return [*(piece for pieces in groups.values() for piece in pieces), *alone]

    async def _group(self, messages: Sequence[OutgoingSms]) -> Sequence[Fate]:
        """What shares a request shares its carrier; those that nobody took there go to the next by themselves."""
        first = self._first(messages[0])
        carrier = self._carriers.get(first)
        if not _is_bulky(carrier) or _is_linked(messages[0], first):
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
            fates.append(await self._after(message, first, came_to[message.msisdn]))
        return fates

    async def _after(self, message: OutgoingSms, first: str, fate: Fate) -> Fate:
        """What becomes of one after its carrier has said this to the request it was in."""
        if message.reply is not None and is_of_the_form(fate):
            _note_refusal(first, fate)
            return await self._fate(replace(message, reply=None))
        if not _may_be_elsewheres(fate):
            return fate
        mine = _for_now(fate) if isinstance(fate, Rejected) else fate
        others = self.of(message.msisdn, message.reply)[1:]
        theirs = await self._fate(message, skipping=first) if others else mine
        return mine if isinstance(mine, Unavailable) and is_of_the_form(theirs) else theirs

    async def _sent_by(self, carrier: Bulky, messages: Sequence[OutgoingSms]) -> Mapping[str, Fate]:
        """One request, and what it says of the carrier's health."""
        try:
            alike = forms(messages[0], carrier.name)[0]
            told = await carrier.send_many(alike.text, [message.msisdn for message in messages], alike.sender)
        except NyotaError as error:
            if _speaks_against(error):
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
        """Raises Rejected for a message that nobody will take, Unavailable when nobody is there or has room on our
        account, and Uncertain.

        `skipping` has just said no."""
        waits: list[int] = []
        last: Unavailable | Rejected | None = None
        for name in self.of(message.msisdn, message.reply):
            if name == skipping:
                continue
            if wait_ms := self._pace.wait_ms(name, self._clock()):
                waits.append(wait_ms)
                if message.reply is not None and message.reply.carrier == name and last is None:
                    break  # it is well and only busy: an answer waits for its own code
                continue
            try:
                sent = await self._sent(self._carriers[name], message)
            except Unavailable as error:
                self._health.failed(name, self._clock())
                last = error  # whatever others refuse: this one may take it later
            except Uncertain:
                self._health.failed(name, self._clock())
                raise
            except Rejected as error:
                if not _may_be_elsewheres(error):
                    raise
                if _speaks_against(error):
                    self._health.failed(name, self._clock())
                last = last if isinstance(last, Unavailable) else _for_now(error)
            else:
                self._health.well(name)
                return Handed(name, sent)
        if waits:
            return Slow(min(waits))
        raise last or Unavailable("no carrier for this phone")

    async def _sent(self, carrier: Carrier, message: OutgoingSms) -> SentSms:
        """In its best form; in a plainer one where the form is refused, which is nothing against the carrier."""
        *better, plain = forms(message, carrier.name)
        for form in better:
            try:
                return await carrier.send_sms(form)
            except Rejected as refused:
                if not is_of_the_form(refused):
                    raise
                _note_refusal(carrier.name, refused)
        return await carrier.send_sms(plain)

    def _first(self, message: OutgoingSms) -> str:
        return next(iter(self.of(message.msisdn, message.reply)), "")


def _is_bulky(carrier: Carrier | None) -> TypeGuard[Bulky]:
    return hasattr(carrier, "send_many")


def _is_linked(message: OutgoingSms, carrier: str) -> bool:
    """Whether it is charged to a link there, and goes by itself."""
    return message.reply is not None and bool(forms(message, carrier)[0].link_id)


def _note_refusal(carrier: str, refused: object) -> None:
    """For whoever runs this: the code or the link is not ours to use there. The answer goes out all the same."""
    log.warning("form_refused", carrier=carrier, code=refused.code if isinstance(refused, Rejected) else "")


def _may_be_elsewheres(fate: Fate) -> bool:
    """Whether another carrier may be tried: this one provably took nothing, and not for what the message is. A sender
    that one does not know may be registered with the next."""
    return isinstance(fate, Unavailable) or is_of_the_form(fate) or (isinstance(fate, Rejected) and fate.code in OURS)


def _for_now(refused: Rejected) -> Unavailable | Rejected:
    """What becomes of a message where nobody else takes it: without credit, or with a key that is refused, it waits
    until somebody has seen to that. Nothing is wrong with the message."""
    return Unavailable(str(refused), code=refused.code) if refused.code in OURS else refused


def _speaks_against(error: NyotaError) -> bool:
    """Whether a carrier that said this does badly: not when it was about the message, or about who speaks in it."""
    return not isinstance(error, Rejected) or error.code in OURS
