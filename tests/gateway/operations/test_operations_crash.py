"""Kill the process between any two steps, start again, and count the money.

What a crash leaves behind is what was committed: between two commits nothing but the world outside can change. So
every crash is one of two: just before a commit, with all that was said outside since the one before, or just after.
"""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.books import accounts as chart
from gateway.errors import Uncertain
from gateway.store.engine import Store
from tests.gateway.rails_flow.office import AMINA, LEASE_MS, Office, Shop, office_on

COMMITS_MAX = 60
LOAN, NET, OWED, PART = 500_00, 495_00, 540_00, 50_00
LONG_LOAN = 5_000_00


class Killed(BaseException):
    """The process is gone: nothing of ours may catch it."""


class Dying:
    """A store whose process ends `before` or `after` commit number `at`, or that never answers it (`unanswered`)."""

    def __init__(self, store: Store, at: int, how: str) -> None:
        self._store = store
        self._at = at
        self._how = how
        self._commits = 0
        self.read = store.read

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        if self._commits >= self._at and self._how != "unanswered":
            raise Killed
        async with self._store.begin() as connection:
            yield connection
            self._commits += 1
            self._die("before")
        self._die("after")
        if self._commits == self._at and self._how == "unanswered":
            raise Uncertain("database, while committing")

    @property
    def was_reached(self) -> bool:
        return self._commits >= self._at

    def _die(self, how: str) -> None:
        if self._commits == self._at and self._how == how:
            raise Killed


@dataclass(frozen=True)
class Story:
    """One operation from its intention to its end: what is there before, the wish, and what must be true after."""

    prepare: Callable[[Office], Awaitable[str]]
    put: Callable[[Office, str], Awaitable[str]]
    ended: Callable[[Office, str, str, int], Awaitable[None]]


async def nothing(office: Office) -> str:
    return ""


async def a_loan(office: Office) -> str:
    return await office.lent(LONG_LOAN)


async def borrowed(office: Office, _: str) -> str:
    return await office.borrow(LOAN)


async def paid_out(office: Office, _: str, named: str, __: int) -> None:
    identity = (await office.operation(named)).id
    assert await office.loan_state(named) == "active"
    assert await office.owed(named) == OWED
    assert await office.balance(chart.loan_principal(identity)) == LOAN
    assert await office.balance(chart.TRANSIT) == 0
    assert [moved.cents for moved in office.rail.book if moved.id == (await office.request(named)).id] == [NET]
    assert set(await told(office, named)) - {"borrow.slow"} == {"borrow.paid"}


async def prompted(office: Office, loan: str) -> str:
    return await office.prompt(loan, PART)


async def from_wallet(office: Office, loan: str) -> str:
    return await office.from_wallet(loan, PART)


async def paid_back(office: Office, loan: str, named: str, owed_before: int) -> None:
    """A prompt that was about to go out is not sent again: then nothing was paid, and that is what is said."""
    paid = sum(moved.cents for moved in office.rail.book if moved.account == named)
    assert paid in {0, PART}
    assert await office.owed(loan) == owed_before - paid
    last = "repay.paid" if paid else "repay.timeout"
    assert set(await told(office, named)) - {"repay.uncertain"} == {last}


async def paid_back_from_wallet(office: Office, loan: str, named: str, owed_before: int) -> None:
    assert await office.owed(loan) == owed_before - PART
    assert await told(office, named) == ["repay.wallet"]


async def noticed(office: Office, _: str) -> str:
    known = len(await office.operations("sms.send"))
    async with office.store.begin() as connection:
        await office.shop.outbox.tell(connection, f"cause {known}", AMINA, AMINA, "pin.changed", {})
    return str((await office.operations("sms.send"))[-1].reference)


async def sent(office: Office, _: str, named: str, __: int) -> None:
    assert (await office.operation(named)).state == "done"
    assert len(await office.texts()) == len(await office.operations("sms.send"))


async def told(office: Office, named: str) -> list[str]:
    """What was said of an operation. Killed while it is handed over, a text may go twice, word for word."""
    about = [row for row in await office.operations("sms.send") if row.intent["values"].get("reference") == named]
    texts = Counter(text.text for text in office.sms.sent if named in text.text)
    templates = [str(row.intent["template"]) for row in about]
    assert {row.state for row in about} == {"done"}
    assert len(templates) == len(set(templates)) == len(texts)
    assert max(texts.values()) <= 2
    return templates


STORIES = {
    "loan.disburse": Story(nothing, borrowed, paid_out),
    "repay.stk": Story(a_loan, prompted, paid_back),
    "repay.wallet": Story(a_loan, from_wallet, paid_back_from_wallet),
    "sms.send": Story(nothing, noticed, sent),
}
WEATHER: dict[str, dict[str, Any]] = {
    "told": {},
    "told before the answer": {"early": True},
    "told twice": {"tells": 2},
    "never told": {"tells": 0},
    "neither answered nor told": {"answer": "lost", "tells": 0},
}
CALM = {"answer": "ok", "tells": 1, "early": False}
CASES = [
    ("loan.disburse", "told", "after"),
    ("loan.disburse", "told twice", "unanswered"),
    ("loan.disburse", "neither answered nor told", "before"),
    ("repay.stk", "told before the answer", "before"),
    ("repay.stk", "never told", "after"),
    ("repay.stk", "told", "unanswered"),
    ("repay.stk", "neither answered nor told", "before"),
    ("repay.wallet", "told", "before"),
    ("repay.wallet", "told", "after"),
    ("sms.send", "told", "before"),
    ("sms.send", "told", "unanswered"),
]


class TestCrashPoints:
    """Killed anywhere, started again: the rail's book, our books and the messages are those of one operation."""

    @pytest.mark.parametrize(("kind", "weather", "how"), CASES)
    async def test_a_kill_between_any_two_steps_loses_and_doubles_nothing(
        self, fresh_sqlite: str, kind: str, weather: str, how: str
    ) -> None:
        """One operation is killed at its first commit, the next at its second, until one gets through."""
        async with office_on(fresh_sqlite) as office:
            await killed_everywhere(office, STORIES[kind], WEATHER[weather], how)

    @pytest.mark.parametrize("kind", ["loan.disburse", "repay.stk"])
    async def test_the_same_holds_on_postgresql(self, fresh_postgres: str, kind: str) -> None:
        """Its locks and its own ways to commit change nothing."""
        async with office_on(fresh_postgres) as office:
            await killed_everywhere(office, STORIES[kind], WEATHER["told"], "before")


async def killed_everywhere(office: Office, story: Story, weather: dict[str, Any], how: str) -> None:
    about, at = await story.prepare(office), 1
    while await killed_and_settled(office, story, about, weather, Dying(office.store, at, how)):
        at += 1
        assert at < COMMITS_MAX
    assert at > 3
    await office.prove()


async def killed_and_settled(office: Office, story: Story, about: str, weather: dict[str, Any], dying: Dying) -> bool:
    """One operation through a crash and to its end; whether it came as far as that."""
    owed_before = await office.owed(about) if about else 0
    named = await story.put(office, about)
    behave(office, {**CALM, **weather})
    office.shop = Shop(cast(Store, dying), office.rail, office.sms, office.clock)
    try:
        await office.settled()
    except (Killed, Uncertain):  # an unanswered claim is left to run out, as by a worker that died
        office.clock.turn(LEASE_MS)
    office.shop = Shop(office.store, office.rail, office.sms, office.clock)
    await office.settled()
    behave(office, CALM)
    await story.ended(office, about, named, owed_before)
    return dying.was_reached


def behave(office: Office, weather: dict[str, Any]) -> None:
    for name, value in weather.items():
        setattr(office.rail, name, value)
    office.rail.hook = office.told
