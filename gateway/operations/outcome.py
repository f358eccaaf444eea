"""What an attempt can come to: a closed list, from adapters and steps alike. `settle` decides what follows.

Uncertain is not a failure: it may have happened, and only asking settles it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

BY_STAFF = "staff"
"""Why an operation was refused that people have cancelled: no fault of the rail's."""


@dataclass(frozen=True, slots=True)
class Done:
    """It happened. `data` is kept on the operation (a receipt, what was posted)."""

    data: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """Taken on by the other side; nothing has moved yet. A callback says more, or we ask after `ask_in_ms`."""

    ask_in_ms: int
    reason: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Later:
    """Not yet: come back after `in_ms`. Costs no attempt."""

    in_ms: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Retry:
    """Provably nothing happened: back off and try again.

    An outage is waited out for days, because the other side will be back; any other reason is tried a limited number
    of times.
    """

    reason: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    is_outage: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """A final answer, as far as anyone knows: compensate and tell the customer. `code` says which words."""

    code: str
    reason: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unsure:
    """It may have happened. Ask after `ask_in_ms`; never send again without proof that it did not.

    `away_ms`: for so long there was nobody to ask. `data` is kept for the steps to come.
    """

    ask_in_ms: int
    reason: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    away_ms: int = 0
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Park:
    """A person decides."""

    reason: str
    evidence: Mapping[str, Any] = field(default_factory=dict)


Outcome = Done | Accepted | Later | Retry | Refused | Unsure | Park
