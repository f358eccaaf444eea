"""What a person answers to what the phone shows, given what they came for. Pure: chance is handed in.

People read: they go by the screen and not by what they expect, so that resumed, shortened and repeated
conversations need no script of their own.
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from simulator.campaign.plan import Person

Goal = Literal["borrow", "repay by M-PESA", "repay from wallet", "deposit", "withdraw", "balance"]
GOALS: dict[Goal, int] = {
    "borrow": 30, "repay by M-PESA": 25, "repay from wallet": 10, "deposit": 15, "withdraw": 15, "balance": 5,
}  # fmt: skip
DIGITS: dict[Goal, str] = {
    "borrow": "2", "repay by M-PESA": "3", "repay from wallet": "3", "deposit": "6", "withdraw": "6", "balance": "1",
}  # fmt: skip

_RANGE = re.compile(r"([\d,]+) to ([\d,]+)")
PART_MAX, FROM_WALLET_MAX = 4000, 150
MPESA_MIN, DEPOSIT_MAX, WITHDRAW_MAX = 10, 2000, 900
WRONG_PIN = "2222"


class UnknownScreen(LookupError):
    """A person would not know what to do with this screen."""


@dataclass(frozen=True, slots=True)
class Caller:
    """One person with one errand."""

    person: Person
    goal: Goal
    chance: random.Random


Answer = Callable[[Caller, str], str | None]


def errand(person: Person, chance: random.Random) -> Caller:
    """What somebody dials for this time."""
    goal = chance.choices(tuple(GOALS), tuple(GOALS.values()))[0]
    return Caller(person, goal, chance)


def answer(caller: Caller, screen: str) -> tuple[str, str | None]:
    """The rule that fits a screen that waits, by name, and the answer; None hangs up. Raises UnknownScreen."""
    for name, pattern, rule in WAITING:
        if pattern.search(screen):
            return name, rule(caller, screen)
    raise UnknownScreen(screen)


def recognise_last(screen: str) -> str:
    """The name of a screen that ends a session. Raises UnknownScreen."""
    for name, pattern in LAST:
        if pattern.search(screen):
            return name
    raise UnknownScreen(screen)


def _says(text: str) -> Answer:
    return lambda _caller, _screen: text


def _either(**weights: int) -> Answer:
    """One of `press_1`, `press_00`, ... by weight; `hang_up` answers nothing."""
    names = tuple(weights)

    def choose(caller: Caller, _screen: str) -> str | None:
        name = caller.chance.choices(names, tuple(weights.values()))[0]
        return None if name == "hang_up" else name.removeprefix("press_")

    return choose


def _pin(caller: Caller, _screen: str) -> str:
    return WRONG_PIN if caller.chance.random() < 0.02 else caller.person.pin


def _loan_amount(caller: Caller, screen: str) -> str:
    least, most = _range(screen)
    return str(caller.chance.randrange(least, most + 1))


def _choice(caller: Caller, _screen: str) -> str:
    """What is due, all of it, or another amount."""
    weights = (0, 0, 1) if caller.goal == "repay from wallet" else (1, 1, 2)
    return caller.chance.choices("123", weights)[0]


def _part_amount(caller: Caller, screen: str) -> str:
    """By M-PESA often more than is owed: what is too much fills the wallet, and little of it is spent at a time."""
    least, _ = _range(screen)
    most = FROM_WALLET_MAX if caller.goal == "repay from wallet" else PART_MAX
    return str(caller.chance.randrange(least, least + most))


def _source(caller: Caller, screen: str) -> str:
    """The wallet is on offer only where it covers the sum."""
    return "1" if caller.goal == "repay from wallet" and "\n1 " in screen else "2"


def _wallet_choice(caller: Caller, _screen: str) -> str:
    return "1" if caller.goal == "deposit" else "2"


def _up_to(most: int) -> Answer:
    """Any sum up to `most` from the least one that M-PESA moves; whether there is as much, they will see."""
    return lambda caller, _: str(caller.chance.randrange(MPESA_MIN, most))


def _range(screen: str) -> tuple[int, int]:
    found = _RANGE.search(screen)
    if found is None:
        raise UnknownScreen(screen)
    least, most = (int(number.replace(",", "")) for number in found.groups())
    return least, most


CONFIRMING = frozenset({"PIN again", "loan PIN", "wallet PIN", "withdrawal PIN", "M-PESA"})
"""The screens whose answer asks for something to be done."""

WAITING: tuple[tuple[str, re.Pattern[str], Answer], ...] = tuple(
    (name, re.compile(pattern, re.I), rule)
    for name, pattern, rule in (
        ("language", r"Choose language", _says("1")),
        ("terms", r"Join Nyota", _says("1")),
        ("data", r"We keep your name", _says("1")),
        ("id", r"Your national ID number", lambda caller, _: caller.person.national_id),
        ("name", r"Your two names", lambda caller, _: caller.person.name),
        ("check", r"Is this right\?", _says("1")),
        ("new PIN", r"Choose (a|another) Nyota PIN", lambda caller, _: caller.person.pin),
        ("PIN again", r"same Nyota PIN again", lambda caller, _: caller.person.pin),
        ("resume", r"was not finished", _either(press_1=3, press_2=1)),
        ("under way", r"is on its way|is not confirmed yet", _either(press_1=2, hang_up=1)),
        ("menu", r"1 Balance\n2 Borrow", lambda caller, _: DIGITS[caller.goal]),
        ("product", r"Borrow\. Your limit", _says("1")),
        ("loan amount", r"loan: how much\?", _loan_amount),
        ("again", r"the same again\?", _either(press_1=4, press_2=1)),
        ("cost", r"you get Ksh [^?]*Accept", _either(press_1=17, press_0=2, press_00=1)),
        ("loan PIN", r"Enter Nyota PIN to accept", _pin),
        ("wallet", r"1 Deposit\n2 Withdraw", _wallet_choice),
        ("deposit", r"Deposit from M-PESA .*: how much\?", _up_to(DEPOSIT_MAX)),
        ("withdraw", r"Withdraw to your M-PESA .*: how much\?", _up_to(WITHDRAW_MAX)),
        ("withdrawal PIN", r"Withdraw Ksh [\d,]+ to your M-PESA", _pin),
        ("loan", r"Repay which loan\?", _says("1")),
        ("amount", r"how much\?\n1 Next", _choice),
        ("part", r"how much will you pay\?", _part_amount),
        ("source", r"Pay Ksh [\d,.]+ from:", _source),
        ("no loan", r"^You have no loan to repay", _either(press_00=1, hang_up=1)),
        ("wallet PIN", r"from your wallet", _pin),
        ("M-PESA", r"M-PESA charge", _either(press_1=12, press_2=1)),
        ("late", r"No new loan yet", _either(press_1=3, hang_up=1)),
        ("full", r"Your whole limit", _either(press_1=1, hang_up=1)),
        ("PIN", r"Enter Nyota PIN", _pin),
        ("balance", r"Wallet Ksh", lambda *_: None),
    )
)
"""Screens that wait for an answer, the first that fits."""

LAST: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("joined", r"^Welcome, "),
        ("accepted", r"^Request (LN|WD)\w+ received|: request PY\w+ received|^M-PESA will now ask"),
        ("no credit", r"^We cannot lend to you now"),
        ("cancelled", r"^Cancelled\. Nothing was sent|^You cancelled\. Nothing was paid"),
        ("limit", r"^Your (deposits|withdrawals and transfers) have reached|^Your wallet holds nearly the most"),
        ("busy", r"^Nyota is (very busy|slow now)|^Not confirmed yet"),
        ("newer", r"^You have dialled again after this"),
        ("locked", r"^Nyota PIN locked"),
        ("not understood", r"^We could not understand"),
    )
)
"""Screens that end a session."""
