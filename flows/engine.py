"""The dialogue engine: `advance(session, answers, facts)` gives the next session, the screen and the operations.

Pure: no clock, no chance, nothing read or written. The same arguments give the same turn, which is why a turn
can be taken again after a crash, a lost race or with one more fact, and why dialling ahead is nothing but folding
it over the parts up to the first gate.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from msgspec.structs import replace

from flows.kit import AFTER, HOME, RESUME, SPECIAL, Emit, FactMissing, Flow, Gone, Offer, Refusal, Step, View
from flows.text import plain
from flows.turn import Facts, Missing, Operation, Session, Turn, operation_id, reference
from menus.catalogue import Catalogue, Language, Words
from menus.screen import ROOM_SEPTETS, Option, final, paged

BACK, HOME_DIGITS, MORE = "0", "00", frozenset({"98", "#"})
STRIKES_MAX = 3
TURNS_MAX = 60
TRAIL_MAX = 12


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

    def advance(
        self, session: Session, answers: tuple[str, ...], facts: Facts, *, salt: int = 0
    ) -> Turn | Missing:
        """Take one turn. A new session (no step yet) opens first, then folds `answers` up to the first gate.

        At a secret the answer's text is not looked at: `facts` carry the verdict as `Need("verdict")`.
        """
        following = replace(session, turn=session.turn + 1)
        try:
            try:
                return self._advanced(following, answers, facts, salt)
            except Gone:
                return self._home(following, facts)
        except FactMissing as missing:
            return Missing(frozenset({missing.need}))

    def is_secret(self, session: Session) -> bool:
        return bool(session.step) and self.step(session).kind == "secret"

    def takes_secret(self, session: Session, answers: tuple[str, ...]) -> bool:
        """Whether this answer would be a PIN: so it must be checked by the shell and never kept."""
        return self.is_secret(session) and len(answers) == 1 and answers[0] not in {BACK, HOME_DIGITS}

    def step(self, session: Session) -> Step:
        return self.flows[session.flow].steps[session.step]

    def shown(self, session: Session, place: str, facts: Facts, data: Mapping[str, Any]) -> Turn:
        """The screen of `place` (`flow.step`) outside of any answer, for what the shell has to say itself."""
        flow, step = place.split(".")
        return self._shown(replace(session, flow=flow, step=step, data=dict(data), page=0), facts)

    def _advanced(self, session: Session, answers: tuple[str, ...], facts: Facts, salt: int) -> Turn:
        if session.turn > TURNS_MAX:
            return self._ended(session, "wrong.long")
        if session.step:
            turn, answers = self._first(session, answers, facts, salt)
        else:
            turn = self._opened(session, facts, dialled_ahead=bool(answers))
        for answer in answers:
            if self._stops_folding(turn):
                break
            turn = self._answered(turn.session, answer, facts, salt)
        return turn

    def _first(
        self, session: Session, answers: tuple[str, ...], facts: Facts, salt: int
    ) -> tuple[Turn, tuple[str, ...]]:
        """The answer to what is on the screen; a secret is only ever a single answer."""
        if not answers or (self.is_secret(session) and len(answers) > 1):
            return self._wrong(session, Refusal("empty"), facts), ()
        return self._answered(session, answers[0], facts, salt), answers[1:]

    def _stops_folding(self, turn: Turn) -> bool:
        session = turn.session
        return session.is_final or bool(turn.operations) or session.strikes > 0 or self.step(session).is_gate

    def _answered(self, session: Session, answer: str, facts: Facts, salt: int) -> Turn:
        step = self.step(session)
        if answer in {BACK, HOME_DIGITS} and step.place != "none":
            return self._back(session, facts) if answer == BACK else self._home(session, facts)
        if answer in MORE and session.has_more and (step.kind != "ask" or answer == "#"):
            return self._shown(replace(session, page=session.page + 1, strikes=0), facts)
        view = View(session, facts, session.data)
        value = self._value(step, view, answer)
        if isinstance(value, Refusal):
            return self._wrong(session, value, facts)
        if isinstance(value, Verdict):
            return self._judged(session, value, facts)
        return self._accepted(session, step, value, facts, salt)

    def _value(self, step: Step, view: View, answer: str) -> Any:
        if step.kind == "secret":
            verdict: Verdict = view.fact("verdict")
            return verdict if verdict.name != "ok" else "ok"
        if step.kind == "choose":
            return _offered(view.session.offers, answer)
        assert step.parse is not None
        return step.parse(view, answer)

    def _judged(self, session: Session, verdict: Verdict, facts: Facts) -> Turn:
        """A secret that was not accepted. A second new PIN that differs starts the pair again."""
        if verdict.is_final:
            return self._ended(session, f"wrong.{verdict.name}", verdict.slots)
        if verdict.name == "mismatch":
            session = replace(session, step=_sibling(self.flows[session.flow], "new"))
        return self._wrong(session, Refusal(verdict.name, verdict.slots, alone=True), facts)

    def _accepted(self, session: Session, step: Step, value: Any, facts: Facts, salt: int) -> Turn:
        data = {**session.data, step.saves: value} if step.saves else session.data
        language = value if step.saves == "language" else session.language
        session = replace(session, data=data, language=language, strikes=0)
        view = View(session, facts, data, value)
        emit = step.emits(view) if step.emits else None
        operations: tuple[Operation, ...] = ()
        if emit:
            operations = (_operation(session, emit, salt),)
            session = replace(session, data={**data, "reference": operations[0].reference})
            view = View(session, facts, session.data, value)
        target = self.flows[session.flow].following(step.name, view)
        turn = self._gone(session, step, target, facts, value)
        return Turn(turn.session, turn.screen, operations)

    def _gone(self, session: Session, step: Step, target: str, facts: Facts, answer: Any) -> Turn:
        """Follow `target`, remembering the way back to a step that can be asked again."""
        if target not in SPECIAL and ":" not in target and target == step.name:
            return self._shown(replace(session, page=0), facts)
        if step.kind in {"ask", "choose"}:
            session = replace(session, trail=(*session.trail, session.place)[-TRAIL_MAX:])
        return self._entered(session, target, facts, answer)

    def _entered(self, session: Session, target: str, facts: Facts, answer: Any = None) -> Turn:
        if target == HOME:
            return self._home(session, facts)
        if target == AFTER:
            data = dict(session.data)
            target = data.pop("after")
            session = replace(session, data=data, viewed=True)
        if target == RESUME:
            return self._resumed(session, facts)
        flow, _, name = target.partition(":") if ":" in target else (session.flow, "", target)
        name = name or self.flows[flow].first
        if self.flows[flow].private and self.view_pin and not session.viewed:
            session = replace(session, data={**session.data, "after": f"{flow}:{name}"})
            flow, name = "view", self.flows["view"].first
        data = {key: value for key, value in session.data.items() if key != "kept" or flow == "resume"}
        session = replace(session, flow=flow, step=name, page=0, data=data)
        step = self.step(session)
        if step.kind != "decide":
            return self._shown(session, facts)
        following = self.flows[flow].following(name, View(session, facts, session.data, answer))
        return self._entered(session, following, facts, answer)

    def _shown(self, session: Session, facts: Facts, refusal: Refusal | None = None) -> Turn:
        """The screen of the session's step, with what is offered bound into the session."""
        step = self.step(session)
        view = View(session, facts, session.data)
        session = replace(session, data={**session.data, **step.binds(view)})
        view = View(session, facts, session.data)
        words = self.catalogue.words(session.language, f"{session.flow}.{self._words(step, view)}")
        options = self._options(step, view, words)
        body = self._body(words, step, view, refusal)
        session = replace(session, version=self.catalogue.version, offers=_bound(options))
        if step.kind == "end":
            return Turn(replace(session, is_final=True, data={}, trail=(), offers=()), final(body, self.room))
        language = self.catalogue.language(session.language)
        shown_options = () if refusal and refusal.alone else options
        screen = paged(body, shown_options, language.navigation(step.place), session.page, self.room)
        return Turn(replace(session, has_more=screen.has_more), screen)

    def _words(self, step: Step, view: View) -> str:
        return step.words(view) if step.words else step.name

    def _body(self, words: Words, step: Step, view: View, refusal: Refusal | None) -> str:
        language = self.catalogue.language(view.session.language)
        slots = step.slots(view)
        lines = [words.text.filled(slots, language)]
        lines += [_label(words, line, slots, language) for line in (step.lines(view) if step.lines else ())]
        if refusal is None:
            return "\n".join(lines)
        reason = self.catalogue.words(view.session.language, f"wrong.{refusal.reason}").text
        said = reason.filled({**slots, **refusal.slots}, language)
        return said if refusal.alone else "\n".join([said, *lines])

    def _options(self, step: Step, view: View, words: Words) -> tuple[Option, ...]:
        if step.kind != "choose":
            return ()
        offers = tuple(step.offers(view)) if step.offers else tuple(Offer(value) for value in words.options)
        slots, language = step.slots(view), self.catalogue.language(view.session.language)
        return tuple(
            Option(offer.digits or str(number), offer.value, _label(words, offer, slots, language))
            for number, offer in enumerate(offers, start=1)
        )

    def _wrong(self, session: Session, refusal: Refusal, facts: Facts) -> Turn:
        """Ask again with the reason; the third time in a row ends kindly."""
        if session.strikes + 1 >= STRIKES_MAX:
            return self._ended(session, "wrong.third")
        if refusal.reason == "choice":
            language = self.catalogue.language(session.language)
            refusal = Refusal("choice", {"choices": listed(_digits(session.offers), language.listing)})
        return self._shown(replace(session, strikes=session.strikes + 1), facts, refusal)

    def _ended(self, session: Session, key: str, slots: Mapping[str, object] = MappingProxyType({})) -> Turn:
        body = self.catalogue.words(session.language, key).text.filled(
            slots, self.catalogue.language(session.language)
        )
        return Turn(replace(session, is_final=True, data={}, trail=(), offers=()), final(body, self.room))

    def _back(self, session: Session, facts: Facts) -> Turn:
        session = replace(session, strikes=0)
        if session.page:
            return self._shown(replace(session, page=session.page - 1), facts)
        if not session.trail:
            return self._home(session, facts)
        flow, step = session.trail[-1].split(".")
        return self._entered(replace(session, trail=session.trail[:-1]), f"{flow}:{step}", facts)

    def _home(self, session: Session, facts: Facts) -> Turn:
        session = replace(session, data={}, trail=(), strikes=0)
        return self._entered(session, "menu:" if session.customer else "register:", facts)

    def _opened(self, session: Session, facts: Facts, *, dialled_ahead: bool) -> Turn:
        """The first screen: registration, a request under way, an unfinished conversation, or the menu."""
        view = View(session, facts, {})
        customer = view.fact("customer")
        if customer is not None and customer.is_member:
            session = replace(session, customer=customer.id, name=customer.name)
        if customer is not None:
            session = replace(session, language=customer.language)
        if dialled_ahead:
            return self._home(session, facts)
        if session.customer and customer.requests:
            return self._entered(session, "resume:accepted", facts)
        if self._worth_resuming(session, view.fact("previous")):
            previous = view.fact("previous")
            kept = [previous.flow, previous.step, previous.data, list(previous.trail)]
            language = session.language or previous.language
            return self._entered(
                replace(session, language=language, data={"kept": kept}), "resume:ask", facts
            )
        return self._home(session, facts)

    def _worth_resuming(self, session: Session, previous: Session | None) -> bool:
        return (
            previous is not None
            and not previous.is_final
            and previous.customer == session.customer
            and previous.flow in self.flows
            and self.flows[previous.flow].resumable
            and len(previous.trail) > (1 if previous.customer else 0)
        )

    def _resumed(self, session: Session, facts: Facts) -> Turn:
        """Back to the last question that is not a secret, asked with fresh figures."""
        flow, step, data, trail = session.data["kept"]
        trail = [*trail, f"{flow}.{step}"]
        while trail and self._is_secret_place(trail[-1]):
            trail.pop()
        if not trail:
            return self._home(session, facts)
        flow, step = trail.pop().split(".")
        return self._entered(replace(session, data=data, trail=tuple(trail)), f"{flow}:{step}", facts)

    def _is_secret_place(self, place: str) -> bool:
        flow, step = place.split(".")
        return self.flows[flow].steps[step].kind == "secret"


def _label(words: Words, offer: Offer, slots: Mapping[str, object], language: Language) -> str:
    """An option's words: its own slots over those of its step."""
    return words.options[offer.label or offer.value].filled({**slots, **offer.slots}, language)


def _operation(session: Session, emit: Emit, salt: int) -> Operation:
    identity = operation_id(session.id, session.turn, emit.kind)
    name = reference(emit.prefix, identity, salt)
    return Operation(identity, emit.kind, name, session.customer, emit.intent, emit.exclusive)


def _offered(offers: tuple[str, ...], answer: str) -> str | Refusal:
    """What the digits stood for when they were shown. `01` and `1.` are `1`."""
    digits = plain(answer).rstrip(".").lstrip("0") or answer
    chosen = dict(offer.split("=", 1) for offer in offers).get(digits)
    return Refusal("choice") if chosen is None else chosen


def _bound(options: tuple[Option, ...]) -> tuple[str, ...]:
    return tuple(f"{option.digits}={option.value}" for option in options)


def _digits(offers: tuple[str, ...]) -> list[str]:
    return [offer.split("=", 1)[0] for offer in offers]


def listed(items: list[str], words: tuple[str, str]) -> str:
    """`1, 2 or 3` with the language's separator and last word; long runs as `1-9`."""
    separator, last = words
    if len(items) > 4:
        return f"{items[0]}-{items[-1]}"
    return last.join([separator.join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)


def _sibling(flow: Flow, kind: str) -> str:
    return next(step.name for step in flow.steps.values() if step.kind == "secret" and step.secret == kind)
