"""How urgent a message is, and what follows from that. Pure.

One that cannot be repeated without harm (a code) is never sent again after doubt: whoever misses it asks for another.
A receipt is owed: it may come twice, never not at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from gateway.clock import DAY_MS, HOUR_MS

Rank = Literal["otp", "receipt", "alert", "reminder", "bulk"]
RANKS: tuple[Rank, ...] = get_args(Rank)


@dataclass(frozen=True, slots=True)
class Manner:
    """What a rank may and must.

    `priority`: the smaller, the sooner. `expires_ms`: older than this it is not sent any more. `keeps_quiet`: not at
    night. `is_repeated`: sent again when nobody knows whether it went out. `is_mandatory`: no opt-out stops it.
    """

    priority: int
    expires_ms: int
    keeps_quiet: bool = False
    is_repeated: bool = True
    is_mandatory: bool = True


MANNERS: Mapping[Rank, Manner] = {
    "otp": Manner(priority=0, expires_ms=HOUR_MS, is_repeated=False),
    "receipt": Manner(priority=3, expires_ms=7 * DAY_MS),
    "alert": Manner(priority=4, expires_ms=DAY_MS),
    "reminder": Manner(priority=6, expires_ms=DAY_MS, keeps_quiet=True, is_repeated=False, is_mandatory=False),
    "bulk": Manner(priority=8, expires_ms=3 * DAY_MS, keeps_quiet=True, is_repeated=False, is_mandatory=False),
}

OTP = frozenset({
    "account.code_old", "account.code_new", "account.code_link", "account.email", "account.link", "pin.code",
    "texting.first", "texting.otp", "texting.otp_short", "texting.join_otp",
})  # fmt: skip
REMINDERS = ("remind.", "loan.late")
ALERTS = ("alert.", "float.", "reconcile.")
BULK = ("bulk.", "offer.")


def rank_of(template: str) -> Rank:
    """The rank of a template; whatever is not named otherwise is a receipt, which nobody can stop."""
    if template in OTP:
        return "otp"
    for prefixes, rank in _PREFIXES:
        if template.startswith(prefixes):
            return rank
    return "receipt"


_PREFIXES: tuple[tuple[tuple[str, ...], Rank], ...] = ((REMINDERS, "reminder"), (ALERTS, "alert"), (BULK, "bulk"))


def manner_of(template: str) -> Manner:
    return MANNERS[rank_of(template)]


def lane_of(template: str, msisdn: str) -> str:
    """Messages of one rank to one phone keep their order; a stuck reminder holds no code."""
    return f"messages:{rank_of(template)}:{msisdn}"
