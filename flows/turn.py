"""The values of one turn: the session that goes in, the facts it may use, and what comes out.

Everything is frozen; a turn returns new values. Nothing here knows Redis, SQL or HTTP.
"""

import hashlib
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from menus.screen import Screen

_NAMESPACE = uuid.UUID("4f0b6c1e-7a57-5d3e-9d6b-6e796f746131")
_REFERENCE_ALPHABET = "23456789BCDFGHJKLMNPQRSTVWXZ"
_REFERENCE_LETTERS = 5
SALTS_MAX = 5
"""So many references are tried before nobody believes any more that they are all taken."""


class Session(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """Where a conversation stands. Small (under 1 KiB packed), without PIN, phone number or typed text.

    `offers` are the choices as shown, `digits=value`, so that a list that changes later never changes what
    `2` meant. `trail` is the way back, `flow.step` each. `data` holds the answers given so far. `role` is what
    somebody on the staff is; it shows them more, and permits nothing: whatever acts looks again.
    """

    id: str
    turn: int = 0
    flow: str = ""
    step: str = ""
    language: str = ""
    customer: str = ""
    name: str = ""
    data: dict[str, Any] = {}
    offers: tuple[str, ...] = ()
    trail: tuple[str, ...] = ()
    page: int = 0
    strikes: int = 0
    has_more: bool = False
    viewed: bool = False
    is_final: bool = False
    version: str = ""
    role: str = ""

    @property
    def place(self) -> str:
        return f"{self.flow}.{self.step}"


class Need(msgspec.Struct, frozen=True):
    """A fact a step asks for, with what it depends on: `Need("quote", ("quick", 200000))`."""

    name: str
    args: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """What a turn may know: the moment (local time), local, dated values by `Need`, and what can be computed from a
    need's arguments alone, by name."""

    now: datetime
    values: Mapping[Need, Any] = field(default_factory=dict)
    computed: Mapping[str, Callable[..., Any]] = field(default_factory=dict)

    def with_values(self, more: Mapping[Need, Any]) -> "Facts":
        return Facts(self.now, {**self.values, **more}, self.computed)


@dataclass(frozen=True, slots=True)
class Operation:
    """A durable intention to change something outside the session.

    `intent` is what the customer asked, not what we derive from it: the same id with another intent is an
    error. `exclusive` names what only one open operation may do at a time, for instance `loan:<customer>`.
    """

    id: str
    kind: str
    reference: str
    customer: str
    intent: Mapping[str, Any]
    exclusive: str | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """What one input led to: the next session, what to show, what to do."""

    session: Session
    screen: Screen
    operations: tuple[Operation, ...] = ()


@dataclass(frozen=True, slots=True)
class Missing:
    """Instead of a turn: these facts are needed first. Gather them and take the same turn again."""

    needs: frozenset[Need]


def operation_id(session: str, turn: int, kind: str) -> str:
    """The same intention has the same id, however often its turn is taken."""
    return str(uuid.uuid5(_NAMESPACE, f"{session}:{turn}:{kind}"))


def reference(prefix: str, operation: str, salt: int = 0) -> str:
    """A short name people can read out: `LN7K2QD`. Computed, so that a repeated turn says the same.

    No vowels and nothing that looks like something else. Two operations may collide: storage refuses the
    second, and the turn is taken again with another `salt`.
    """
    number = int.from_bytes(hashlib.sha256(f"{operation}:{salt}".encode()).digest()[:8])
    letters = []
    for _ in range(_REFERENCE_LETTERS):
        number, index = divmod(number, len(_REFERENCE_ALPHABET))
        letters.append(_REFERENCE_ALPHABET[index])
    return prefix + "".join(letters)
