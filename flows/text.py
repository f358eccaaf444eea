"""What people type, made plain: digits of any script, stray signs, amounts, phones, names, ID numbers."""

import re
import unicodedata
from itertools import islice

from menus.gsm import to_gsm

INPUT_CHARACTERS_MAX = 182
PARTS_MAX = 40
NAME_CHARACTERS_MAX = 60
WHOLE_DIGITS_MAX = 12

_AMOUNT = re.compile(
    r"(?:(?:ksh|kes|sh)s?\.?\s*)?"
    r"(\d{1,3}(?:[, ]\d{3})+|\d+)(?:\.(\d{1,2}))?\s*(k(?![a-z]))?"
    r"\s*(?:/[=-]?|bob|kshs?|kes|shs?)?\.?",
    re.I,
)
_PHONE = re.compile(r"(?:\+?254|0)?([17]\d{8})")
_NAME = re.compile(r"[^\W\d_](?:[^\W\d_]|['.-])*")


def plain(part: str) -> str:
    """One answer as typed on any keypad: full-width and Arabic digits become 0-9, edges are trimmed."""
    if part.isascii() and part.isdigit() and len(part) <= INPUT_CHARACTERS_MAX:
        return part  # what nearly every answer is
    text = unicodedata.normalize("NFKC", part[:INPUT_CHARACTERS_MAX])[:INPUT_CHARACTERS_MAX]
    text = "".join(digit(character) for character in text if character.isprintable())
    text = " ".join(text.split())
    return text if text == "#" else text.rstrip("#").rstrip()


def digit(character: str) -> str:
    """0 to 9 for the digits of any writing; anything else as it is."""
    value = unicodedata.decimal(character, None)
    return character if value is None else str(value)


def parts(text: str) -> tuple[str, ...]:
    """The answers in a dialled or cumulative text: `2*1*2000` as three, empty ones left out, at most 40."""
    pieces = (plain(piece) for piece in text.split("*", 10 * PARTS_MAX)[: 10 * PARTS_MAX])
    return tuple(islice((piece for piece in pieces if piece), PARTS_MAX))


def amount_cents(text: str) -> int | None:
    """`1,500`, `1500/=`, `ksh1500`, `1.5k` as cents; None when it is no amount."""
    match = _AMOUNT.fullmatch(text.strip())
    if not match:
        return None
    whole, fraction, thousands = match.groups()
    number = re.sub(r"[, ]", "", whole)
    if len(number) > WHOLE_DIGITS_MAX:
        return None
    cents = int(number) * 100 + int((fraction or "").ljust(2, "0"))
    return cents * 1000 if thousands else cents


def msisdn(text: str) -> str | None:
    """A Kenyan mobile number in any usual form as E.164, or None."""
    match = _PHONE.fullmatch(re.sub(r"[\s().-]", "", text))
    return f"+254{match[1]}" if match else None


def person_name(text: str) -> str | None:
    """Two to four names as the person gave them; None when it does not look like that.

    They are in letters that a phone can show, as on a Kenyan identity card: Ng'ang'a, Wanjirũ, Anne-Marie.
    """
    words = text.replace("’", "'").split()
    if not 2 <= len(words) <= 4 or len(text) > NAME_CHARACTERS_MAX:
        return None
    fits = all(_NAME.fullmatch(word) and "?" not in to_gsm(word) for word in words)
    return " ".join(words) if fits else None


def national_id(text: str) -> str | None:
    """A national identity number of 6 to 8 digits (spaces allowed), or None."""
    digits = re.sub(r"[\s-]", "", text)
    return digits if re.fullmatch(r"\d{6,8}", digits) else None


def payment_code(text: str) -> str | None:
    """The code of an M-PESA SMS: 8 to 12 letters and digits with at least one of each, in capitals."""
    code = re.sub(r"\s", "", text).upper()
    mixed = re.search(r"[A-Z]", code) and re.search(r"\d", code)
    return code if mixed and re.fullmatch(r"[A-Z0-9]{8,12}", code) else None
