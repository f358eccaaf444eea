"""What a text takes: its alphabet, its paid parts, its room.

GSM 03.38: 160 septets alone, 153 each when there are several; UCS-2: 70 and 67 units of UTF-16 (an emoji takes two).
A part never cuts an escape pair or a surrogate pair, so a long text may take one part more than its length says.
"""

from dataclasses import dataclass
from typing import Literal

from menus.gsm import is_gsm, septets

Alphabet = Literal["gsm7", "ucs2"]
ALONE = {"gsm7": 160, "ucs2": 70}
JOINED = {"gsm7": 153, "ucs2": 67}


@dataclass(frozen=True, slots=True)
class Size:
    """`units` are septets or UTF-16 units."""

    alphabet: Alphabet
    units: int
    parts: int


def size_of(text: str) -> Size:
    """What a text takes as it is written, nothing transliterated."""
    alphabet = alphabet_of(text)
    units = _width(text, alphabet)
    return Size(alphabet, units, 1 if units <= ALONE[alphabet] else len(pieces(text, alphabet)))


def alphabet_of(text: str) -> Alphabet:
    return "gsm7" if is_gsm(text) else "ucs2"


def pieces(text: str, alphabet: Alphabet) -> list[str]:
    """The text of each part, each filled as far as whole characters go."""
    widths = [_width(character, alphabet) for character in text]
    if sum(widths) <= ALONE[alphabet]:
        return [text]
    cut, begins, used = list[str](), 0, 0
    for index, width in enumerate(widths):
        if used + width > JOINED[alphabet]:
            cut.append(text[begins:index])
            begins, used = index, 0
        used += width
    return [*cut, text[begins:]]


def _width(text: str, alphabet: Alphabet) -> int:
    return septets(text) if alphabet == "gsm7" else len(text.encode("utf-16-le")) // 2
