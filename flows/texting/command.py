"""A message read as a command: which keyword, and what came with it, in any order and with small slips."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from rapidfuzz.distance import OSA

from flows.text import amount_cents, msisdn, national_id, person_name
from flows.texting import message
from menus.keywords import Keyword, Keywords

SLIP_LETTERS_MIN = 4
LONG_LETTERS_MIN = 7
AMOUNT_WORDS_MAX = 3
COUNT_MAX = 60
AMOUNT_CENTS_MAX = 99_999_999_00

_REFERENCE = re.compile(r"[A-Z]{2}[2-9BCDFGHJKLMNPQRSTVWXZ]{5}")
_NUMBER = re.compile(r"\d[\d-]*", re.ASCII)
_PHONE = re.compile(r"(?<![\d+])(?:\+?254|0)[ -]?[17]\d{2}[ -]?\d{3}[ -]?\d{3}(?!\d)")


@dataclass(frozen=True, slots=True)
class Command:
    """A keyword with all it needs. `given` are texts as they would be typed on a screen; `language` is that of the
    word."""

    keyword: str
    language: str
    given: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Incomplete:
    """A keyword was meant, but what came with it is too little, too much or not clear. Nothing is done."""

    keyword: str
    language: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """No keyword at all."""


Read = Command | Incomplete | Unknown


@dataclass(frozen=True, slots=True)
class _Found:
    """A word that stands for a keyword, and the words around it."""

    keyword: Keyword
    language: str
    rest: tuple[str, ...]
    is_exact: bool = True
    is_first: bool = True


def read(text: str, keywords: Keywords) -> Read:
    """What somebody wants. Never raises, whatever the text is."""
    found = _found(message.words(text), keywords)
    if found is None:
        return _urgent(text, keywords)
    keyword, language = found.keyword, found.language
    if "word" in keyword.slots:
        return Command(keyword.name, language, _about(found.rest, keywords))
    taken = _taken(keyword, found.rest, keywords)
    needs_all = all(taken.given.get(need) for need in keyword.needs)
    if keyword.tells and needs_all and (not taken.left or (found.is_exact and found.is_first)):
        return Command(keyword.name, language, taken.given)
    if taken.left or not needs_all:
        return Incomplete(keyword.name, language) if found.is_first and found.is_exact else Unknown()
    return Command(keyword.name, language, taken.given)


def meant(word: str, keywords: Keywords) -> tuple[str, str] | None:
    """The keyword (and language) that a word stands for, a small slip allowed; None when that is not clear."""
    known = keywords.words
    if (exact := known.get(word.casefold())) is not None:
        return exact
    near = {known[each][0]: known[each] for each in known if _is_slip(word.casefold(), each)}
    return next(iter(near.values())) if len(near) == 1 else None


def _is_slip(word: str, known: str) -> bool:
    """One letter wrong, left out, added or swapped; two in a long word. Short words are taken as they are."""
    if min(len(word), len(known)) < SLIP_LETTERS_MIN:
        return False
    slips = 2 if len(known) >= LONG_LETTERS_MIN else 1
    return OSA.distance(word, known, score_cutoff=slips) <= slips


def _found(words: Sequence[str], keywords: Keywords) -> _Found | None:
    """The first word if it is one, a word further on, or the first one with a slip."""
    for place, word in enumerate(words):
        if (exact := keywords.words.get(word.casefold())) is not None:
            return _of(exact, words, place, keywords, is_exact=True)
    for place, word in enumerate(words[:2]):
        if not _is_filler(word, keywords) and (near := meant(word, keywords)) is not None:
            return _of(near, words, place, keywords, is_exact=False)
    return None


def _of(named: tuple[str, str], words: Sequence[str], place: int, keywords: Keywords, *, is_exact: bool) -> _Found:
    name, language = named
    rest = (*words[:place], *words[place + 1 :])
    is_first = all(_is_filler(word, keywords) for word in words[:place])
    return _Found(keywords.by_name[name], language, rest, is_exact, is_first)


def _urgent(text: str, keywords: Keywords) -> Read:
    """A message that is far too long, or whatever follows: who begins with STOP wants no more."""
    named = keywords.words.get(message.first_word(text).casefold())
    return Command(*named) if named is not None and named[0] == "stop" else Unknown()


def _about(rest: Iterable[str], keywords: Keywords) -> Mapping[str, str]:
    """The keyword that help was asked for, if it is one."""
    named = next((found for word in rest if (found := meant(word, keywords)) is not None), None)
    return {"word": named[0]} if named else {}


@dataclass(frozen=True, slots=True)
class _Taken:
    """What came with a keyword, and the words that nobody could place."""

    given: Mapping[str, str]
    left: tuple[str, ...]


def _taken(keyword: Keyword, rest: Sequence[str], keywords: Keywords) -> _Taken:
    if "id" in keyword.slots:
        return _person(rest, keywords)
    given: dict[str, str] = {slot: default for slot, default in keyword.takes.items() if default}
    line = " ".join(rest)
    if "phone" in keyword.slots:
        line = _phone(line, given)
    words = list(line.split())
    for slot in keyword.slots:
        if slot in keywords.choices:
            words = _choice(slot, keywords.choices[slot], words, given)
    if "reference" in keyword.slots:
        words = _reference(words, given)
    numbers, words = _numbers(words)
    left = _numbered(keyword, numbers, given)
    words = [word for word in words if not _is_filler(word, keywords)]
    return _Taken(given, (*words, *left))


def _person(rest: Sequence[str], keywords: Keywords) -> _Taken:
    """A name and an identity number in any order, the number in one piece or in several; without both, nobody."""
    digits = [place for place, word in enumerate(rest) if _NUMBER.fullmatch(word)]
    is_one = bool(digits) and digits[-1] - digits[0] < len(digits)
    number = national_id(" ".join(rest[place] for place in digits)) if is_one else None
    others = [word for place, word in enumerate(rest) if place not in digits]
    name = person_name(" ".join(_unframed(others, keywords))) or person_name(" ".join(others))
    return _Taken({"name": name, "id": number}, ()) if name and number else _Taken({}, tuple(rest))


def _unframed(words: Sequence[str], keywords: Keywords) -> Sequence[str]:
    """Without `please` and `my name is` around it; inside a name such words belong to it (Fatuma wa Juma)."""
    kept = [place for place, word in enumerate(words) if not _is_filler(word, keywords)]
    return words[kept[0] : kept[-1] + 1] if kept else ()


def _phone(line: str, given: dict[str, str]) -> str:
    """Several numbers of people are none: nobody knows which was meant."""
    found = [match for match in _PHONE.finditer(line) if msisdn(match[0])]
    if len(found) != 1:
        return line
    given["phone"] = str(msisdn(found[0][0]))
    return f"{line[: found[0].start()]} {line[found[0].end() :]}"


def _choice(slot: str, values: Mapping[str, Sequence[str]], words: list[str], given: dict[str, str]) -> list[str]:
    meanings = {word.casefold(): value for value, known in values.items() for word in known}
    for place, word in enumerate(words):
        if (value := meanings.get(word.casefold())) is not None:
            given[slot] = value
            return words[:place] + words[place + 1 :]
    return words


def _reference(words: list[str], given: dict[str, str]) -> list[str]:
    for place, word in enumerate(words):
        if _REFERENCE.fullmatch(word.upper()):
            given["reference"] = word.upper()
            return words[:place] + words[place + 1 :]
    return words


def _numbers(words: Sequence[str]) -> tuple[list[int], list[str]]:
    """The amounts in cents (`ksh 1,500`, `5k`, `1 500`), and the words that are none."""
    amounts: list[int] = []
    others: list[str] = []
    place = 0
    while place < len(words):
        for length in range(min(AMOUNT_WORDS_MAX, len(words) - place), 0, -1):
            together = words[place : place + length]
            cents = None if _are_two(together) else amount_cents(" ".join(together))
            if cents is not None:
                amounts.append(cents)
                break
        else:
            length = 1
            others.append(words[place])
        place += length
    return amounts, others


def _are_two(words: Sequence[str]) -> bool:
    """`1 500` is one amount; `500 600` may as well be two, and is taken as none."""
    return any(len(word) == 3 and word.isdigit() and after.isdigit() for word, after in pairwise(words))


def _numbered(keyword: Keyword, numbers: Sequence[int], given: dict[str, str]) -> tuple[str, ...]:
    """Put the amounts where they belong; those that belong nowhere, as words. Of two, a small one may count months."""
    rest = sorted(numbers, reverse=True)
    if "amount" in keyword.slots and rest and rest[0] <= AMOUNT_CENTS_MAX:
        given["amount"] = _shillings(rest.pop(0))
    if "count" in keyword.slots and rest and rest[0] % 100 == 0 and rest[0] <= COUNT_MAX * 100:
        given["count"] = str(rest.pop(0) // 100)
    return tuple(map(str, rest))


def _shillings(cents: int) -> str:
    whole, part = divmod(cents, 100)
    return f"{whole}.{part:02d}" if part else str(whole)


def _is_filler(word: str, keywords: Keywords) -> bool:
    return word.casefold() in keywords.fillers
