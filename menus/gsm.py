"""The GSM 7-bit default alphabet (3GPP TS 23.038): what a phone can show and how much room it takes.

Basic characters cost one septet, the extension table costs two (an escape goes before them).
"""

import unicodedata

BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = "\f^{}\\[~]|€"

_BASIC = frozenset(BASIC)
_ALL = _BASIC | frozenset(EXTENSION)
_SEPTETS = dict.fromkeys(BASIC, 1) | dict.fromkeys(EXTENSION, 2)
_LOOKALIKES = str.maketrans(
    {
        "‘": "'", "’": "'", "‛": "'", "ʼ": "'", "`": "'", "´": "'", "“": '"', "”": '"', "„": '"',
        "–": "-", "—": "-", "‐": "-", "‑": "-", "−": "-", "…": "...", "•": "*", "·": ".",
        "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\t": " ", "ç": "c", "đ": "d", "ł": "l", "ı": "i",
    }
)  # fmt: skip


def septets(text: str) -> int:
    """Room `text` takes in septets. Raises KeyError for a character the alphabet does not have."""
    if _BASIC.issuperset(text):
        return len(text)
    return sum(_SEPTETS[character] for character in text)


def is_gsm(text: str) -> bool:
    return _ALL.issuperset(text)


def to_gsm(text: str) -> str:
    """`text` in characters every phone shows: look-alikes replaced, accents dropped, the rest as `?`.

    The original stays in storage; this is only for what leaves on USSD.
    """
    if is_gsm(text):
        return text
    return "".join(_nearest(character) for character in text.translate(_LOOKALIKES))


def _nearest(character: str) -> str:
    if character in _SEPTETS:
        return character
    plain = "".join(part for part in unicodedata.normalize("NFKD", character) if part in _SEPTETS)
    if plain:
        return plain
    return "" if unicodedata.combining(character) else "?"


def cut(text: str, room: int) -> str:
    """The longest beginning of `text` that takes at most `room` septets."""
    used = 0
    for index, character in enumerate(text):
        used += _SEPTETS[character]
        if used > room:
            return text[:index].rstrip()
    return text
