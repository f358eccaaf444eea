"""Which request of ours a payment is that does not carry our name for it: pure, decided from values alone.

The receipt comes first: the rail gives it once. Without one that we know, a payment is a request's when everything it
shows agrees (reference, phone, amount, time) and exactly one request agrees. Of two that fit it is either, so it is
neither, and a person looks.

Phones are shown in every form that M-PESA has: `254712345600`, `2547 ***** 600`, a SHA-256 of the digits, or that
hash with stars in the middle of it.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from flows.text import msisdn as phone_of
from gateway.clock import DAY_MS

SLACK_MS = 120_000
"""Clocks differ: a payment may be stamped a little before we say that its request was sent."""
NEAR_CENTS = 1
"""Amounts that went through somebody's floating point."""
COUNTRY = "254"

Why = Literal["receipt", "shown", "several", "none"]

_MASKED_DIGITS = re.compile(r"(\+?\d+)\*+(\d+)", re.ASCII)
_HASH = re.compile(r"[0-9a-f]{64}")
_MASKED_HASH = re.compile(r"([0-9a-f]{20,})\*+([0-9a-f]{12,})")


@dataclass(frozen=True, slots=True)
class Seen:
    """A payment as the rail tells it. `payer` and `reference` are empty where it shows none; `at` in milliseconds."""

    receipt: str
    cents: int
    at: int
    payer: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A request that a payment may be: sent at `since` (ms). `receipt` once one is known."""

    id: str
    cents: int
    msisdn: str
    since: int
    reference: str
    receipt: str | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """`found` is the one request that it is, if that is certain, and `why` says how; `fits` are all that may be it."""

    found: Candidate | None
    why: Why
    fits: tuple[Candidate, ...] = ()


def match(seen: Seen, candidates: Iterable[Candidate], *, within_ms: int = DAY_MS) -> Match:
    """The order of `candidates` says nothing, nor that one of them is named twice."""
    known = sorted(set(candidates), key=lambda candidate: candidate.id)
    named = tuple(each for each in known if each.receipt is not None and each.receipt == seen.receipt)
    if named:
        return Match(named[0], "receipt", named) if len(named) == 1 else Match(None, "several", named)
    fits = tuple(each for each in known if may_be(seen, each, within_ms=within_ms))
    if len(fits) != 1:
        return Match(None, "several" if fits else "none", fits)
    is_shown = bool(seen.reference) or shows(seen.payer)
    return Match(fits[0], "shown", fits) if is_shown else Match(None, "none", fits)


def may_be(seen: Seen, candidate: Candidate, *, within_ms: int = DAY_MS) -> bool:
    """Whether nothing that is shown speaks against it, and it has no other receipt."""
    return (
        candidate.receipt is None
        and abs(candidate.cents - seen.cents) <= NEAR_CENTS
        and candidate.since - SLACK_MS <= seen.at <= candidate.since + within_ms
        and (not seen.reference or plain(seen.reference) == plain(candidate.reference))
        and agrees(seen.payer, candidate.msisdn)
    )


def agrees(shown: str, msisdn: str) -> bool:
    """Whether a phone as it is shown may be this one (E.164). Nothing shown contradicts nothing."""
    written = _written(shown)
    digits = msisdn.lstrip("+")
    if found := _MASKED_DIGITS.fullmatch(written):
        start, end = found[1].lstrip("+"), found[2]
        local = f"0{digits.removeprefix(COUNTRY)}"
        return any(form.startswith(start) and form.endswith(end) for form in (digits, local))
    if _HASH.fullmatch(written.lower()):
        return written.lower() == hashed(msisdn)
    if masked := _MASKED_HASH.fullmatch(written.lower()):
        return hashed(msisdn).startswith(masked[1]) and hashed(msisdn).endswith(masked[2])
    told = phone_of(written) if written else None
    return told is None or told == msisdn


def shows(shown: str) -> bool:
    """Whether a phone is shown at all, in whatever form."""
    written = _written(shown)
    forms = (
        _MASKED_DIGITS.fullmatch(written),
        _HASH.fullmatch(written.lower()),
        _MASKED_HASH.fullmatch(written.lower()),
    )
    return any(forms) or phone_of(written) is not None


def hashed(msisdn: str) -> str:
    """As M-PESA hides a phone: personal data all the same, for there are not many phones."""
    return hashlib.sha256(msisdn.lstrip("+").encode()).hexdigest()


def plain(reference: str) -> str:
    """A reference without what people put into it: spaces, dashes, small letters."""
    return re.sub(r"[\s.,_/-]+", "", reference).upper()


def _written(shown: str) -> str:
    """`2547******600 - AMINA` without the name and the spaces."""
    return shown.partition(" - ")[0].replace(" ", "")
