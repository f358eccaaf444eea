"""The dialogue engine: `advance(session, answers, facts)` is the next session, the screen and the operations.

Pure: no clock, no chance, nothing read or written. The same arguments give the same turn, which is why a turn
can be taken again after a crash, a lost race or with one more fact, and why dialling ahead is nothing but
folding it over the parts up to the first gate.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from flows.kit import AFTER, HOME, RESUME, Emit, FactMissing, Flow, Gone, Refusal, Secret, Step, View
from flows.screens import Remark, Screens, choices, offered
from flows.text import plain
from flows.turn import Facts, Missing, Operation, Session, Turn, operation_id, reference
from menus.catalogue import Catalogue
from menus.screen import ROOM_SEPTETS

BACK, HOME_DIGITS, MORE = "0", "00", frozenset({"98", "#"})
STRIKES_MAX = 3
TURNS_MAX = 60
TRAIL_MAX = 12
ROUNDS_MAX = 12
"""How often the same turn is taken, each time with more facts."""
MEMBER = "customer"
SENT = "said.sent"
TOO_LONG, CHOICE, EMPTY = "long", "choice", "empty"
REASONS = (TOO_LONG, CHOICE, EMPTY)
"""What the engine says by itself: screens of `wrong.`."""

VERDICTS: Mapping[Secret, tuple[str, ...]] = {
    "pin": ("pin_format", "pin", "pin_last"),
    "new": ("pin_format", "weak", "same"),
    "again": ("pin_format", "mismatch"),
    "code": ("otp_format", "otp"),
}
"""Every name a Verdict may have that asks again, by the kind of secret."""

LOCKED = ("locked", "locked_long", "otp_over")
"""Names of a final Verdict."""

COUNTED_BY_SHELL = frozenset({"pin", "pin_last", "otp"})
"""Wrong PINs and codes are no strikes: the shell counts them over all sessions, and locks."""

PAUSED = "paused"
"""What somebody hears whose account staff have paused."""

SAID_BY_SHELL = ("newer", "busy", "busy_after", "unconfirmed", PAUSED, "moved", "answered", "uncovered")
"""Last screens of `wrong.` that no engine says: what happened around it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the shell found about a secret: `ok`, or why not (a screen of `wrong.`), with its slots."""

    name: str
    slots: Mapping[str, object] = field(default_factory=dict)
    is_final: bool = False


class Engine:
    """All flows and all words; holds no session. `view_pin` asks the PIN before money is shown."""

    def __init__(
        self, flows: Iterable[Flow], catalogue: Catalogue, *, view_pin: bool = True, room: int = ROOM_SEPTETS
    ) -> None:
        self.flows = {flow.name: flow for flow in flows}
        self.catalogue = catalogue
        self.view_pin = view_pin
        self.room = room
        self._screens = Screens(catalogue, room)

    def advance(self, session: Session, answers: tuple[str, ...], facts: Facts, *, salt: int = 0) -> Turn | Missing:
        """Take one turn of a session that is not final.

        A new session (no step yet) opens first, then folds `answers` up to the first gate. At a secret the
        answer's text is not looked at: `facts` carry the verdict as `Need("verdict")`.
        """
        following = replace(session, turn=session.turn + 1)
        if following.turn > TURNS_MAX:
            return self._ended(following, f"wrong.{TOO_LONG}")
        try:
            return self._or_home(following, facts, lambda: self._folded(following, answers, facts, salt))
        except FactMissing as missing:
            missing.__traceback__ = None  # `transitions` keeps an error: its frames would be a cycle, for the collector
            return Missing(frozenset({missing.need}))

    def is_secret(self, session: Session) -> bool:
        """Whether the session waits for a PIN."""
        return not session.is_final and self._knows(session.place) and self.step(session).kind == "secret"

    def takes_secret(self, session: Session, answers: tuple[str, ...]) -> bool:
        """Whether this answer would be a PIN: so it must be checked by the shell and never kept."""
        return self.is_secret(session) and len(answers) == 1 and answers[0] not in {BACK, HOME_DIGITS}

    def step(self, session: Session) -> Step:
        return self.flows[session.flow].steps[session.step]

    def shown(self, session: Session, place: str, facts: Facts, data: Mapping[str, Any]) -> Turn:
        """The screen of `place` (`flow.step`) outside of any answer, for what the shell has to say itself.

        Goes home when what the screen is about is gone. Raises FactMissing for a fact that `facts` lack.
        """
        flow, step = place.split(".")
        session = self._recognised(session, facts)
        there = replace(session, flow=flow, step=step, data=dict(data), page=0, offers=(), strikes=0)
        return self._or_home(session, facts, lambda: self._shown(there, facts))

    def _or_home(self, session: Session, facts: Facts, turn: Callable[[], Turn]) -> Turn:
        try:
            return turn()
        except Gone:
            return self._home(self._recognised(session, facts), facts)

    def _folded(self, session: Session, answers: tuple[str, ...], facts: Facts, salt: int) -> Turn:
        if session.step:
            turn, answers = self._first(session, answers, facts, salt)
        else:
            turn, answers = self._opened(session, answers, facts)
        for answer in answers:
            if self._stops_folding(turn):
                break
            turn = self._answered(turn.session, answer, facts, salt)
        return turn

    def _stops_folding(self, turn: Turn) -> bool:
        session = turn.session
        return session.is_final or bool(turn.operations) or session.strikes > 0 or self.step(session).is_gate

    def _first(
        self, session: Session, answers: tuple[str, ...], facts: Facts, salt: int
    ) -> tuple[Turn, tuple[str, ...]]:
        """The answer to what is on the screen; a secret is only ever a single answer."""
        if not self._knows(session.place):
            raise Gone(session.place)
        if self.is_secret(session) and len(answers) > 1:
            return self._wrong(session, Refusal("pin_format", alone=True), facts), ()
        if not answers:
            return self._wrong(session, Refusal(EMPTY), facts), ()
        return self._answered(session, answers[0], facts, salt), answers[1:]

    def _opened(self, session: Session, answers: tuple[str, ...], facts: Facts) -> tuple[Turn, tuple[str, ...]]:
        """The first screen: registration, a request under way, an unfinished conversation, or the menu.

        Digits dialled ahead are those of the menu: they go past the offers to continue, and are dropped for
        somebody who has no menu yet. Whoever has to choose a PIN does that first.
        """
        session = self._recognised(session, facts)
        customer = self._view(session, facts).fact("customer")
        if customer is not None and customer.is_paused:
            return self._ended(session, f"wrong.{PAUSED}"), ()
        if session.customer and customer.chooses_pin:
            return self._entered(session, "firstpin:" if customer.is_first_pin else "newpin:", facts), ()
        if answers and session.customer:
            return self._home(session, facts), answers
        return self._welcomed(session, facts), ()

    def _recognised(self, session: Session, facts: Facts) -> Session:
        """The session with the person behind the line; only the first turn asks who that is."""
        if session.step:
            return session
        customer = self._view(session, facts).fact("customer")
        if customer is None:
            return session
        session = replace(session, language=customer.language)
        if not customer.is_member:
            return session
        role = "" if customer.role == MEMBER else customer.role
        return replace(session, customer=customer.id, name=customer.name, role=role)

    def _welcomed(self, session: Session, facts: Facts) -> Turn:
        view = self._view(session, facts)
        if session.customer and any(not request.waits_for for request in view.fact("customer").requests):
            return self._entered(session, "resume:accepted", facts)
        previous: Session | None = view.fact("previous")
        if previous is None or not self._is_worth_resuming(session, previous):
            return self._home(session, facts)
        kept = [previous.flow, previous.step, previous.data, list(previous.trail)]
        language = session.language or previous.language
        return self._entered(replace(session, language=language, data={"kept": kept}), "resume:ask", facts)

    def _is_worth_resuming(self, session: Session, previous: Session) -> bool:
        """More than the way into a conversation was answered, by the same person, and it can be taken up."""
        return (
            not previous.is_final
            and previous.customer == session.customer
            and self._knows(previous.place)
            and self.flows[previous.flow].resumable
            and len(previous.trail) > (1 if previous.customer else 0)
        )

    def _answered(self, session: Session, answer: str, facts: Facts, salt: int) -> Turn:
        step = self.step(session)
        if answer == BACK:
            return self._back(session, facts)
        if answer == HOME_DIGITS:
            return self._home(session, facts)
        if answer in MORE and session.has_more and not (answer == "98" and step.kind == "ask"):
            return self._shown(replace(session, page=session.page + 1, strikes=0), facts)
        value = self._value(step, self._view(session, facts), answer)
        if isinstance(value, Refusal):
            return self._wrong(session, value, facts)
        if isinstance(value, Verdict):
            return self._judged(session, value, facts)
        return self._accepted(session, step, value, facts, salt)

    def _value(self, step: Step, view: View, answer: str) -> Any:
        """What the answer stands for; a Refusal or a Verdict when it cannot be taken."""
        if step.kind == "secret":
            verdict: Verdict = view.fact("verdict")
            return verdict if verdict.name != "ok" else "ok"
        if step.parse:
            return step.parse(view, answer)
        chosen = offered(view.session.offers, _digits(answer))
        return Refusal(CHOICE) if chosen is None else chosen

    def _judged(self, session: Session, verdict: Verdict, facts: Facts) -> Turn:
        """A secret that was not accepted. A second new PIN that differs starts the pair again."""
        if verdict.is_final:
            return self._ended(session, f"wrong.{verdict.name}", verdict.slots)
        if verdict.name in COUNTED_BY_SHELL:
            return self._shown(session, facts, Remark(f"wrong.{verdict.name}", verdict.slots, alone=True))
        if verdict.name == "mismatch":
            session = replace(session, step=_sibling(self.flows[session.flow], "new"))
        return self._wrong(session, Refusal(verdict.name, verdict.slots, alone=True), facts)

    def _accepted(self, session: Session, step: Step, value: Any, facts: Facts, salt: int) -> Turn:
        """Keep the answer, ask for the operation it leads to, and go on."""
        data = {**session.data, step.saves: value} if step.saves else session.data
        language = value if step.saves == "language" else session.language
        session = replace(session, data=data, language=language, strikes=0)
        view = self._view(session, facts, value)
        target = self.flows[session.flow].following(step.name, view)
        if target == step.name and "reference" in data:
            return self._shown(session, facts, Remark(SENT))  # asked for before: it comes once
        emit = step.emits(view) if step.emits else None
        if emit is None:
            session = replace(session, data=_without(data, "reference"))
            return self._followed(session, target, facts, value)
        operation = _operation(session, emit, salt)
        session = replace(session, data={**data, "reference": operation.reference})
        turn = self._followed(session, target, facts, value)
        return Turn(turn.session, turn.screen, (operation,))

    def _followed(self, session: Session, target: str, facts: Facts, value: Any) -> Turn:
        """Go where the answer leads, remembering the way back to a question that can be asked again."""
        if target == session.step:
            return self._shown(session, facts, Remark(SENT))
        if self.step(session).kind in {"ask", "choose"} and session.flow != "resume":
            session = replace(session, trail=(*session.trail, session.place)[-TRAIL_MAX:])
        return self._entered(session, target, facts, value)

    def _entered(self, session: Session, target: str, facts: Facts, answer: Any = None) -> Turn:
        if target == HOME:
            return self._home(session, facts)
        if target == RESUME:
            return self._resumed(session, facts)
        if target == AFTER:
            target = session.data["after"]
            session = replace(session, data=_without(session.data, "after"), viewed=True)
        flow, name = self._place(session.flow, target)
        if self.flows[flow].private and self.view_pin and not session.viewed:
            session = replace(session, data={**session.data, "after": f"{flow}:{name}"})
            flow, name = self._place("view", "view:")
        data = session.data if flow == "resume" else _without(session.data, "kept")
        session = replace(session, flow=flow, step=name, page=0, data=data, offers=())
        step = self.step(session)
        if step.kind != "decide":
            return self._shown(session, facts)
        return self._entered(session, self.flows[flow].following(name, self._view(session, facts, answer)), facts)

    def _place(self, flow: str, target: str) -> tuple[str, str]:
        """A target as flow and step. Raises Gone for one that is no more (a newer version of the flows)."""
        if ":" in target:
            flow, target = target.split(":")
        if flow not in self.flows:
            raise Gone(flow)
        name = target or self.flows[flow].first
        if name not in self.flows[flow].steps:
            raise Gone(f"{flow}.{name}")
        return flow, name

    def _shown(self, session: Session, facts: Facts, remark: Remark | None = None) -> Turn:
        """The screen of the session's step, with what is offered and quoted bound into the session."""
        step = self.step(session)
        session = replace(session, data={**session.data, **step.binds(self._view(session, facts))})
        shown = self._screens.of(step, self._view(session, facts), remark)
        screen = shown.screen
        if screen.is_final:
            return Turn(_closed(session), screen)
        session = replace(
            session,
            offers=shown.offers,
            page=screen.page,
            has_more=screen.has_more,
            version=self.catalogue.version,
        )
        return Turn(session, screen)

    def _wrong(self, session: Session, refusal: Refusal, facts: Facts) -> Turn:
        """Ask again with the reason; the third time in a row ends kindly."""
        step = self.step(session)
        if session.strikes + 1 >= STRIKES_MAX:
            return self._ended(session, f"wrong.{step.gives_up}")
        if step.kind == "choose":
            said = choices(session.offers, self.catalogue.language(session.language))
            refusal = Refusal(CHOICE, {"choices": said})
        remark = Remark(f"wrong.{refusal.reason}", refusal.slots, refusal.alone)
        return self._shown(replace(session, strikes=session.strikes + 1), facts, remark)

    def _ended(self, session: Session, key: str, slots: Mapping[str, object] | None = None) -> Turn:
        return Turn(_closed(session), self._screens.last(session.language, key, slots or {}))

    def _back(self, session: Session, facts: Facts) -> Turn:
        session = replace(session, strikes=0)
        if session.page:
            return self._shown(replace(session, page=session.page - 1), facts)
        if not session.trail:
            return self._home(session, facts)
        *trail, place = session.trail
        return self._entered(replace(session, trail=tuple(trail)), place.replace(".", ":"), facts)

    def _home(self, session: Session, facts: Facts) -> Turn:
        session = replace(session, data={}, trail=(), strikes=0)
        return self._entered(session, "menu:" if session.customer else "register:", facts)

    def _resumed(self, session: Session, facts: Facts) -> Turn:
        """Back to the last question that is not a secret, with everything on the way to it bound afresh."""
        flow, step, data, trail = session.data["kept"]
        trail = [*trail, f"{flow}.{step}"]
        while trail and self._is_secret_place(trail[-1]):
            trail.pop()
        if not trail:
            return self._home(session, facts)
        session = replace(session, data=data)
        for place in trail[:-1]:
            session = self._bound_again(session, place, facts)
        return self._entered(replace(session, trail=tuple(trail[:-1])), trail[-1].replace(".", ":"), facts)

    def _bound_again(self, session: Session, place: str, facts: Facts) -> Session:
        flow, step = self._place(*place.split("."))
        bound = self.flows[flow].steps[step].binds(self._view(session, facts))
        return replace(session, data={**session.data, **bound})

    def _is_secret_place(self, place: str) -> bool:
        flow, step = self._place(*place.split("."))
        return self.flows[flow].steps[step].kind == "secret"

    def _knows(self, place: str) -> bool:
        flow, _, step = place.partition(".")
        return flow in self.flows and step in self.flows[flow].steps

    def _view(self, session: Session, facts: Facts, answer: Any = None) -> View:
        return View(session, facts, answer, self.catalogue.names)


def _operation(session: Session, emit: Emit, salt: int) -> Operation:
    identity = operation_id(session.id, session.turn, emit.kind)
    name = reference(emit.prefix, identity, salt)
    return Operation(identity, emit.kind, name, session.customer, emit.intent, emit.exclusive)


def _closed(session: Session) -> Session:
    """The session after its last screen: nothing of the conversation is kept."""
    return replace(session, is_final=True, data={}, trail=(), offers=(), page=0, has_more=False)


def _digits(answer: str) -> str:
    """`01` and `1.` are `1`."""
    return plain(answer).rstrip(".").lstrip("0") or answer


def _without(data: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name != key} if key in data else data


def _sibling(flow: Flow, kind: str) -> str:
    return next(step.name for step in flow.steps.values() if step.kind == "secret" and step.secret == kind)
