"""What people type as account at the paybill, read as what they mean: a phone or a number of ours. Pure.

Spaces, dashes, small letters, a letter for a digit that looks like it (O for 0, I or L for 1) and the other way round.
"""

from flows.text import msisdn as phone_of
from gateway.rails.matching import plain

PREFIX_LETTERS = 2
CHARACTERS_MAX = 40
"""M-PESA takes twenty; what is longer is nobody's."""

_DIGITS = str.maketrans("OIL", "011")
_LETTERS = str.maketrans("0", "O")


def phone(account: str) -> str | None:
    """As E.164, if it is one."""
    if len(account) > CHARACTERS_MAX:
        return None
    return phone_of(account) or phone_of(plain(account).translate(_DIGITS))


def numbers(account: str) -> tuple[str, ...]:
    """The numbers of ours that it may be, the most literal one first; empty when it cannot be any."""
    written = plain(account)
    if not written or len(written) > CHARACTERS_MAX:
        return ()
    prefix, rest = written[:PREFIX_LETTERS], written[PREFIX_LETTERS:]
    readings = (
        written,
        prefix + rest.translate(_DIGITS),
        prefix.translate(_LETTERS) + rest,
        prefix.translate(_LETTERS) + rest.translate(_DIGITS),
        written.translate(_DIGITS),
        written.translate(_LETTERS),
    )
    return tuple(dict.fromkeys(readings))
