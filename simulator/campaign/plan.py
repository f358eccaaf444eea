"""What a campaign will do, all of it drawn from one seed: the people, the faults, how long each gateway lives.

The same seed gives the same plan. What comes of it may differ: processes and networks keep their own time.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

PINS = ("4826", "7391", "60582", "92746", "381704", "509318")
FIRST_NAMES = ("Achieng", "Barasa", "Chebet", "Daudi", "Esther", "Faraji", "Gathoni", "Hamisi", "Imani", "Juma")
LAST_NAMES = ("Kamau", "Lelei", "Mutua", "Njoroge", "Okoth", "Pendo", "Rotich", "Simiyu", "Tanui", "Wafula")
LIFE_SECONDS = (2.0, 6.0)
AIM_SECONDS = 0.06
WITHOUT_MPESA = 8
"""One in so many people has no M-PESA account, so that nobody can pay them."""


@dataclass(frozen=True, slots=True)
class Breakage:
    """One fault, in force for some APIs of the outside: how often, and for how many seconds."""

    kind: str
    rate: float
    seconds: float
    apis: tuple[str, ...] = ("*",)


FAULTS = (
    Breakage("timeout", 0.10, 2.5),
    Breakage("http-500", 0.10, 0.0),
    Breakage("slow", 0.20, 1.0),
    Breakage("lost-callback", 0.20, 0.0),
    Breakage("duplicate-callback", 0.25, 0.05),
    Breakage("late-callback", 0.15, 3.0),
    Breakage("callback-first", 0.20, 3.0),
    Breakage("wrong-amount", 0.15, 0.0, ("stk", "b2c", "status", "c2b")),
    Breakage("does-not-exist", 0.10, 0.0),
    Breakage("queue-timeout", 0.05, 1.0),
    Breakage("busy", 0.05, 0.0),
    Breakage("drop", 0.05, 0.0),
)
"""Everything that can go wrong outside, for seconds short enough for a campaign."""

ANSWERS: Mapping[str, int] = MappingProxyType({"pay": 75, "cancel": 8, "wrong-pin": 6, "insufficient": 6, "ignore": 5})
"""What people do with a prompt, by weight."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who dials. `chance` seeds everything they decide."""

    phone: str
    name: str
    national_id: str
    pin: str
    has_mpesa: bool
    chance: str


Aim = Literal["anywhere", "confirming", "confirmed"]
AIMS: Mapping[Aim, int] = MappingProxyType({"anywhere": 3, "confirming": 4, "confirmed": 3})
"""When kills come, by weight: when it is time, a moment after somebody confirms, or as soon as they are answered."""


@dataclass(frozen=True, slots=True)
class Span:
    """How long a gateway lives: so many seconds, and then until what its killer aims at has happened."""

    seconds: float
    aim: Aim
    aim_seconds: float


@dataclass(frozen=True, slots=True)
class Plan:
    """`lives` are those of the gateways, one after the other."""

    seed: int
    people: tuple[Person, ...]
    lives: tuple[Span, ...]

    def chance(self, life: int) -> random.Random:
        """For what is decided when a life ends."""
        return random.Random(f"{self.seed}/life/{life}")

    def answer(self, phone: str, number: int) -> tuple[str, float]:
        """What the owner of a phone does with the prompt of this number, and after how many seconds."""
        chance = random.Random(f"{self.seed}/prompt/{phone}/{number}")
        return chance.choices(tuple(ANSWERS), tuple(ANSWERS.values()))[0], chance.uniform(0.1, 1.5)


def drawn(seed: int, customers: int, seconds: float) -> Plan:
    """The plan of a seed."""
    chance = random.Random(f"{seed}/plan")
    people = tuple(person(seed, number, chance) for number in range(customers))
    lives = [_span(chance)]
    while sum(life.seconds for life in lives) < seconds:
        lives.append(_span(chance))
    return Plan(seed, people, tuple(lives))


def _span(chance: random.Random) -> Span:
    aim = chance.choices(tuple(AIMS), tuple(AIMS.values()))[0]
    return Span(chance.uniform(*LIFE_SECONDS), aim, chance.uniform(0.0, AIM_SECONDS) if aim == "confirming" else 0.0)


def person(seed: int, number: int, chance: random.Random) -> Person:
    """Somebody who has never dialled before; the same number is the same phone."""
    phone = f"+2547{12_000_000 + number * 7919 % 8_000_000:08d}"
    national_id = str(20_000_000 + number * 104_729 % 10_000_000)
    usable = [pin for pin in PINS if pin not in phone and pin not in national_id]
    return Person(
        phone=phone,
        name=f"{chance.choice(FIRST_NAMES)} {chance.choice(LAST_NAMES)}",
        national_id=national_id,
        pin=chance.choice(usable),
        has_mpesa=number % WITHOUT_MPESA != WITHOUT_MPESA - 1,
        chance=f"{seed}/person/{number}",
    )
