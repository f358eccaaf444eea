"""Which calls misbehave, and how. Decided by a seed, so that the same calls misbehave in every run.

What each fault does is written where it is done: answers in `answers.py`, callbacks in `callbacks.py`, those of the
core banking server in `core/server.py`.
"""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

EVERY_API = "*"
RAIL_APIS = (
    "oauth",
    "stk",
    "stk-query",
    "b2c",
    "status",
    "c2b",
    "balance",
    "reversal",
    "pull",
    "b2b",
    "qr",
    "ratiba",
    "sms",
)
STATEMENT_API = "statement"
CORE_APIS = (
    "fineract",
    "fineract-reads",
    "fineract-writes",
    "fineract-clients",
    "fineract-loans",
    "fineract-transactions",
    "fineract-savings",
)
SMPP_API = "smpp"
MAIL_API = "mail"
APIS = (*RAIL_APIS, *CORE_APIS, STATEMENT_API, SMPP_API, MAIL_API)

SECONDS: Mapping[str, float] = MappingProxyType(
    {
        "timeout": 30.0,
        "http-500": 0.0,
        "slow": 3.0,
        "lost-callback": 0.0,
        "duplicate-callback": 0.2,
        "late-callback": 10.0,
        "callback-first": 30.0,
        "wrong-amount": 0.0,
        "does-not-exist": 0.0,
        "queue-timeout": 5.0,
        "busy": 0.0,
        "drop": 0.0,
        "down": 0.0,
        "http-503": 0.0,
        "http-500-after": 0.0,
        "stored-500": 0.0,
        "lost-answer": 0.0,
        "425": 0.0,
        "409-locked": 0.0,
        "stuck-key": 0.0,
        "lost-hook": 0.0,
        "late-hook": 10.0,
        "early-hook": 5.0,
        "missing-rows": 0.0,
        "duplicate-rows": 0.0,
    }
)
"""Every fault with its default `seconds`: how long it hangs, waits, or delays."""
_EVERYWHERE = frozenset({"timeout", "http-500", "slow", "busy", "drop"})
_CORE_ONLY = frozenset(
    {
        *("down", "http-503", "http-500-after", "stored-500", "lost-answer", "425", "409-locked", "stuck-key"),
        *("lost-hook", "late-hook", "early-hook"),
    }
)
_STATEMENT_ONLY = ("missing-rows", "duplicate-rows")
_MAIL = ("timeout", "http-500", "busy", "drop")
_SMPP = ("timeout", "http-500", "lost-callback", "duplicate-callback", "busy")


def kinds(api: str) -> tuple[str, ...]:
    """The faults that an API can have."""
    if api == EVERY_API:
        return tuple(SECONDS)
    if api == STATEMENT_API:
        return _STATEMENT_ONLY
    if api == SMPP_API:
        return _SMPP
    if api == MAIL_API:
        return _MAIL
    if api in CORE_APIS:
        return tuple(kind for kind in SECONDS if kind in _EVERYWHERE | _CORE_ONLY)
    return tuple(kind for kind in SECONDS if kind not in _CORE_ONLY and kind not in _STATEMENT_ONLY)


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which `rate` of the calls of an API go wrong; `seconds` is what the kind makes of it."""

    api: str
    kind: str
    rate: float
    seed: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Drawn:
    """What goes wrong with one call: the kinds of fault that fired, each with its seconds."""

    seconds: Mapping[str, float]

    def __contains__(self, kind: str) -> bool:
        return kind in self.seconds

    def of(self, kind: str) -> float:
        """The seconds of a fault, 0 when it did not fire."""
        return self.seconds.get(kind, 0.0)


NOTHING_WRONG = Drawn(MappingProxyType({}))


class Faults:
    """The faults in force. A fault set again for the same API starts over with its new rate and seed."""

    def __init__(self) -> None:
        self._faults: dict[tuple[str, str], Fault] = {}
        self._chances: dict[tuple[str, Fault], random.Random] = {}

    def put(self, fault: Fault) -> None:
        self._faults[fault.api, fault.kind] = fault
        self._forget(fault)

    def clear(self, *, api: str | None = None, kind: str | None = None) -> None:
        """End every fault of this API and this kind (None: of any)."""
        ended = [fault for fault in self._faults.values() if api in (None, fault.api) and kind in (None, fault.kind)]
        for fault in ended:
            del self._faults[fault.api, fault.kind]
            self._forget(fault)

    def all(self) -> Iterable[Fault]:
        return tuple(self._faults.values())

    def draw(self, api: str) -> Drawn:
        """Decide about the next call of this API.

        Each fault has its own sequence for each API: the nth call gets the same fate in every run, whatever
        else is called in between.
        """
        fired = [
            fault
            for fault in self._faults.values()
            if fault.api in (api, EVERY_API) and self._chance(api, fault).random() < fault.rate
        ]
        return Drawn({fault.kind: fault.seconds for fault in fired}) if fired else NOTHING_WRONG

    def _chance(self, api: str, fault: Fault) -> random.Random:
        return self._chances.setdefault((api, fault), random.Random(f"{fault.seed}/{fault.kind}/{api}"))

    def _forget(self, fault: Fault) -> None:
        replaced = [key for key in self._chances if (key[1].api, key[1].kind) == (fault.api, fault.kind)]
        for key in replaced:
            del self._chances[key]
