"""What flows are made of: four kinds of step (`ask`, `choose`, `secret`, `end`) and `decide`, which has no screen.

A flow is a list of steps, compiled once into one shared `transitions` machine with no model registered;
an answer fires `machine.events["answer"]` on a throw-away cursor. A target is a step of the same flow, another
flow (`repay:` for its first step, `repay:amount` for a later one), or one of the places of `SPECIAL`.

Guards ask and return; they never change anything. A step that needs a fact calls `view.fact(...)`: when it is
not there yet the turn is taken again with it, so nothing is read for a step that asks for nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from transitions import EventData, Machine

from flows.turn import Facts, Need, Session

Kind = Literal["ask", "choose", "secret", "end", "decide"]
Secret = Literal["pin", "new", "again"]
Place = Literal["none", "back", "home", "home_only"]

HOME = "home:"
AFTER = "after:"
RESUME = "resumed:"
SPECIAL = frozenset({HOME, AFTER, RESUME})
PLACEHOLDER = "*"


class Gone(LookupError):
    """What the session refers to is no longer there (a loan paid off meanwhile): the engine goes home."""


class FactMissing(LookupError):
    """A step asked for a fact the turn does not have yet."""

    def __init__(self, need: Need) -> None:
        super().__init__(need.name)
        self.need = need


@dataclass(frozen=True, slots=True)
class View:
    """What a step may look at: the session, the answers so far, the last answer, and facts."""

    session: Session
    facts: Facts
    data: Mapping[str, Any]
    answer: Any = None

    def fact(self, name: str, *args: Any) -> Any:
        need = Need(name, args)
        try:
            return self.facts.values[need]
        except KeyError:
            raise FactMissing(need) from None


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


Guard = Callable[[View], bool]
Slots = Callable[[View], Mapping[str, object]]
Parse = Callable[[View, str], Any]
Next = str | Mapping[str, str] | Iterable[tuple[Guard | None, str]]


def _nothing(_: View) -> Mapping[str, object]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a flow; made by the functions below."""

    name: str
    kind: Kind
    branches: tuple[tuple[Guard | None, str], ...] = ()
    slots: Slots = _nothing
    words: Callable[[View], str] | None = None
    parse: Parse | None = None
    saves: str = ""
    offers: Callable[[View], Iterable[Offer]] | None = None
    lines: Callable[[View], Iterable[Offer]] | None = None
    binds: Slots = _nothing
    emits: Callable[[View], Emit | None] | None = None
    secret: Secret = "pin"
    confirms: bool = False
    place: Place = "home"

    @property
    def is_gate(self) -> bool:
        """Dialled-ahead answers stop here: a secret, a confirmation, or anything that changes the world."""
        return self.kind == "secret" or self.confirms or self.emits is not None


def ask(name: str, *, parse: Parse, to: Next, saves: str | None = None, **options: Any) -> Step:
    """A question answered by typing. `parse` returns the value or a `Refusal`; `saves=""` keeps nothing."""
    return Step(name, "ask", _branches(to), parse=parse, saves=name if saves is None else saves, **options)


def choose(name: str, *, to: Next, saves: str = "", **options: Any) -> Step:
    """A list of choices. Without `offers` the choices are the labels of its words, in their order.

    `lines` add text below the body, written with labels too (a schedule's rows). A mapping `to` goes by the value chosen; `*` stands for any value not named.
    """
    return Step(name, "choose", _branches(to), saves=saves, **options)


def secret(name: str, *, to: Next, kind: Secret = "pin", **options: Any) -> Step:
    """A PIN. The shell checks it; the flow sees only the verdict, never the digits."""
    return Step(name, "secret", _branches(to), secret=kind, **options)


def end(name: str, **options: Any) -> Step:
    """The last screen."""
    return Step(name, "end", **options)


def decide(name: str, to: Iterable[tuple[Guard | None, str]]) -> Step:
    """No screen: goes on to the first target whose guard holds (`None` always does)."""
    return Step(name, "decide", _branches(to))


def _branches(to: Next) -> tuple[tuple[Guard | None, str], ...]:
    if isinstance(to, str):
        return ((None, to),)
    if isinstance(to, Mapping):
        return tuple(
            (None if value == PLACEHOLDER else _chosen(value), target) for value, target in to.items()
        )
    return tuple(to)


def _chosen(value: str) -> Guard:
    return lambda view: bool(view.answer == value)


class _Cursor:
    """What the shared machine moves: a state and what its guards may look at."""

    __slots__ = ("state", "view")

    def __init__(self, state: str, view: View) -> None:
        self.state = state
        self.view = view


class Flow:
    """One conversation: its steps by name, compiled into one machine that every session shares."""

    def __init__(
        self, name: str, steps: Iterable[Step], *, private: bool = False, resumable: bool = False
    ) -> None:
        self.name = name
        self.steps = {step.name: step for step in steps}
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
        if not self._machine.events["answer"].trigger(cursor):
            raise RuntimeError(f"{self.name}.{step}: no branch applies to the answer")
        return cursor.state


def _compiled(steps: Mapping[str, Step]) -> Machine:
    targets = {target for step in steps.values() for _, target in step.branches}
    machine = Machine(
        model=None,
        states=[*steps, *sorted(targets - set(steps))],
        initial=next(iter(steps)),
        auto_transitions=False,
        send_event=True,
    )
    for step in steps.values():
        for guard, target in step.branches:
            machine.add_transition(
                "answer", step.name, target, conditions=[_condition(guard)] if guard else None
            )
    return machine


def _condition(guard: Guard) -> Callable[[EventData], bool]:
    return lambda event: guard(event.model.view)
