"""Random days on real SQLite: whatever is asked in whatever order, the books prove themselves and match a model."""

import asyncio
import shutil
import tempfile
from collections import Counter
from collections.abc import Awaitable
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.books.errors import HoldResolved, Overdraft
from gateway.store.engine import Store
from tests.gateway.books.till import Till, payout, transfer

PEOPLE = st.sampled_from(["amina", "baraka", "chebet"])
CENTS = st.integers(1, 400)
NUMBERS = st.integers(0, 7)

deposits = st.tuples(st.just("deposit"), PEOPLE, CENTS)
transfers = st.tuples(st.just("transfer"), st.permutations(["amina", "baraka", "chebet"]), CENTS)
holds = st.tuples(st.just("hold"), PEOPLE, CENTS)
ends = st.tuples(st.sampled_from(["post", "void"]), NUMBERS)
days = st.lists(st.one_of(deposits, transfers, holds, ends, ends), min_size=1, max_size=25)


@dataclass
class Model:
    """What the wallets must be, in the simplest way to say it."""

    posted: Counter[str] = field(default_factory=Counter)
    holds: list[tuple[str, int]] = field(default_factory=list)
    ended: dict[int, str] = field(default_factory=dict)

    def held(self, person: str) -> int:
        still_open = [hold for number, hold in enumerate(self.holds) if number not in self.ended]
        return sum(cents for holder, cents in still_open if holder == person)

    def covers(self, person: str, cents: int) -> bool:
        return self.posted[person] - self.held(person) >= cents


async def lived(till: Till, model: Model, number: int, event: tuple[object, ...]) -> None:
    """One event, in the books and in the model; the books must refuse exactly what the model does."""
    match event:
        case ("deposit", str(person), int(cents)):
            await till.deposit(person, cents, at=number)
            model.posted[person] += cents
        case ("transfer", [str(giver), str(taker), *_], int(cents)):
            covered = model.covers(giver, cents)
            assert await is_done(till.post(transfer(f"op-{number}", giver, taker, cents), at=number)) is covered
            model.posted.update({giver: -cents, taker: cents} if covered else {})
        case ("hold", str(person), int(cents)):
            covered = model.covers(person, cents)
            entry = payout(f"hold-{len(model.holds)}", person, cents)
            assert await is_done(till.hold(entry, at=number)) is covered
            model.holds += [(person, cents)] if covered else []
        case (("post" | "void") as end, int(which)) if which < len(model.holds):
            await ended(till, model, number, which, end)


async def ended(till: Till, model: Model, number: int, which: int, end: str) -> None:
    """Ending a hold again the same way is a repeat, the other way a refusal."""
    act = till.post_held if end == "post" else till.void_held
    assert await is_done(act(f"hold-{which}", at=number)) is (model.ended.get(which, end) == end)
    if which not in model.ended:
        model.ended[which] = end
        person, cents = model.holds[which]
        model.posted[person] -= cents if end == "post" else 0


async def is_done(attempt: Awaitable[str]) -> bool:
    try:
        await attempt
    except (Overdraft, HoldResolved):
        return False
    return True


async def check_day(day: list[tuple[object, ...]], migrated: Path) -> None:
    with tempfile.TemporaryDirectory() as directory:
        store = Store(f"sqlite+aiosqlite:///{shutil.copy(migrated, directory)}")
        try:
            await check_events(Till(store), day)
        finally:
            await store.close()


async def check_events(till: Till, day: list[tuple[object, ...]]) -> None:
    model = Model()
    for number, event in enumerate(day):
        await lived(till, model, number, event)
    for person in ("amina", "baraka", "chebet"):
        assert await till.wallet(person) == (model.posted[person], model.held(person))
    assert await till.findings() == []
    async with till.store.read() as connection:
        for at in range(len(day)):
            rows = await till.books.trial_balance(connection, at)
            assert sum(row.debit_cents - row.credit_cents for row in rows) == 0


class TestAnyDay:
    @given(day=days)
    @settings(max_examples=25)
    def test_the_books_prove_themselves_and_match_the_model(
        self, migrated_sqlite: Path, day: list[tuple[object, ...]]
    ) -> None:
        """Refused is exactly what is not covered, and debits equal credits at every moment of the day."""
        asyncio.run(check_day(day, migrated_sqlite))
