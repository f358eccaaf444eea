"""The table of a campaign as people to write to. Pure.

    phone,language,name
    0711000001,sw,Amina

The column of phones is known by what is in it, whatever its head says; so is the one of languages. All others are
variables of the text, by their heads in small letters. A row that cannot be used is kept with its reason: nobody drops
out of the count.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from flows.text import msisdn
from gateway.campaigns.wording import Wording, size
from gateway.loanbook.sheet import Sheet

LOOKED_AT = 50
SHARE_LEAST = 0.5
"""Of its first cells, so many have to look like it."""
PARTS_MOST = 4
PHONES = ("phone", "msisdn", "mobile", "phone_number", "simu", "number")
LANGUAGES = ("language", "lugha", "lang")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one cell."""

    row: int
    column: str
    value: str
    message: str


@dataclass(frozen=True, slots=True)
class Person:
    """One row. `reason` is why nothing can be sent to it: bad, repeated; empty: it can."""

    row: int
    phone: str
    language: str
    text: str
    parts: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    people: tuple[Person, ...]
    faults: tuple[Fault, ...]


class Unusable(Exception):
    """The table as a whole says nothing about whom to write to; the message says why."""


def read(sheet: Sheet, wording: Wording) -> Table:
    """Everybody in the table. Raises Unusable where a column is missing."""
    heads = [_slug(head) for head in sheet.head]
    phones = _column(sheet, heads, PHONES, lambda value: msisdn(value) is not None)
    if phones is None:
        raise Unusable("no column holds Kenyan mobile numbers")
    languages = _column(sheet, heads, LANGUAGES, lambda value: value.lower() in wording.texts)
    if missing := sorted(wording.variables - {head for place, head in enumerate(heads) if place != phones}):
        raise Unusable(f"the text names columns that are not there: {', '.join(missing)}")
    people, faults, seen = list[Person](), list[Fault](), set[str]()
    for number, cells in sheet.rows:
        values = {head: cells[place] if place < len(cells) else "" for place, head in enumerate(heads)}
        typed = cells[phones] if phones < len(cells) else ""
        wanted = cells[languages].lower() if languages is not None and languages < len(cells) else ""
        found, wrong = _person(number, (sheet.head[phones], typed), wanted, values, wording)
        if found.phone in seen and not found.reason:
            found = Person(number, found.phone, found.language, "", 0, "repeated")
        if not found.reason:
            seen.add(found.phone)
        people.append(found)
        faults.extend(wrong)
    return Table(tuple(people), tuple(faults))


def _person(
    number: int, phone: tuple[str, str], wanted: str, values: Mapping[str, str], wording: Wording
) -> tuple[Person, Sequence[Fault]]:
    head, typed = phone
    known = msisdn(typed)
    faults = list[Fault]()
    if known is None:
        faults.append(Fault(number, head, typed, "is not a Kenyan mobile number"))
    faults += [Fault(number, name, "", "is empty") for name in sorted(wording.variables) if not values.get(name)]
    language = wording.language_for(wanted)
    text = "" if faults else wording.said(language, values)
    parts = size(text).parts if text else 0
    if parts > PARTS_MOST:
        faults.append(Fault(number, "text", "", f"takes {parts} SMS; {PARTS_MOST} at most"))
    if faults:
        return Person(number, known or typed[:20], language, "", 0, "bad"), faults
    return Person(number, str(known), language, text, parts), ()


def _column(sheet: Sheet, heads: Sequence[str], names: Sequence[str], fits: Callable[[str], bool]) -> int | None:
    """The one that most looks like it; of two alike the one that is called so, then the first."""
    best, place = (SHARE_LEAST, False), None
    for number, head in enumerate(heads):
        values = [cells[number] for _, cells in sheet.rows[:LOOKED_AT] if number < len(cells) and cells[number]]
        likeness = (sum(map(fits, values)) / len(values) if values else 0.0, head in names)
        if likeness > best:
            best, place = likeness, number
    return place


def _slug(head: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", head.lower()).strip("_")
