"""From a hop to a screen, exactly once: the one road every carrier and channel takes.

Order is the safety: durable first, then the session moves, then the words leave. A turn with operations is decided
by its turn record in SQL; all others by compare-and-set in Redis. Whatever is down, the phone gets a polite END.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import structlog
from msgspec.structs import replace as changed

from flows.engine import HOME_DIGITS, ROUNDS_MAX, Engine, Verdict
from flows.kit import CODE, Gone, Step
from flows.known import Customer
from flows.turn import SALTS_MAX, Facts, Missing, Need, Operation, Session, Turn
from gateway.accounts.codes import Codes
from gateway.clock import Clock, local
from gateway.errors import BrokenInvariant, NyotaError, Unavailable
from gateway.facts.source import FactSource, NobodyThere
from gateway.inbound import Inbound, Reply
from gateway.live import LiveMenus
from gateway.metrics import TURNS, TURNS_SECONDS
from gateway.operations.outbox import AlreadyOpen, AlreadyTaken, NotTheirs, Outbox, ReferenceTaken, TurnRecord
from gateway.pins import Pins
from gateway.reading import Reading, read
from gateway.sessions import Keys, Loaded, Sessions, Stored
from menus.values import masked

log = structlog.get_logger("turn")


@dataclass(slots=True)
class Progress:
    """How far a turn has come: what may truthfully be said if it is cut off now."""

    language: str = ""
    is_committing: bool = False
    salt: int = 0
    note: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Limits:
    """The deadline of one turn in seconds, and how many turns may be worked on at once."""

    turn_seconds: float
    in_flight_max: int


class Conversation:
    """`answer` never raises and never takes longer than the deadline."""

    def __init__(
        self, menus: LiveMenus, sessions: Sessions, facts: FactSource, pins: Pins, codes: Codes, outbox: Outbox,
        clock: Clock, limits: Limits,
    ) -> None:  # fmt: skip
        self._menus = menus
        self.sessions = sessions
        self._facts = facts
        self._pins = pins
        self._codes = codes
        self._outbox = outbox
        self._clock = clock
        self._limits = limits
        self._in_flight = 0
        self._committing: set[asyncio.Task[None]] = set()

    @property
    def engine(self) -> Engine:
        """The one in force for new sessions."""
        return self._menus.engine

    async def answer(self, inbound: Inbound) -> Reply:
        """The screen for a hop. New dials are turned away first when there is too much to do."""
        progress = Progress()
        if self._in_flight >= self._limits.in_flight_max and not inbound.text:
            return self._said("wrong.busy", progress)
        self._in_flight += 1
        started = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(self._limits.turn_seconds):
                return await self._turn(inbound, progress)
        except NobodyThere:
            return self._said("wrong.moved", progress)
        except Exception as error:  # the phone gets an answer whatever is broken here
            progress.note |= {"error": type(error).__name__, "detail": _harmless(error)}
            if not isinstance(error, NyotaError | TimeoutError):
                log.exception("turn_broken", provider=inbound.provider)
            return self._apology(inbound, progress)
        finally:
            self._in_flight -= 1
            self._tell(inbound, progress, asyncio.get_running_loop().time() - started)

    async def _turn(self, inbound: Inbound, progress: Progress) -> Reply:
        keys = self.sessions.keys(inbound)
        try:
            loaded = await self.sessions.load(keys)
        except Unavailable as outage:
            return await self._from_disk(inbound, keys, progress, outage)
        stored = loaded.stored
        if stored is None and inbound.text and not inbound.is_opening:
            stored = await self._outbox.recall(keys.session)
        return await self._taken(inbound, keys, replace(loaded, stored=stored), progress)

    async def _taken(self, inbound: Inbound, keys: Keys, loaded: Loaded, progress: Progress) -> Reply:
        stored = loaded.stored
        reading = read(inbound, stored, self.sessions.digest, self._clock())
        progress.language = stored.session.language if stored else ""
        if stored is not None and (reading.is_repeat or (stored.session.is_final and not reading.reopens)):
            progress.note["repeat"] = True
            if reading.resyncs and not stored.session.is_final:
                resynced = changed(stored, consumed=reading.consumed, prefix=reading.prefix)
                await self.sessions.save(keys, resynced, stored.session, opens=False)
            return _reply(stored)
        if loaded.is_superseded and not reading.reopens:
            return self._said("wrong.newer", progress)
        if stored is None or reading.reopens:
            session, previous = Session(self._outbox.session_id()), stored or loaded.previous
        else:
            session, previous = stored.session, loaded.previous
        turn = await self._advanced(inbound, session, reading, previous, progress)
        return await self._kept(inbound, keys, stored, turn, reading, progress)

    async def _advanced(
        self, inbound: Inbound, session: Session, reading: Reading, previous: Stored | None, progress: Progress,
        salt: int = 0,
    ) -> Turn:  # fmt: skip
        """Take the turn, gathering facts as its steps ask for them. The PIN goes no further than here."""
        answers = reading.answers
        known: dict[Need, object] = {Need("previous"): previous.session if previous else None}
        engine = self._menus.engine_for(session)
        if engine.takes_secret(session, answers):
            known[Need("verdict")] = await self._verdict(engine.step(session), session, answers[0], inbound.msisdn)
            answers = ("*",)
        facts = Facts(local(self._clock()), known, self._facts.computed)
        for _ in range(ROUNDS_MAX):
            turn = engine.advance(session, answers, facts, salt=salt)
            if isinstance(turn, Turn):
                return self._noted(session, turn, progress)
            facts = await self._gathered(turn, facts, inbound, session)
        raise BrokenInvariant("a turn kept asking for facts", step=session.place)

    async def _verdict(self, step: Step, session: Session, typed: str, msisdn: str) -> Verdict:
        if step.secret == CODE:
            return await self._codes.verdict(session, step.purpose, typed)
        return await self._pins.verdict(session, step.secret, typed, msisdn)

    async def _gathered(self, missing: Missing, facts: Facts, inbound: Inbound, session: Session) -> Facts:
        """Raises NobodyThere when the line has got another owner, or none, since the session began."""
        found: Mapping[Need, object] = await self._facts.gather(missing.needs, inbound.msisdn)
        if session.customer and (need := Need("customer")) in found:
            owner = found[need]
            if not isinstance(owner, Customer) or owner.id != session.customer:
                raise NobodyThere("the line has changed hands")
        return facts.with_values(found)

    async def _kept(
        self,
        inbound: Inbound,
        keys: Keys,
        before: Stored | None,
        turn: Turn,
        reading: Reading,
        progress: Progress,
    ) -> Reply:
        stored = self._stored(inbound, before, turn, reading)
        if turn.operations:
            return await self._committed(inbound, keys, before, turn, reading, stored, progress)
        opens = before is None or reading.reopens
        winner = await self.sessions.save(keys, stored, before.session if before else None, opens=opens)
        return _reply(winner or stored)

    async def _committed(
        self, inbound: Inbound, keys: Keys, before: Stored | None, turn: Turn, reading: Reading, stored: Stored,
        progress: Progress,
    ) -> Reply:  # fmt: skip
        """The disk decides: a turn taken before, here or elsewhere, is answered from its record."""
        record = TurnRecord(turn.session.id, turn.session.turn, keys.session, reading.prefix, stored.packed())
        try:
            await self._accepted(record, turn.operations, inbound.msisdn, progress)
        except AlreadyTaken as taken:
            stored = taken.stored
            progress.note["repeat"] = True
        except ReferenceTaken:
            return await self._renamed(inbound, keys, before, reading, progress)
        except AlreadyOpen as held:
            return await self._shown_under_way(inbound, keys, before, reading, held, progress)
        except NotTheirs as gone:
            return self._said(f"wrong.{gone.reason}", progress)
        await self._moved(keys, stored)
        return _reply(stored)

    async def _accepted(
        self, record: TurnRecord, operations: tuple[Operation, ...], msisdn: str, progress: Progress
    ) -> None:
        """Commit, shielded from the deadline: a timed-out await does not undo it."""
        task = asyncio.create_task(self._outbox.accept(record, operations, msisdn))
        self._committing.add(task)
        task.add_done_callback(self._committing.discard)
        progress.is_committing = True
        try:
            await asyncio.shield(task)
        except Unavailable:
            progress.is_committing = False  # provably nothing was kept
            raise

    async def _renamed(
        self, inbound: Inbound, keys: Keys, before: Stored | None, reading: Reading, progress: Progress
    ) -> Reply:
        """Two operations drew the same reference. Take the same turn again with other letters."""
        session = before.session if before else Session(self._outbox.session_id())
        progress.salt += 1
        if progress.salt > SALTS_MAX:
            raise BrokenInvariant("no free reference")
        turn = await self._advanced(inbound, session, reading, None, progress, progress.salt)
        return await self._kept(inbound, keys, before, turn, reading, progress)

    async def _shown_under_way(
        self, inbound: Inbound, keys: Keys, before: Stored | None, reading: Reading, held: AlreadyOpen,
        progress: Progress,
    ) -> Reply:  # fmt: skip
        """What was asked for is under way already: show that, do nothing a second time."""
        session = before.session if before else Session(self._outbox.session_id())
        needs = frozenset({Need("customer"), Need("waiting")})  # what the menu asks, should it be over by now
        values = await self._facts.gather(needs, inbound.msisdn)
        facts = Facts(local(self._clock()), values, self._facts.computed)
        following = changed(session, turn=session.turn + 1)
        try:
            turn = self._menus.engine_for(session).shown(following, "resume.accepted", facts, {"loan": held.about})
        except Gone:
            turn = self._home(session, facts)
        return await self._kept(inbound, keys, before, turn, reading, progress)

    def _home(self, session: Session, facts: Facts) -> Turn:
        """It has ended in this very moment: whoever still wants it sees where things stand, and asks again."""
        turn = self._menus.engine_for(session).advance(session, (HOME_DIGITS,), facts)
        if isinstance(turn, Missing):
            raise BrokenInvariant("the menu asked for facts", needs=str(turn.needs))
        return turn

    async def _moved(self, keys: Keys, stored: Stored) -> None:
        """The turn is on disk; if Redis cannot take the session now, the disk answers the next hop."""
        try:
            await self.sessions.force(keys, stored)
        except Unavailable as outage:
            log.warning("session_not_moved", reason=str(outage))

    async def _from_disk(self, inbound: Inbound, keys: Keys, progress: Progress, outage: Unavailable) -> Reply:
        """Redis is away: what is on disk can still be said again; nothing new is begun."""
        progress.note["error"] = str(outage)
        if inbound.text:
            stored = await self._outbox.recall(keys.session)
            if stored is not None and read(inbound, stored, self.sessions.digest, self._clock()).is_repeat:
                return _reply(stored)
        return self._apology(inbound, progress)

    def _stored(self, inbound: Inbound, before: Stored | None, turn: Turn, reading: Reading) -> Stored:
        now = self._clock()
        return Stored(
            session=turn.session,
            reply=turn.screen.text,
            consumed=reading.consumed,
            prefix=reading.prefix,
            phone=masked(inbound.msisdn),
            provider=inbound.provider,
            opened_at=before.opened_at if before and not reading.reopens else now,
            seen_at=now,
        )

    def _noted(self, before: Session, turn: Turn, progress: Progress) -> Turn:
        after = turn.session
        progress.language = after.language
        progress.note |= {"session": after.id, "from": before.place, "to": after.place, "flow": after.flow}
        if turn.operations:
            progress.note["operations"] = [operation.reference for operation in turn.operations]
        return turn

    def _apology(self, inbound: Inbound, progress: Progress) -> Reply:
        """Busy, said truthfully: that nothing was done only where that is certain."""
        if progress.is_committing:
            return self._said("wrong.unconfirmed", progress)
        return self._said("wrong.busy_after" if inbound.text else "wrong.busy", progress)

    def _said(self, key: str, progress: Progress) -> Reply:
        progress.note["said"] = key
        words = self.engine.catalogue.words(progress.language, key)
        return Reply(words.text.filled({}, self.engine.catalogue.language(progress.language)), is_final=True)

    def _tell(self, inbound: Inbound, progress: Progress, seconds: float) -> None:
        TURNS.labels(inbound.provider, str(progress.note.get("said", "answered"))).inc()
        TURNS_SECONDS.labels(inbound.provider).observe(seconds)
        log.info(
            "turn",
            provider=inbound.provider,
            phone=masked(inbound.msisdn),
            ms=round(seconds * 1000, 1),
            **progress.note,
        )


def _reply(stored: Stored) -> Reply:
    return Reply(stored.reply, stored.session.is_final)


def _harmless(error: Exception) -> str:
    """Our own messages are written to be logged; a foreign one may quote what a person typed."""
    return str(error) if type(error).__module__.startswith("gateway.") else ""
