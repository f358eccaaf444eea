"""A written message as words: whatever the phone, the alphabet and the length. Nothing that anybody sends breaks it."""

import re
import unicodedata

from flows.text import digit

CHARACTERS_MAX = 320
"""What is longer is a letter, and no command."""
WORDS_MAX = 24
KEPT_CHARACTERS_MAX = 1000
HIDDEN = "****"

_EDGES = ".,;:!?\"'()[]<>*#-"
_SECRET = re.compile(r"(?<![\w.,/+-])\d{4,6}(?![\w/-]|[.,]\d)", re.ASCII)
_PIN = re.compile(r"(?<![a-z])pin(?![a-z])", re.IGNORECASE)
_LOOSE = re.compile(r"(?<!\d)(?<!\d[.,])\d(?:[ -]?\d){3,5}(?![ -]?\d|[.,]\d)", re.ASCII)
"""Four to six digits beside whatever signs and letters, and apart: where a PIN is named, any of them may be it."""
_LONE = re.compile(r"(?<![\w.,/+-])\d{4,8}(?![\w/-]|[.,]\d)", re.ASCII)
_ANY = re.compile(r"\d(?:[ .,/-]*\d)*", re.ASCII)
_ALONE = re.compile(r"\d(?:[ .-]?\d){3,5}", re.ASCII)
_IDENTITY = re.compile(r"(?<![a-z])(?:id|kitambulisho)(?![a-z])", re.IGNORECASE)
"""Whoever writes of an identity number may cut it in groups of any length."""


def plain(text: str) -> str:
    """In one line, without what no phone shows, digits of any script as 0-9."""
    whole = unicodedata.normalize("NFKC", text[: 4 * KEPT_CHARACTERS_MAX])
    shown = "".join(digit(each) if each.isprintable() else " " for each in whole)
    return " ".join(shown.encode("utf-8", "ignore").decode().split())


def words(text: str) -> tuple[str, ...]:
    """What may be a command, word by word without the signs around them; none of what is far too long."""
    line = plain(text)
    if len(line) > CHARACTERS_MAX:
        return ()
    found = tuple(word for each in line.split(" ") if (word := each.strip(_EDGES)))
    return found if len(found) <= WORDS_MAX else ()


def first_word(text: str) -> str:
    """What somebody began with, however long the rest is: STOP counts in any message."""
    line = plain(text[:CHARACTERS_MAX])
    return line.split(" ", 1)[0].strip(_EDGES)


def lone_digits(text: str) -> str:
    """The four to six digits that are all there is, in one piece or in groups, but for the word that may stand before a
    code; else nothing."""
    found = words(text)
    if found and found[0].casefold() in {"code", "otp", "pin"}:
        found = found[1:]
    alone = " ".join(found)
    return re.sub(r"[ .-]", "", alone) if _ALONE.fullmatch(alone) else ""


def names_pin(text: str) -> bool:
    """Whether somebody writes of a PIN, with a number that may be it."""
    line = plain(text)
    return _PIN.search(line) is not None and (_SECRET.search(line) or _LOOSE.search(line)) is not None


def hidden(text: str, *, is_personal: bool = False) -> str:
    """What may be kept of it: no number of four to eight digits that stands by itself, for it may be a PIN, a code or
    an identity number; none at all where there is nothing else, where an identity number is named, or where the message
    `is_personal`. Where a PIN is named, none that may be it."""
    line = plain(text)
    is_personal = is_personal or bool(lone_digits(line)) or _IDENTITY.search(line) is not None
    line = _LOOSE.sub(HIDDEN, line) if _PIN.search(line) else line
    return (_ANY if is_personal else _LONE).sub(HIDDEN, line)[:KEPT_CHARACTERS_MAX]
