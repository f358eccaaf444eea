"""A keyword as a walk through the screens: the same flows, facts, limits and prices as behind the code.

It goes on by itself up to the last screen, a screen that the keyword has no answer for, or the yes that moves money.
There it stops: what would happen is known from taking the turn on trial, and nothing of it is done before the code.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from flows.engine import ROUNDS_MAX, Engine, Verdict
from flows.kit import PIN
from flows.known import Asked, Customer
from flows.texting.route import Route, digits_for
from flows.texting.spoken import question_of, words_of
from flows.turn import SALTS_MAX, Facts, Missing, Need, Operation, Session, Turn
from gateway.clock import Clock, local
from gateway.errors import BrokenInvariant
from gateway.facts.source import FactSource, NobodyThere
from gateway.live import LiveMenus
from gateway.operations.outbox import AlreadyTaken, Outbox, ReferenceTaken, TurnRecord
from gateway.sessions import Stored
from menus.screen import Screen
from menus.values import masked

STEPS_MAX = 20
SESSION_CHARACTERS = 16
BEHIND = "*"
"""What stands for a secret in a turn; nobody looks at it."""
HARMLESS = frozenset({"number.lookup", "sms.notice"})
"""Operations that move nothing and bind nobody: done on the way."""


@dataclass(frozen=True, slots=True)
class Said:
    """The walk is over: the words of the screen it came to. `is_end`: that was a last screen."""

    words: str
    is_end: bool


@dataclass(frozen=True, slots=True)
class Waits:
    """It stands before a yes. `question` says to what; `before` are the screens that have to be seen first."""

    session: Session
    answer: str
    question: str
    before: tuple[str, ...]
    operations: tuple[Operation, ...]
    amount_cents: int

    @property
    def is_secret(self) -> bool:
        """Whether on the phone a PIN is asked for it."""
        return self.answer == BEHIND


@dataclass(frozen=True, slots=True)
class _Taken:
    """A turn, and the facts that it was taken with."""

    turn: Turn
    facts: Facts

    @property
    def words(self) -> str:
        return words_of(self.turn.screen.text, self.turn.session.offers)


class Walker:
    """`viewed`: what the PIN protects from sight may be shown, since it goes to the member's own line only.

    On trial nothing is committed on the way: it is supposed to be.
    """

    def __init__(
        self, menus: LiveMenus, facts: FactSource, outbox: Outbox, clock: Clock, *, viewed: bool, is_trial: bool = False
    ) -> None:
        self._menus = menus
        self._facts = facts
        self._outbox = outbox
        self._clock = clock
        self._viewed = viewed
        self._is_trial = is_trial
        self._supposed: dict[Need, object] = {}

    async def walk(self, line: str, route: Route, session_id: str, provider: str) -> Said | Waits:
        """As far as the keyword goes. Taking the same walk again does nothing twice.

        Raises NobodyThere when the line has changed hands, and what the outbox raises.
        """
        before: tuple[str, ...] = ()
        here = await self._turn(line, Session(session_id, viewed=self._viewed), self._entrance(route))
        for _ in range(STEPS_MAX):
            session = here.turn.session
            if session.is_final or session.strikes:
                return Said(here.words, session.is_final)
            step = self._engine(session).step(session)
            if step.kind == "secret":
                return await self._yes_to_secret(line, here, before)
            answer = self._answer(route, here, is_choice=step.kind == "choose")
            if not answer:
                return Said(here.words, is_end=False)
            following = await self._turn(line, session, answer)
            if any(each.kind not in HARMLESS for each in following.turn.operations):
                return _waits(here, following, answer, here.words, before)
            if step.confirms and following.turn.session.place != session.place:
                before = (*before, here.words)
            route = route.after(session.place)
            here = await self._done(line, session, answer, following, provider)
        raise BrokenInvariant("a keyword that never arrives", keyword=route.keyword.name)

    async def yes(self, line: str, session: Session, answer: str, salt: int = 0) -> Turn:
        """The turn that the code stands for, as of now; nothing of it is done yet. Raises NobodyThere."""
        return (await self._turn(line, session, answer, is_proved=True, salt=salt)).turn

    async def shown(self, line: str, session: Session, place: str, data: Mapping[str, str]) -> str:
        """The words of a screen outside of any answer: what is under way already. Raises flows.kit.Gone."""
        needs = frozenset({Need("customer"), Need("waiting")})
        facts = self._fresh().with_values(await self._facts.gather(needs, line))
        following = replace(session, turn=session.turn + 1)
        turn = self._engine(session).shown(following, place, facts, data)
        return words_of(turn.screen.text, turn.session.offers)

    def snapshot(self, turn: Turn, line: str, provider: str) -> bytes:
        """What SQL keeps of a turn that had operations."""
        now = self._clock()
        return Stored(turn.session, turn.screen.text, 0, "", masked(line), provider, now, now).packed()

    def _engine(self, session: Session) -> Engine:
        return self._menus.engine_for(session)

    def _fresh(self) -> Facts:
        return Facts(local(self._clock()), {Need("previous"): None, **self._supposed}, self._facts.computed)

    def _entrance(self, route: Route) -> str:
        """The digit of its flow in the menu. Raises BrokenInvariant for a flow that has none."""
        for item in self._menus.catalogue.menu:
            if item.flow == route.keyword.flow:
                return item.digits
        raise BrokenInvariant("a keyword's flow is not in the menu", keyword=route.keyword.name)

    def _answer(self, route: Route, here: _Taken, *, is_choice: bool) -> str:
        wanted = route.wanted(here.turn.session.place)
        return digits_for(here.turn.session, wanted, here.facts.values.values()) if wanted and is_choice else wanted

    async def _turn(
        self, line: str, session: Session, answer: str, *, is_proved: bool = False, salt: int = 0
    ) -> _Taken:
        """Each turn knows the facts of its own moment; `is_proved`: a code stands for the PIN."""
        facts = self._fresh().with_values({Need("verdict"): Verdict("ok")} if is_proved else {})
        for _ in range(ROUNDS_MAX):
            turn = self._engine(session).advance(session, (answer,), facts, salt=salt)
            if isinstance(turn, Turn):
                return _Taken(turn, facts)
            facts = facts.with_values(await self._gathered(turn, session, line))
        raise BrokenInvariant("a turn kept asking for facts", step=session.place)

    async def _gathered(self, missing: Missing, session: Session, line: str) -> Mapping[Need, object]:
        found = await self._facts.gather(missing.needs, line)
        if Need("customer") not in found:
            return found
        owner = found[Need("customer")]
        if session.customer and (not isinstance(owner, Customer) or owner.id != session.customer):
            raise NobodyThere("the line has changed hands")
        return {**found, Need("customer"): _writing(owner)}

    async def _yes_to_secret(self, line: str, here: _Taken, before: tuple[str, ...]) -> Said | Waits:
        """Take the turn on trial: what a yes would do. A PIN that only guards a look is no yes to anything."""
        session = here.turn.session
        step = self._engine(session).step(session)
        if step.secret != PIN or step.emits is None:
            return Said("", is_end=False)
        trial = await self._turn(line, session, BEHIND, is_proved=True)
        if not trial.turn.operations:
            return Said(trial.words, trial.turn.session.is_final)
        return _waits(here, trial, BEHIND, question_of(here.turn.screen.text), before)

    async def _done(self, line: str, before: Session, answer: str, here: _Taken, provider: str) -> _Taken:
        """Commit what a turn asks for on the way; a walk taken again goes on from what it did before."""
        if not here.turn.operations:
            return here
        if self._is_trial:
            self._supposed |= _looked_up(here)
            return here
        for salt in range(1, SALTS_MAX + 1):
            try:
                return await self._committed(line, here, provider)
            except ReferenceTaken:
                here = await self._turn(line, before, answer, salt=salt)
        raise BrokenInvariant("no free reference")

    async def _committed(self, line: str, here: _Taken, provider: str) -> _Taken:
        turn, session = here.turn, here.turn.session
        record = TurnRecord(session.id, session.turn, f"texting:{session.id}", "", self.snapshot(turn, line, provider))
        try:
            await self._outbox.accept(record, turn.operations, line)
        except AlreadyTaken as taken:
            stored = taken.stored
            return _Taken(Turn(stored.session, Screen(stored.reply, stored.session.is_final)), here.facts)
        return here


def _writing(owner: object) -> object:
    """Whoever has joined by SMS uses it before a PIN is chosen: that is asked on the phone only. One that was reset
    comes first here too."""
    if not isinstance(owner, Customer) or not owner.is_first_pin:
        return owner
    return dataclasses.replace(owner, chooses_pin=False)


def _looked_up(here: _Taken) -> dict[Need, object]:
    """What later screens would read of a look-up, were it kept."""
    found = {need.args[0]: value for need, value in here.facts.values.items() if need.name == "payee"}
    return {
        Need("looked_up", (each.reference,)): found[each.intent["phone"]]
        for each in here.turn.operations
        if each.intent.get("phone") in found
    }


def _waits(here: _Taken, yes: _Taken, answer: str, question: str, before: tuple[str, ...]) -> Waits:
    cents = amount_cents(yes.turn.operations, yes.facts)
    return Waits(here.turn.session, answer, question.rstrip(" .?"), before, yes.turn.operations, cents)


def amount_cents(operations: Iterable[Operation], facts: Facts) -> int:
    """How much money a yes is about."""
    return sum(_amount_cents(operation.intent, facts) for operation in operations)


def _amount_cents(intent: Mapping[str, Any], facts: Facts) -> int:
    if "amount_cents" in intent:
        return int(intent["amount_cents"])
    if "quote" in intent:
        return int(intent["quote"]["principal_cents"])
    asked = (value for value in facts.values.values() if isinstance(value, Asked))
    return next((each.amount_cents for each in asked if each.id == intent.get("request")), 0)


def session_of(letter_id: str) -> str:
    """The session in which a message is walked: its own."""
    return letter_id.replace("-", "")[:SESSION_CHARACTERS]
