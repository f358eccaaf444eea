"""What flows are made of: four kinds of step (`ask`, `choose`, `secret`, `end`), and `decide`, without a screen.

A flow is a list of steps, compiled once into one shared `transitions` machine with no model registered;
an answer fires the event of the value chosen, or `answer`, on a throw-away cursor. A target is a step of the
same flow, another flow (`repay:` for its first step, `repay:amount` for a later one), or one of `SPECIAL`.

Guards ask and return; they never change anything. A step that needs a fact calls `view.fact(...)`: when it is
not there yet the turn is taken again with it, so nothing is read for a step that asks for nothing.

Steps say beforehand what they may show (`variants` of words, `labels`, reasons they `refuse` for), so that
`flows.check` can prove that every word has a step and every step its words.
"""

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

import msgspec
from transitions import EventData, Machine, Transition

from flows.turn import Facts, Need, Session

Kind = Literal["ask", "choose", "secret", "end", "decide"]
Secret = Literal["pin", "new", "again", "code"]
Place = Literal["none", "back", "home", "home_only"]

HOME = "home:"
AFTER = "after:"
RESUME = "resumed:"
SPECIAL = frozenset({HOME, AFTER, RESUME})
PLACEHOLDER = "*"
PIN: Secret = "pin"
CODE: Secret = "code"
ANSWER = "answer"
GIVEN_UP = "third"


class Gone(LookupError):
    """What the session refers to is no longer there (a loan paid off meanwhile): the engine goes home."""


class FactMissing(LookupError):
    """A step asked for a fact the turn does not have yet."""

    def __init__(self, need: Need) -> None:
        super().__init__(need.name)
        self.need = need


class View(msgspec.Struct, frozen=True):
    """What a step may look at: the session, its answers so far, the last answer, facts, and the languages.

    `languages` are all that can be chosen: code and own name.
    """

    session: Session
    facts: Facts
    answer: Any = None
    languages: Mapping[str, str] = {}

    @property
    def data(self) -> Mapping[str, Any]:
        return self.session.data

    def fact(self, name: str, *args: Any) -> Any:
        need, facts = Need(name, args), self.facts
        if need in facts.values:
            return facts.values[need]
        if name in facts.computed:
            return facts.computed[name](*args)
        raise FactMissing(need)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that cannot be taken: the screen `wrong.<reason>` says what would be right.

    `alone` replaces the whole screen (its own text asks again); otherwise the reason stands above it.
    """

    reason: str
    slots: Mapping[str, object] = field(default_factory=dict)
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """One choice of a list: what it stands for, which label to write, and the label's slots."""

    value: str
    label: str = ""
    slots: Mapping[str, object] = field(default_factory=dict)
    digits: str = ""


@dataclass(frozen=True, slots=True)
class Emit:
    """An operation a step asks for once its answer is accepted. The engine gives it id and reference."""

    kind: str
    prefix: str
    intent: Mapping[str, Any]
    exclusive: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Where a step is written, for whoever has to find it."""

    path: str = ""
    line: int = 0


Guard = Callable[[View], bool]
Slots = Callable[[View], Mapping[str, object]]
Parse = Callable[[View, str], Any]
Next = str | Mapping[str, str] | Iterable[tuple[Guard | None, str]]


def _nothing(_: View) -> Mapping[str, object]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a flow; made by the functions below.

    `variants` are the names of its texts when there are several (`words` picks one), `labels` those of its
    offers and lines, `refuses` the reasons its answers may be refused for. `gives_up` is the last screen of
    the third miss in a row. `confirms` marks a screen that has to be seen before it is answered. `purpose` says
    which one-time code a secret of that kind asks for.
    """

    name: str
    kind: Kind
    branches: tuple[tuple[Guard | None, str], ...] = ()
    choices: tuple[str, ...] = ()
    slots: Slots = _nothing
    words: Callable[[View], str] | None = None
    variants: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    refuses: tuple[str, ...] = ()
    gives_up: str = GIVEN_UP
    parse: Parse | None = None
    saves: str = ""
    offers: Callable[[View], Iterable[Offer]] | None = None
    lines: Callable[[View], Iterable[Offer]] | None = None
    binds: Slots = _nothing
    emits: Callable[[View], Emit | None] | None = None
    secret: Secret = PIN
    purpose: str = ""
    confirms: bool = False
    place: Place = "home"
    source: Source = field(default_factory=Source, compare=False)

    @property
    def is_gate(self) -> bool:
        """Dialled-ahead answers stop here: a secret, a confirmation, or anything that changes the world."""
        return self.kind == "secret" or self.confirms or self.emits is not None

    @property
    def is_list(self) -> bool:
        """Whether its length is not known beforehand, so that it may take several pages."""
        return self.lines is not None or (self.offers is not None and bool(self.labels) and not self.choices)

    @property
    def texts(self) -> tuple[str, ...]:
        """The names of everything it may say; a step without a screen says nothing."""
        return () if self.kind == "decide" else self.variants or (self.name,)

    def text(self, view: View) -> str:
        return self.words(view) if self.words else self.name


def ask(name: str, *, parse: Parse, to: Next, saves: str | None = None, **options: Any) -> Step:
    """A question answered by typing. `parse` returns the value or a `Refusal`; `saves=""` keeps nothing."""
    kept = name if saves is None else saves
    return Step(name, "ask", _branches(to), parse=parse, saves=kept, source=_source(), **options)


def choose(name: str, *, to: Next, saves: str = "", labels: Iterable[str] | None = None, **options: Any) -> Step:
    """A list of choices. Without `offers` the choices are the labels of its words, in their order.

    A mapping `to` goes by the value chosen, `*` standing for any other; its keys are the labels unless `labels`
    names them. `lines` add text below the body, written with labels too (a schedule's rows).
    """
    choices = tuple(value for value in to if value != PLACEHOLDER) if isinstance(to, Mapping) else ()
    named = choices if labels is None else tuple(labels)
    return Step(name, "choose", _branches(to), choices, labels=named, saves=saves, source=_source(), **options)


def secret(name: str, *, to: Next, kind: Secret = PIN, **options: Any) -> Step:
    """A PIN or a one-time code. The shell checks it; the flow sees only the verdict, never the digits."""
    return Step(name, "secret", _branches(to), secret=kind, source=_source(), **options)


def end(name: str, **options: Any) -> Step:
    """The last screen."""
    return Step(name, "end", source=_source(), **options)


def decide(name: str, to: Iterable[tuple[Guard | None, str]]) -> Step:
    """No screen: goes on to the first target whose guard holds (`None` always does)."""
    return Step(name, "decide", _branches(to), source=_source())


def _source() -> Source:
    """Where the step is made: the caller of the function that made it."""
    frame = sys._getframe(2)
    return Source(frame.f_code.co_filename, frame.f_lineno)


def _branches(to: Next) -> tuple[tuple[Guard | None, str], ...]:
    if isinstance(to, str):
        return ((None, to),)
    if isinstance(to, Mapping):
        named = [(_is_chosen(value), target) for value, target in to.items() if value != PLACEHOLDER]
        return (*named, *((None, to[value]) for value in (PLACEHOLDER,) if value in to))
    return tuple(to)


def _is_chosen(value: str) -> Guard:
    return lambda view: bool(view.answer == value)


class _Guarded(Transition):
    """A transition without callbacks: a guard and a target."""

    def execute(self, event_data: EventData) -> bool:
        guards: Any = self.conditions
        if not all(guard.func(event_data) for guard in guards):
            return False
        cursor: Any = event_data.model
        cursor.state = self.dest
        return True


class _Machine(Machine):
    transition_cls = _Guarded


class _Cursor:
    """What the shared machine moves: a state and what its guards may look at."""

    __slots__ = ("state", "view")

    def __init__(self, state: str, view: View) -> None:
        self.state = state
        self.view = view


class Flow:
    """One conversation: its steps by name, compiled into one machine that every session shares.

    `private` flows show money: the PIN is asked before them. A `resumable` one is offered again after a drop.
    """

    def __init__(self, name: str, steps: Iterable[Step], *, private: bool = False, resumable: bool = False) -> None:
        self.name = name
        self.steps = _by_name(name, steps)
        self.first = next(iter(self.steps))
        self.private = private
        self.resumable = resumable
        self._machine = _compiled(self.steps)

    def edges(self) -> Iterable[tuple[str, str]]:
        """Every way from a step to a target, for checks and diagrams."""
        return ((step.name, target) for step in self.steps.values() for _, target in step.branches)

    def following(self, step: str, view: View) -> str:
        """Where an accepted answer leads. Raises RuntimeError if no branch of the step applies."""
        cursor = _Cursor(step, view)
        event = _chosen(view.answer) if view.answer in self.steps[step].choices else ANSWER
        if not self._machine.events[event].trigger(cursor):
            raise RuntimeError(f"{self.name}.{step}: no branch applies to the answer")
        return cursor.state


def _by_name(flow: str, steps: Iterable[Step]) -> Mapping[str, Step]:
    named: dict[str, Step] = {}
    for step in steps:
        if named.setdefault(step.name, step) is not step:
            raise ValueError(f"{step.source.path}:{step.source.line}: {flow}.{step.name} is there twice")
    return named


def _compiled(steps: Mapping[str, Step]) -> _Machine:
    targets = {target for step in steps.values() for _, target in step.branches}
    machine = _Machine(
        model=None,
        states=[*steps, *sorted(targets - set(steps))],
        initial=next(iter(steps)),
        auto_transitions=False,
        send_event=True,
    )
    for step in steps.values():
        for value, (_, target) in zip(step.choices, step.branches, strict=False):
            machine.add_transition(_chosen(value), step.name, target)
        for guard, target in step.branches:
            machine.add_transition(ANSWER, step.name, target, conditions=[_condition(guard)] if guard else None)
    return machine


def _chosen(value: str) -> str:
    """The event of a value: found by its name, however many there are to choose from."""
    return f"chosen:{value}"


def _condition(guard: Guard) -> Callable[[EventData], bool]:
    def holds(event: EventData) -> bool:
        cursor: Any = event.model
        return guard(cursor.view)

    return holds
