"""The step that says one command to a core: written down before it is said, looked up after a doubt, said once.

A repeat carries the same key, which the core answers from what it did before; where it keeps a failure under that
key, we look whether it was done after all, and only then use another. What the core refuses for good parks: a person
decides, and only this loan's later commands wait for it.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.clock import Clock
from gateway.errors import Rejected, Unavailable, Uncertain
from gateway.ledgers.contract import Key, Ledger, Posted, Refusals, Waiting
from gateway.ledgers.gate import Gate, Held
from gateway.mirror import commands, kept
from gateway.mirror.commands import Command
from gateway.operations.outcome import Accepted, Done, Later, Outcome, Park, Retry, Unsure
from gateway.operations.playbook import Work
from gateway.operations.settle import doubling_ms
from gateway.store.engine import Store

UNSENT = "unsent"
RETURNED = "returned"

log = structlog.get_logger("core")


@dataclass(frozen=True, slots=True)
class CorePatience:
    """Milliseconds: between questions, until a person decides, and over how long work comes back after an outage."""

    ask_ms: int
    ask_max_ms: int
    give_up_ms: int
    spread_ms: int


@dataclass(frozen=True)
class Line:
    """What every step needs to speak to the core."""

    ledger: Ledger
    gate: Gate
    store: Store
    clock: Clock
    patience: CorePatience

    def waits(self, work: Work, outcome: Outcome) -> Outcome:
        """Whoever found the core away comes again as late as those who were told so."""
        if self.gate.away_since is None:
            return outcome
        return Later(self.gate.hold_ms(work.id), kept.AWAY)


class Act(Protocol):
    """One kind of command."""

    name: str
    looks_first: bool
    """Whether it may be there already without us."""

    async def prepared(self, connection: AsyncConnection, work: Work) -> Any:
        """What the command needs of our own rows; Posted when nothing needs to be said."""

    async def found(self, work: Work, prepared: Any) -> Posted | None:
        """Look whether it was carried out."""

    async def sent(self, work: Work, prepared: Any, key: Key) -> Posted: ...

    async def settled(self, connection: AsyncConnection, work: Work, posted: str, now: int) -> None:
        """It was carried out: keep what that tells, in the unit of work that moves the operation on."""


class CommandStep:
    """A remote step of a playbook."""

    def __init__(self, line: Line, act: Act) -> None:
        self._line = line
        self._act = act

    @property
    def name(self) -> str:
        return self._act.name

    async def attempt(self, work: Work) -> Outcome:
        was_away = self._line.gate.away_since is not None
        try:
            async with self._line.gate.passing(work.id):
                outcome = await self._told(work)
        except Held as held:
            return Later(held.in_ms, kept.AWAY)
        except Waiting as error:
            return Accepted(self._line.patience.ask_max_ms, str(error))
        except Unavailable as error:
            return Retry(str(error), error.evidence, is_outage=True)
        except Uncertain as error:
            return Unsure(self._line.patience.ask_ms, str(error), error.evidence)
        except Rejected as error:
            return Park(str(error), {**error.evidence, "code": error.code})
        return _returned(outcome) if was_away else outcome

    async def reconsider(self, connection: AsyncConnection, work: Work, outcome: Outcome, now: int) -> Outcome:
        """Keep what was learnt with the operation's own row."""
        match outcome:
            case Done(data) if "core_id" in data:
                await self._act.settled(connection, work, data["core_id"], now)
                await commands.settled(connection, work, data["core_id"], now)
                if data.get(RETURNED):
                    await kept.woken(connection, now, self._line.patience.spread_ms)
            case Accepted():
                await commands.noted(connection, work, state="waiting")
            case Retry(_, evidence):
                if evidence.get(UNSENT):
                    await commands.noted(connection, work, sent_at=None)
                return self._line.waits(work, outcome)
            case Unsure(_, reason, evidence):
                return await self._doubted(connection, work, reason, evidence, now)
            case _:
                pass
        return outcome

    async def _told(self, work: Work) -> Outcome:
        """Raises what the core's errors are; all it says is counted at the gate."""
        async with self._line.store.begin() as connection:
            command = await commands.opened(connection, work, self._line.clock())
            if command.is_done:
                return Done({"core_id": command.core_id})
            prepared = await self._act.prepared(connection, work)
            if isinstance(prepared, Posted):
                return Done({"core_id": prepared.id}, "known already")
            is_fresh = command.sent_at is None
            if is_fresh:
                await commands.noted(connection, work, sent_at=self._line.clock())
        if self._act.looks_first or not is_fresh:
            found = await self._looked(work, prepared, is_fresh=is_fresh)
            if found is not None:
                return Done({"core_id": found.id}, "found at the core")
        if command.is_waiting:
            raise Waiting("the core still waits for a second person")
        return await self._said(work, command, prepared, is_fresh=is_fresh)

    async def _said(self, work: Work, command: Command, prepared: Any, *, is_fresh: bool) -> Outcome:
        try:
            posted = await self._act.sent(work, prepared, Key(work.id, command.generation))
        except Unavailable as error:
            if is_fresh:
                raise type(error)(str(error), **error.evidence, **{UNSENT: True}) from error
            raise
        except Rejected as error:
            return await self._refused(work, command, prepared, error)
        return Done({"core_id": posted.id}, "repeated" if posted.is_repeat else "")

    async def _looked(self, work: Work, prepared: Any, *, is_fresh: bool) -> Posted | None:
        try:
            return await self._act.found(work, prepared)
        except Unavailable as error:
            if is_fresh:
                raise type(error)(str(error), **error.evidence, **{UNSENT: True}) from error
            raise

    async def _refused(self, work: Work, command: Command, prepared: Any, error: Rejected) -> Outcome:
        """It may be refused because it was done before; otherwise it is final, but for a failure that is stale."""
        found = await self._act.found(work, prepared)
        if found is not None:
            return Done({"core_id": found.id}, f"found at the core after {error.code}")
        if error.code == Refusals.STORED:
            async with self._line.store.begin() as connection:
                await commands.noted(connection, work, generation=command.generation + 1)
            return Unsure(self._line.patience.ask_ms, str(error), error.evidence)
        return Park(str(error), {**error.evidence, "code": error.code})

    async def _doubted(self, connection: AsyncConnection, work: Work, reason: str, evidence: Any, now: int) -> Outcome:
        """Ask again, the later the longer it lasts; where the core answers and cannot say, a person decides at last."""
        command = await commands.of(connection, work.id, work.step)
        if command is None:
            return Unsure(self._line.patience.ask_ms, reason, evidence)
        asked = now - (command.sent_at or now)
        if asked >= self._line.patience.give_up_ms and self._line.gate.away_since is None:
            return Park("nobody could say what became of it", {"waited_ms": asked})
        await commands.noted(connection, work, questions=command.questions + 1)
        in_ms = doubling_ms(self._line.patience.ask_ms, self._line.patience.ask_max_ms, command.questions)
        return Unsure(in_ms, reason, evidence)


def _returned(outcome: Outcome) -> Outcome:
    """The first answer after an outage: whoever stores it wakes the others."""
    return Done({**outcome.data, RETURNED: True}, outcome.reason) if isinstance(outcome, Done) else outcome
