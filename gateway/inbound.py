"""What a provider hands over and what it gets back, the same for every carrier."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Inbound:
    """One hop of a USSD session, parsed. `msisdn` is E.164.

    A cumulative dialect sends everything typed so far in `text`; a last-input dialect only the last answer, with
    `sequence` (its own message or sequence id) where it has one. `is_opening` says that the carrier started a
    session with this hop, where the dialect tells. `repeats_within_ms` is how soon after the last one the same answer
    is a repeat rather than a hand's work, for a dialect without a sequence.
    """

    provider: str
    msisdn: str
    session_ref: str
    code: str
    text: str
    is_cumulative: bool = True
    sequence: str = ""
    is_opening: bool = False
    repeats_within_ms: int = 0


@dataclass(frozen=True, slots=True)
class Ended:
    """A session is over, as its carrier tells: by its last screen, because somebody hung up, or by a fault.

    `status` is success, incomplete or failed; `said` the carrier's own word. Without `session_ref` the newest session
    of the phone is meant. What was typed is not in here: it holds the PIN.
    """

    provider: str
    msisdn: str
    session_ref: str
    code: str
    status: str
    said: str = ""
    cost: str = ""
    seconds: int | None = None
    hops: int | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """The screen to show; `is_final` closes the session. `CON` and `END` are the provider's business."""

    text: str
    is_final: bool
