"""What the staff see on their phones."""

from dataclasses import dataclass

from flows.known.lending import Loan


@dataclass(frozen=True, slots=True)
class Member:
    """A customer as an officer sees them: no balance, no identity number."""

    id: str
    name: str
    phone: str
    tier: int
    role: str = "customer"
    is_paused: bool = False
    is_locked: bool = False
    has_pin: bool = True
    has_email: bool = False
    loans: tuple[Loan, ...] = ()
    paying: tuple[str, ...] = ()
    takes_deposits: bool = False
    prompts_left: int = 0


@dataclass(frozen=True, slots=True)
class StaffLeft:
    """How much more an officer may do today."""

    look_ups: int
    prompts: int


@dataclass(frozen=True, slots=True)
class Prompted:
    """A payment that staff asked for. `state`: waiting, asked, paid, cancelled, expired, refused, unsure."""

    reference: str
    person: str
    amount_cents: int
    state: str


@dataclass(frozen=True, slots=True)
class LineRequest:
    """A lost line that waits for a second officer. `id` is that of the question; `id_end` ends the identity number."""

    id: str
    reference: str
    person: str
    phone: str
    new_phone: str
    asked_by: str
    id_end: str
