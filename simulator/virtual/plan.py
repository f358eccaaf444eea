"""What will happen, all of it drawn from one seed: who dials when, how the rail behaves, when the gateway dies.

The same seed gives the same plan. Chance is drawn by name and never from one stream, so that leaving something out
(see `shrink`) changes nothing else.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from types import MappingProxyType
from typing import Literal

from simulator.campaign.plan import Person, person

EAT = timezone(timedelta(hours=3))
START = datetime(2026, 1, 5, 7, 0, tzinfo=EAT)
DAY_MS = 86_400_000
HOUR_MS = 3_600_000
AWAKE = (6.0, 22.0)

Call = Literal["ok", "lost", "away", "throttled"]
CALLS: Mapping[Call, int] = MappingProxyType({"ok": 80, "lost": 9, "away": 9, "throttled": 2})
"""How a call of the rail ends: `lost` is carried out and never answered, `away` and `throttled` are not carried out."""

Word = Literal["soon", "first", "late", "twice", "never"]
WORDS: Mapping[Word, int] = MappingProxyType({"soon": 60, "first": 8, "late": 12, "twice": 12, "never": 8})
"""How its callback comes: `first` is before the call was answered, `late` hours after, `twice` once more."""

Confirmed = Literal["as it is", "other sum", "no account", "other account", "not"]
CONFIRMED: Mapping[Confirmed, int] = MappingProxyType(
    {"as it is": 52, "other sum": 6, "no account": 6, "other account": 6, "not": 30}
)
"""What the confirmation of a payment says of it, if there is one."""


@dataclass(frozen=True, slots=True)
class Weather:
    """How the rail behaves: the weights of what becomes of a call, of its callback, and of a payment's confirmation."""

    calls: Mapping[Call, int]
    words: Mapping[Word, int]
    confirmed: Mapping[Confirmed, int]


USUAL = Weather(CALLS, WORDS, CONFIRMED)
HARSH = Weather(
    calls={"ok": 50, "lost": 40, "away": 8, "throttled": 2},
    words={"soon": 35, "first": 10, "late": 20, "twice": 15, "never": 20},
    confirmed={"as it is": 25, "other sum": 15, "no account": 15, "other account": 15, "not": 30},
)
"""Two of five calls are carried out and not answered; one of five callbacks never comes."""

Prompt = Literal["pay", "cancel", "wrong-pin", "insufficient", "ignore"]
PROMPTS: Mapping[Prompt, int] = MappingProxyType(
    {"pay": 75, "cancel": 8, "wrong-pin": 5, "insufficient": 6, "ignore": 6}
)


@dataclass(frozen=True, slots=True)
class Act:
    """Somebody dials. `at` is in milliseconds since the epoch."""

    number: int
    at: int
    phone: str


@dataclass(frozen=True, slots=True)
class Window:
    """The rail answers nobody from one moment until another; what it has to tell, it tells afterwards."""

    start: int
    end: int

    def covers(self, moment: int) -> bool:
        return self.start <= moment < self.end


@dataclass(frozen=True, slots=True)
class Plan:
    """One run. `deaths` are the numbers of the commits around which the gateway is killed."""

    seed: int
    days: int
    people: tuple[Person, ...]
    acts: tuple[Act, ...]
    outages: tuple[Window, ...] = ()
    weather: Weather = USUAL
    deaths: Mapping[int, str] = field(default_factory=dict)

    @property
    def start(self) -> int:
        return round(START.timestamp() * 1000)

    @property
    def end(self) -> int:
        """When the world is mended."""
        return self.start + self.days * DAY_MS

    def chance(self, *names: object) -> random.Random:
        """A stream of its own for whatever these names stand for."""
        return random.Random("/".join(map(str, (self.seed, *names))))


def drawn(seed: int, days: int, people: int, calls_a_day: float, weather: Weather = USUAL) -> Plan:
    """The plan of a seed: `calls_a_day` for each of so many people."""
    chance = random.Random(f"{seed}/plan")
    crowd = tuple(person(seed, number, chance) for number in range(people))
    plan = Plan(seed, days, crowd, ())
    acts = sorted(
        (_moment(plan.start, day, chance), who.phone)
        for day in range(days)
        for who in crowd
        for _ in range(_calls(calls_a_day, chance))
    )
    return Plan(
        seed=seed,
        days=days,
        people=crowd,
        acts=tuple(Act(number, at, phone) for number, (at, phone) in enumerate(acts)),
        outages=tuple(_outages(plan, chance)),
        weather=weather,
        deaths=_deaths(len(acts), chance),
    )


def _moment(start: int, day: int, chance: random.Random) -> int:
    hour = chance.uniform(*AWAKE) - START.hour
    return start + day * DAY_MS + round(hour * HOUR_MS)


def _calls(a_day: float, chance: random.Random) -> int:
    whole = int(a_day)
    return whole + (chance.random() < a_day - whole)


def _outages(plan: Plan, chance: random.Random) -> list[Window]:
    """One in ten days or so, for minutes or for more than a day."""
    found = []
    for day in range(plan.days):
        if chance.random() < 0.1:
            start = _moment(plan.start, day, chance)
            found.append(Window(start, start + round(chance.choice((0.1, 0.5, 2, 30)) * HOUR_MS)))
    return found


def _deaths(acts: int, chance: random.Random) -> dict[int, str]:
    """About one kill for twenty calls, before or after a commit chosen at random."""
    commits = max(1, acts * 4)
    return {chance.randrange(commits): chance.choice(("before", "after")) for _ in range(acts // 20)}
