"""Phone numbers: 12 digits `2547XXXXXXXX` inside and on Daraja, `+2547XXXXXXXX` elsewhere."""

import hashlib
import re

_SEPARATORS = re.compile(r"[\s().-]")
_MOBILE = re.compile(r"(?:\+?254|0)?([71]\d{8})", re.ASCII)
_DARAJA = re.compile(r"254[71]\d{8}", re.ASCII)


def parse_phone(text: str) -> str:
    """The 12 digits of a Kenyan mobile number typed in any usual form. Raises ValueError for others."""
    found = _MOBILE.fullmatch(_SEPARATORS.sub("", text))
    if found is None:
        raise ValueError(f"{text!r} is not a Kenyan mobile number")
    return f"254{found[1]}"


def is_daraja_phone(text: str) -> bool:
    """Whether the text is in the only form that Daraja takes."""
    return _DARAJA.fullmatch(text) is not None


def e164(phone: str) -> str:
    return f"+{phone}"


def masked(phone: str) -> str:
    """`2547 ***** 600`, as C2B v2 shows a payer."""
    return f"{phone[:4]} ***** {phone[-3:]}"


def hashed(phone: str) -> str:
    """64 hex characters, as C2B v1 shows a payer."""
    return hashlib.sha256(phone.encode()).hexdigest()
