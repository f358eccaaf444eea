"""A screen told by SMS: its words without what can only be pressed."""

import re
from collections.abc import Iterable, Sequence

from menus.gsm import septets, to_gsm

ONE_PART_SEPTETS = 160
WAYS = ("0", "00", "98")
ENDS = (".", "?", "!", ":", ",")

_LINE = re.compile(r"(\d{1,3}) ")


def words_of(text: str, offers: Sequence[str]) -> str:
    """The screen's sentences; `offers` are its choices as the session has them, `digits=value`."""
    digits = {*WAYS, *(offer.split("=", 1)[0] for offer in offers)}
    return _sentences(line for line in text.split("\n") if not _is_choice(line, digits))


def question_of(text: str) -> str:
    """What a PIN screen asks a yes to: all its lines but the last two, which ask for the PIN and show the way back."""
    lines = [line for line in text.split("\n") if not _is_choice(line, WAYS)]
    return _sentences(lines[:-1])


def fits(*texts: str) -> bool:
    """Whether it is one SMS."""
    return septets(to_gsm("".join(texts))) <= ONE_PART_SEPTETS


def _sentences(lines: Iterable[str]) -> str:
    """Lines one after the other; one that does not end like a sentence ends one."""
    spoken = [line.strip() for line in lines if line.strip()]
    ended = [line if line.endswith(ENDS) else f"{line}." for line in spoken[:-1]]
    return " ".join([*ended, *spoken[-1:]])


def _is_choice(line: str, digits: Iterable[str]) -> bool:
    found = _LINE.match(line)
    return found is not None and found[1] in digits
