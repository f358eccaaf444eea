"""Typed values that fill the slots of a sentence, and how each is written in a language.

Money is integer cents, written `Ksh 1,500` (cents only when there are any); dates `5 Dec` (the year only
when it is not this one); times `14:05`; everything in East Africa Time. The rules are those people here read.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

SHORT_NAME_LETTERS = 15
FULL_NAME_LETTERS = 20


class Speaker(Protocol):
    """What a value needs to know of the language it is written in."""

    @property
    def months(self) -> tuple[str, ...]: ...

    @property
    def days(self) -> tuple[str, str]: ...


class Value(Protocol):
    def written(self, speaker: Speaker, style: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Ksh:
    """Money in cents. Style `bare` leaves the currency out."""

    cents: int

    def written(self, speaker: Speaker, style: str) -> str:
        shillings, cents = divmod(abs(self.cents), 100)
        digits = f"{shillings:,}" + (f".{cents:02}" if cents else "")
        sign = "-" if self.cents < 0 else ""
        return f"{sign}{digits}" if style == "bare" else f"Ksh {sign}{digits}"


@dataclass(frozen=True, slots=True)
class Change:
    """Money in cents that came or went, without currency: `+1,000`, `-500`."""

    cents: int

    def written(self, speaker: Speaker, style: str) -> str:
        digits = Ksh(self.cents).written(speaker, "bare")
        return f"+{digits}" if self.cents > 0 else digits


@dataclass(frozen=True, slots=True)
class Day:
    """A calendar day as read on `today`."""

    day: date
    today: date

    def written(self, speaker: Speaker, style: str) -> str:
        text = f"{self.day.day} {speaker.months[self.day.month - 1]}"
        return text if self.day.year == self.today.year else f"{text} {self.day.year}"


@dataclass(frozen=True, slots=True)
class Days:
    """A number of days: `1 day`, `30 days`."""

    count: int

    def written(self, speaker: Speaker, style: str) -> str:
        one, many = speaker.days
        return (one if self.count == 1 else many).format(n=self.count)


@dataclass(frozen=True, slots=True)
class Clock:
    """A moment, already in local time. Style `day` writes the day before the time: `5 Dec 14:05`."""

    moment: datetime

    def written(self, speaker: Speaker, style: str) -> str:
        time = f"{self.moment:%H:%M}"
        return f"{self.moment.day} {speaker.months[self.moment.month - 1]} {time}" if style == "day" else time


@dataclass(frozen=True, slots=True)
class Moves:
    """What came and went on which days, in cents: `5 Aug -500, 4 Aug +1,000`."""

    entries: tuple[tuple[date, int], ...]

    def written(self, speaker: Speaker, style: str) -> str:
        return ", ".join(
            f"{day.day} {speaker.months[day.month - 1]} {'+' if cents > 0 else ''}{Ksh(cents).written(speaker, 'bare')}"
            for day, cents in self.entries
        )


@dataclass(frozen=True, slots=True)
class FirstName:
    """A person as greeted: the first of the names given, as they write it; all small or all capitals is tidied."""

    name: str

    def written(self, speaker: Speaker, style: str) -> str:
        first = (self.name.split() or [""])[0]
        plain = first in {first.lower(), first.upper()}
        return (first.capitalize() if plain else first)[:SHORT_NAME_LETTERS]


@dataclass(frozen=True, slots=True)
class ShortName:
    """A person as named to others who did not have to know more: first name and initial, `BARAKA O.`."""

    name: str

    def written(self, speaker: Speaker, style: str) -> str:
        first, *others = self.name.upper().split() or [""]
        initial = f" {others[-1][0]}." if others else ""
        return first[: SHORT_NAME_LETTERS - len(initial)] + initial


@dataclass(frozen=True, slots=True)
class FullName:
    """A person named in full, in capitals as on an identity card."""

    name: str

    def written(self, speaker: Speaker, style: str) -> str:
        return " ".join(self.name.split()).upper()[:FULL_NAME_LETTERS].rstrip()


@dataclass(frozen=True, slots=True)
class MaskedPhone:
    """Somebody's line as shown to others: `0711***001`. Takes E.164."""

    msisdn: str

    def written(self, speaker: Speaker, style: str) -> str:
        return masked(self.msisdn)


def masked(msisdn: str) -> str:
    """`+254711000001` as `0711***001`; other countries keep their prefix."""
    local = "0" + msisdn[4:] if msisdn.startswith("+254") else msisdn
    return f"{local[:4]}***{local[-3:]}"


def written(value: object, speaker: Speaker, style: str) -> str:
    """`value` as text: typed values know how, plain text and numbers are taken as they are."""
    writer = getattr(value, "written", None)
    return str(writer(speaker, style)) if writer else str(value)
