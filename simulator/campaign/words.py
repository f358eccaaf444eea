"""What English screens and messages say that the judge must understand: references, amounts, yes, no, not now."""

import re
from dataclasses import dataclass
from typing import Literal

from simulator.numbers import cents

Tone = Literal["success", "failure", "neutral"]

_MONEY = r"Ksh (?P<amount>[\d,]+(?:\.\d\d)?)"
_ACCEPTED = (
    re.compile(rf"Request (?P<reference>(?:LN|WD)\w+) received\. {_MONEY} will go"),
    re.compile(rf"{_MONEY} for loan LN\w+: request (?P<reference>PY\w+) received"),
    re.compile(rf"First check: [^,]+, {_MONEY}\. Ref (?P<reference>(?:PY|DP)\w+)[.,]"),
)
_UNDER_WAY = re.compile(r"(?:Request|Payment|Deposit) (?P<reference>(?:LN|PY|WD|DP)\w+), Ksh")
_REGISTERED = "Welcome, "
_APOLOGIES = (
    "Nyota is very busy.",
    "Nyota is slow now.",
    "Not confirmed yet. Do not repeat it: we will SMS you.",
)
_SUCCESS = re.compile(r"(?P<reference>\w+) Confirmed\.")
_FAILURES = (
    re.compile(r"Loan (?P<reference>LN\w+) cancelled:"),
    re.compile(r"(?P<reference>PY\w+): .*not paid"),
    re.compile(r"(?P<reference>(?:PY|DP)\w+): M-PESA could not reach your phone"),
    re.compile(r"(?P<reference>DP\w+): .*not deposited"),
    re.compile(r"(?P<reference>WD\w+): (?:M-PESA did not take|.*not sent)"),
    re.compile(r"(?P<reference>PY\w+): .*(?:nothing is owed|nothing was taken)", re.I),
)


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a last screen promised: this reference, of this amount, was received."""

    reference: str
    amount_cents: int


def screen_of(body: str) -> str:
    """A reply without its CON or END."""
    return body[4:]


def accepted(body: str) -> Accepted | None:
    """What a reply says it has received, if it does."""
    for pattern in _ACCEPTED:
        if found := pattern.search(body):
            return Accepted(found["reference"], cents(found["amount"]))
    return None


def references(body: str) -> tuple[str, ...]:
    """Every request that a reply says we have."""
    promised = accepted(body)
    under_way = tuple(found["reference"] for found in _UNDER_WAY.finditer(body))
    return (promised.reference, *under_way) if promised else under_way


def is_firm(body: str) -> bool:
    """Whether the reply stands on disk, so that no crash may change it."""
    return accepted(body) is not None or screen_of(body).startswith(_REGISTERED)


def is_apology(body: str) -> bool:
    """Whether the reply only says that there is none now."""
    return screen_of(body).startswith(_APOLOGIES)


def notice(text: str) -> tuple[Tone, str]:
    """What an SMS says became of which reference; neutral and empty when it says nothing final."""
    if found := _SUCCESS.match(text):
        return "success", found["reference"]
    for pattern in _FAILURES:
        if found := pattern.match(text):
            return "failure", found["reference"]
    return "neutral", ""
