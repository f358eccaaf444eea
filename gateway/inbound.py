"""What a provider hands over and what it gets back, the same for every carrier."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Inbound:
    """One hop of a USSD session, parsed. `msisdn` is E.164.

    A cumulative dialect sends everything typed so far in `text`; a last-input dialect only the last answer, with
    `sequence` (its own message or sequence id) where it has one. `is_opening` says that the carrier started a
    session with this hop, where the dialect tells.
    """

    provider: str
    msisdn: str
    session_ref: str
    code: str
    text: str
    is_cumulative: bool = True
    sequence: str = ""
    is_opening: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """The screen to show; `is_final` closes the session. `CON` and `END` are the provider's business."""

    text: str
    is_final: bool
