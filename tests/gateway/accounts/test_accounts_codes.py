"""One-time codes: for one purpose and one content, a few tries, a few minutes, one use; their digits in no table."""

from collections.abc import AsyncIterator
from datetime import datetime

import pytest
from sqlalchemy import select

from flows.turn import Session
from gateway.accounts.codes import PLACEHOLDER, Code, Codes
from gateway.accounts.tables import codes as table
from gateway.clock import EAT, milliseconds
from gateway.config import Config
from gateway.errors import Rejected
from gateway.store.engine import Store

START = milliseconds(datetime(2026, 8, 5, 10, 42, tzinfo=EAT))
MINUTE_MS = 60_000
CONTENT = {"phone": "+254711000066"}


class Watch:
    """A clock that moves when it is turned."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> int:
        return self.now


class Desk:
    """Codes of one customer on a database of their own."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.watch = Watch()
        config = Config(pins={"pepper": "pepper"})
        self.codes = Codes(config, store, self.watch)

    async def issued(self, purpose: str = "line.old", content: dict[str, str] | None = None) -> Code:
        self.watch.now += 1
        async with self.store.begin() as connection:
            return await self.codes.issued(connection, "amina", purpose, content or CONTENT, minutes=5)

    async def typed(self, digits: str, *, session: str = "s1", turn: int = 1, purpose: str = "line.old") -> str:
        verdict = await self.codes.verdict(Session(session, turn=turn, customer="amina"), purpose, digits)
        return f"{verdict.name}{verdict.slots.get('tries', '')}"

    async def used(self, *, session: str = "s1", content: dict[str, str] | None = None) -> bool:
        try:
            async with self.store.begin() as connection:
                await self.codes.use(connection, "amina", "line.old", content or CONTENT, session)
        except Rejected:
            return False
        return True


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    store = Store(database_url)
    yield Desk(store)
    await store.close()


class TestProving:
    async def test_the_right_digits_are_right(self, desk: Desk) -> None:
        """As they were sent."""
        code = await desk.issued()

        assert await desk.typed(desk.codes.digits(code.id)) == "ok"

    @pytest.mark.parametrize("typed", ["", "12345", "1234567", "12a456", "٤٨٢٩١"])
    async def test_what_is_no_code_costs_no_try(self, desk: Desk, typed: str) -> None:
        """A slip is no guess."""
        await desk.issued()

        assert [await desk.typed(typed, turn=turn) for turn in range(5)] == ["otp_format"] * 5

    async def test_three_wrong_ones_end_it(self, desk: Desk) -> None:
        """Also for the right one."""
        code = await desk.issued()
        right = desk.codes.digits(code.id)
        wrong = "000000" if right != "000000" else "111111"

        assert [await desk.typed(wrong, turn=turn) for turn in (1, 2, 3)] == ["otp2", "otp1", "otp_over"]
        assert await desk.typed(right, turn=4) == "otp_over"

    async def test_a_turn_taken_again_counts_once(self, desk: Desk) -> None:
        """A carrier's repeat is no second guess."""
        code = await desk.issued()
        wrong = "000000" if desk.codes.digits(code.id) != "000000" else "111111"

        assert [await desk.typed(wrong, turn=1) for _ in range(4)] == ["otp2"] * 4

    async def test_it_is_good_for_its_minutes(self, desk: Desk) -> None:
        """And not a moment longer."""
        code = await desk.issued()
        right = desk.codes.digits(code.id)

        desk.watch.now = code.expires_at - 1
        assert await desk.typed(right) == "ok"
        desk.watch.now = code.expires_at
        assert await desk.typed(right, turn=2) == "otp_over"

    async def test_a_newer_one_takes_its_place(self, desk: Desk) -> None:
        """Only the last SMS counts."""
        first, second = await desk.issued(), await desk.issued()

        assert await desk.typed(desk.codes.digits(first.id)) == "otp2"
        assert await desk.typed(desk.codes.digits(second.id), turn=2) == "ok"

    async def test_one_of_another_purpose_is_wrong(self, desk: Desk) -> None:
        """The code of the old line does not prove the new one."""
        old, new = await desk.issued("line.old"), await desk.issued("line.new")

        assert await desk.typed(desk.codes.digits(old.id), purpose="line.new") == "otp2"
        assert await desk.typed(desk.codes.digits(new.id), purpose="line.new", turn=2) == "ok"


class TestUsing:
    async def test_once(self, desk: Desk) -> None:
        """A second use is refused, and so is typing it again."""
        code = await desk.issued()
        right = desk.codes.digits(code.id)
        await desk.typed(right)

        assert await desk.used()
        assert not await desk.used()
        assert await desk.typed(right, turn=2) == "otp_over"

    async def test_not_without_being_proved(self, desk: Desk) -> None:
        """Having been sent is not enough."""
        await desk.issued()

        assert not await desk.used()

    async def test_not_in_another_session(self, desk: Desk) -> None:
        """Whoever typed it uses it."""
        code = await desk.issued()
        await desk.typed(desk.codes.digits(code.id), session="s1")

        assert not await desk.used(session="s2")
        assert await desk.used(session="s1")

    async def test_not_for_something_else(self, desk: Desk) -> None:
        """What it was sent for is bound to it."""
        code = await desk.issued()
        await desk.typed(desk.codes.digits(code.id))

        assert not await desk.used(content={"phone": "+254711000077"})


class TestIssuing:
    async def test_only_so_many_a_day(self, desk: Desk) -> None:
        """A day begins at midnight in Nairobi."""
        for _ in range(5):
            await desk.issued()

        with pytest.raises(Rejected):
            await desk.issued()
        assert await desk.issued("line.new")
        desk.watch.now += 14 * 60 * MINUTE_MS
        assert await desk.issued()

    async def test_the_digits_are_in_no_row(self, desk: Desk) -> None:
        """Nobody who reads the table knows them; another key gives others."""
        code = await desk.issued()
        right = desk.codes.digits(code.id)

        async with desk.store.read() as connection:
            row = (await connection.execute(select(table))).one()
        assert not any(right in str(value) for value in row if not isinstance(value, int))
        other = Codes(Config(pins={"pepper": "other"}), desk.store, desk.watch)
        assert other.digits(code.id) != right

    async def test_a_message_is_filled_while_the_code_is_good(self, desk: Desk) -> None:
        """A late one would only confuse."""
        code = await desk.issued()

        assert await desk.codes.filled(code.id, f"{PLACEHOLDER} it is") == f"{desk.codes.digits(code.id)} it is"
        desk.watch.now = code.expires_at
        assert await desk.codes.filled(code.id, PLACEHOLDER) is None
