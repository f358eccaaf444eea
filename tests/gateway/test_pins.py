"""The Nyota PIN: what is weak, what a wrong one leads to, counted once, checked off the loop."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from unittest.mock import patch

import pytest
from argon2.exceptions import VerifyMismatchError
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import select

from flows.engine import Verdict
from flows.turn import Session
from gateway.clock import DAY_MS
from gateway.config import Pins as PinSettings
from gateway.demo import PEOPLE
from gateway.pins import FOREVER, Hashes, Pins, Ruling, is_weak, ruled
from gateway.store.tables import customers, pin_attempts, pin_drafts
from tests.house import House, Houses
from tests.meddling import AMINA, AMINA_PIN, held, typed
from tests.servers import wait_until

SETTINGS = PinSettings(memory_kib=8192, time_cost=1)
AMINA_ID = PEOPLE[0].id
NOON = 1_800_000_000_000


class Watch:
    """A clock that stands where a test puts it."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> int:
        return self.now


@pytest.fixture
async def quiet(tmp_path: Path, fresh_sqlite: str, fresh_redis: str) -> AsyncIterator[House]:
    """A house whose worker does nothing."""
    async with AsyncExitStack() as stack:
        yield await Houses(stack, tmp_path, fresh_sqlite, fresh_redis).build(works=False)


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def pins(quiet: House, watch: Watch) -> Pins:
    return pins_of(quiet, watch)


def pins_of(house: House, watch: Watch) -> Pins:
    return Pins(house.gateway.store, house.gateway.hashes, house.gateway.outbox, watch, house.config.pins)


def session(number: int, turn: int = 3) -> Session:
    return Session(f"{number:016x}", turn=turn, customer=AMINA_ID)


async def failures(house: House) -> tuple[int, int, int]:
    async with house.gateway.store.read() as connection:
        row = (await connection.execute(select(customers).where(customers.c.id == AMINA_ID))).one()
    return row.pin_failures, row.pin_locks, row.pin_locked_until


class TestWeakPins:
    """What a thief tries first is refused."""

    @pytest.mark.parametrize(
        "pin",
        ["0000", "1111", "999999", "1234", "4321", "123456", "654321", "7890", "0987", "1987", "2026", "2580",
         "1212", "112233", "7110", "0001", "711000", "2345", "3456"],
    )  # fmt: skip
    def test_it_is_weak(self, pin: str) -> None:
        """Repeats, runs, years, patterns, parts of the phone or the identity number."""
        assert is_weak(pin, phone=AMINA, national_id="23456789")

    @pytest.mark.parametrize("pin", ["4826", "7391", "6058", "826451", "90417"])
    def test_it_is_not_weak(self, pin: str) -> None:
        """An ordinary PIN."""
        assert not is_weak(pin, phone=AMINA, national_id="23456789")

    @given(st.integers(0, 9), st.sampled_from([-1, 0, 1]), st.integers(4, 6))
    def test_every_run_is_weak(self, first: int, step: int, length: int) -> None:
        """Up, down or standing still, past the nine too."""
        assert is_weak("".join(str((first + step * index) % 10) for index in range(length)))


class TestRuling:
    """What one more wrong PIN leads to, as a value."""

    def test_two_are_forgiven_the_third_locks_for_half_an_hour(self) -> None:
        """With the configured number of tries and minutes."""
        assert ruled(0, 0, 0, NOON, SETTINGS) == Ruling(1, 0, 0)
        assert ruled(1, 0, 0, NOON, SETTINGS) == Ruling(2, 0, 0)
        assert ruled(2, 0, 0, NOON, SETTINGS) == Ruling(0, 1, NOON + 30 * 60_000)

    def test_the_second_lock_within_a_day_stays(self) -> None:
        """Until somebody opens it."""
        assert ruled(2, 1, NOON - DAY_MS + 1, NOON, SETTINGS) == Ruling(0, 2, FOREVER)

    def test_a_lock_after_a_day_is_a_first_one_again(self) -> None:
        """The count starts over."""
        assert ruled(2, 1, NOON - DAY_MS, NOON, SETTINGS) == Ruling(0, 1, NOON + 30 * 60_000)


class TestChecking:
    """A typed PIN against the stored hash."""

    async def test_the_right_one_is_ok_and_forgives_earlier_ones(self, quiet: House, pins: Pins) -> None:
        """Two wrong, one right: the count is back at nothing."""
        first = await pins.verdict(session(1), "pin", "9173", AMINA)
        second = await pins.verdict(session(2), "pin", "9173", AMINA)
        right = await pins.verdict(session(3), "pin", AMINA_PIN, AMINA)

        assert (first, second, right) == (Verdict("pin", {"tries": 2}), Verdict("pin_last"), Verdict("ok"))
        assert await failures(quiet) == (0, 0, 0)

    async def test_the_third_wrong_one_locks_and_the_right_one_no_longer_helps(
        self, quiet: House, pins: Pins, watch: Watch
    ) -> None:
        """The customer is told by SMS, once; after half an hour it opens by itself."""
        for number in range(3):
            verdict = await pins.verdict(session(number), "pin", "9173", AMINA)
        refused = await pins.verdict(session(4), "pin", AMINA_PIN, AMINA)
        watch.now += 30 * 60_000
        opened = await pins.verdict(session(5), "pin", AMINA_PIN, AMINA)

        assert (verdict.name, verdict.is_final) == ("locked", True)
        assert (refused.name, refused.is_final) == ("locked", True)
        assert opened.name == "ok"
        notices = [operation.intent["template"] for operation in await quiet.operations("sms.send")]
        assert notices == ["pin.locked"]

    async def test_the_second_lock_in_a_day_stays(self, quiet: House, pins: Pins, watch: Watch) -> None:
        """Even for the right PIN, a week later."""
        for number in range(6):
            verdict = await pins.verdict(session(number), "pin", "9173", AMINA)
            watch.now += 31 * 60_000 if number == 2 else 0
        watch.now += 7 * DAY_MS

        assert (verdict.name, verdict.is_final) == ("locked_long", True)
        assert (await pins.verdict(session(7), "pin", AMINA_PIN, AMINA)).name == "locked_long"

    async def test_the_same_turn_is_counted_once_however_often_it_comes(self, houses: Houses, watch: Watch) -> None:
        """Ten at once, and later again, with the same or another PIN: one strike and one verdict."""
        house = await houses.build(works=False)
        pins = pins_of(house, watch)
        verdicts = await asyncio.gather(*(pins.verdict(session(1), "pin", "9173", AMINA) for _ in range(10)))
        later = await pins.verdict(session(1), "pin", AMINA_PIN, AMINA)

        assert {verdict.name for verdict in [*verdicts, later]} == {"pin"}
        assert await failures(house) == (1, 0, 0)

    async def test_another_turn_of_the_same_session_is_counted_again(self, quiet: House, pins: Pins) -> None:
        """Each screen is one try."""
        await pins.verdict(session(1, turn=3), "pin", "9173", AMINA)
        await pins.verdict(session(1, turn=4), "pin", "9173", AMINA)

        assert (await failures(quiet))[0] == 2

    async def test_guesses_sent_together_are_no_free_guesses(self, houses: Houses, watch: Watch) -> None:
        """A right one still being checked when others lock the PIN is refused."""
        house = await houses.build(works=False)
        pins = pins_of(house, watch)
        checking, go_on = held(house.gateway.hashes, "matches")
        right = asyncio.create_task(pins.verdict(session(9), "pin", AMINA_PIN, AMINA))
        await checking.wait()
        for number in range(3):
            await pins.verdict(session(number), "pin", "9173", AMINA)
        go_on.set()

        assert (await right).name == "locked"

    async def test_guesses_sent_together_lock_once(self, houses: Houses, watch: Watch) -> None:
        """What was under way when the lock fell is refused, not counted towards the lasting one."""
        house = await houses.build(works=False)
        pins = pins_of(house, watch)
        verdicts = await asyncio.gather(*(pins.verdict(session(number), "pin", "9173", AMINA) for number in range(12)))

        assert {verdict.name for verdict in verdicts} == {"pin", "pin_last", "locked"}
        assert (await failures(house))[:2] == (0, 1)

    @pytest.mark.parametrize("typed_pin", ["", "1", "123", "1234567", "12a4", "١٢٣٤x", "-123", "4826 "])
    async def test_what_is_no_pin_is_no_try(self, quiet: House, pins: Pins, typed_pin: str) -> None:
        """Asked again, not counted."""
        assert (await pins.verdict(session(1), "pin", typed_pin, AMINA)).name == "pin_format"
        assert await failures(quiet) == (0, 0, 0)

    async def test_somebody_without_a_pin_is_locked(self, pins: Pins) -> None:
        """Nothing to compare with is not a yes."""
        assert (await pins.verdict(Session("0" * 16, customer="nobody"), "pin", "4826", AMINA)).name == "locked_long"


class TestChoosing:
    """A new PIN, typed twice."""

    async def test_twice_the_same_is_ok_and_only_a_hash_waited(self, quiet: House, pins: Pins) -> None:
        """In SQL, and it is a hash of that PIN."""
        first = await pins.verdict(session(1), "new", "826451", AMINA)
        async with quiet.gateway.store.read() as connection:
            draft = await connection.scalar(select(pin_drafts.c.pin_hash))
        second = await pins.verdict(session(1), "again", "826451", AMINA)

        assert (first.name, second.name) == ("ok", "ok")
        assert draft
        assert draft.startswith("$argon2id$")
        assert await quiet.gateway.hashes.matches(draft, "826451")

    async def test_two_different_ones_are_a_mismatch(self, pins: Pins) -> None:
        """And so is a second entry without a first."""
        await pins.verdict(session(1), "new", "826451", AMINA)

        assert (await pins.verdict(session(1), "again", "826452", AMINA)).name == "mismatch"
        assert (await pins.verdict(session(2), "again", "826451", AMINA)).name == "mismatch"

    async def test_the_last_choice_counts(self, pins: Pins) -> None:
        """Whoever starts the pair again is compared with the new one."""
        await pins.verdict(session(1), "new", "826451", AMINA)
        await pins.verdict(session(1), "new", "739158", AMINA)

        assert (await pins.verdict(session(1), "again", "826451", AMINA)).name == "mismatch"
        assert (await pins.verdict(session(1), "again", "739158", AMINA)).name == "ok"

    async def test_the_same_choice_sent_twice_at_once_is_one(self, houses: Houses, watch: Watch) -> None:
        """A repeated callback breaks nothing."""
        pins = pins_of(await houses.build(works=False), watch)
        verdicts = await asyncio.gather(*(pins.verdict(session(1), "new", "826451", AMINA) for _ in range(4)))

        assert {verdict.name for verdict in verdicts} == {"ok"}

    async def test_weak_and_present_ones_are_refused(self, pins: Pins) -> None:
        """Part of the phone, part of the identity number, the one in use."""
        assert (await pins.verdict(session(1), "new", "1234", AMINA)).name == "weak"
        assert (await pins.verdict(session(1), "new", AMINA[-4:], AMINA)).name == "weak"
        assert (await pins.verdict(session(1), "new", "6789", AMINA)).name == "weak"
        assert (await pins.verdict(session(1), "new", AMINA_PIN, AMINA)).name == "same"

    async def test_what_nobody_finished_is_dropped_after_a_day(self, quiet: House, pins: Pins, watch: Watch) -> None:
        """With the next choice of anybody."""
        await pins.verdict(session(1), "new", "826451", AMINA)
        watch.now += DAY_MS + 1
        await pins.verdict(session(2), "new", "826451", AMINA)

        async with quiet.gateway.store.read() as connection:
            ids = [row.session_id for row in await connection.execute(select(pin_drafts))]
        assert ids == [session(2).id]


class TestHashing:
    """Argon2id over a peppered HMAC, a few at a time, off the loop."""

    @pytest.fixture
    async def hashes(self) -> AsyncIterator[Hashes]:
        made = Hashes(PinSettings(memory_kib=8192, time_cost=1, threads=2, pepper=SecretStr("pepper")))
        yield made
        made.close()

    async def test_it_is_argon2id_and_never_the_same_twice(self, hashes: Hashes) -> None:
        """Salted, with the configured cost."""
        first, second = await hashes.made("4826"), await hashes.made("4826")

        assert first != second
        assert first.startswith("$argon2id$v=19$m=8192,t=1,p=1$")
        assert await hashes.matches(first, "4826")
        assert not await hashes.matches(first, "4827")

    async def test_without_the_pepper_a_stolen_hash_says_nothing(self, hashes: Hashes) -> None:
        """The same PIN under another pepper does not match."""
        other = Hashes(PinSettings(memory_kib=8192, time_cost=1, pepper=SecretStr("salt")))

        assert not await other.matches(await hashes.made("4826"), "4826")
        other.close()

    async def test_it_runs_in_a_few_threads_of_its_own_and_the_loop_goes_on(self, hashes: Hashes) -> None:
        """Two at once at most; whoever else comes waits without holding the loop."""
        release, running, names, most = threading.Event(), [0], set[str](), [0]
        guard = threading.Lock()

        class Slow:
            def verify(self, *_: object) -> bool:
                with guard:
                    running[0] += 1
                    most[0] = max(most[0], running[0])
                    names.add(threading.current_thread().name)
                release.wait(10)
                with guard:
                    running[0] -= 1
                raise VerifyMismatchError

        with patch.object(hashes, "_hasher", Slow()):
            checks = [asyncio.create_task(hashes.matches("$", "4826")) for _ in range(6)]
            await wait_until(lambda: running[0] == 2)
            assert not any(check.done() for check in checks)
            release.set()
            assert await asyncio.gather(*checks) == [False] * 6

        assert most[0] == 2
        assert names == {"pin_0", "pin_1"}
        assert threading.current_thread().name not in names


class TestDialogues:
    """The PIN as a customer meets it."""

    async def test_duplicates_of_a_wrong_pin_over_http_cost_one_try(self, quiet: House) -> None:
        """Five callbacks at once, one strike, the same screen for all."""
        await typed(quiet, "1")

        screens = await asyncio.gather(*(quiet.hop("1*9173") for _ in range(5)))

        assert {screen.split("\n")[0] for screen in screens} == {"CON Wrong PIN. 2 tries left."}
        assert (await failures(quiet))[0] == 1
        async with quiet.gateway.store.read() as connection:
            assert len(list(await connection.execute(select(pin_attempts)))) == 1

    async def test_three_wrong_ones_end_the_session_and_repaying_stays_possible(self, quiet: House) -> None:
        """A locked PIN never stops a debt being paid."""
        locked = await typed(quiet, "1", "9173", "9174", "9175", session="ATUid_1")
        again = await typed(quiet, "1", AMINA_PIN, session="ATUid_2")
        paying = await typed(quiet, "3", "1", "2", "2", "1", session="ATUid_3")

        assert locked.startswith("END Nyota PIN locked until")
        assert again.startswith("END Nyota PIN locked until")
        assert paying.startswith("END M-PESA will now ask")

    async def test_a_changed_pin_counts_from_the_next_session_on(self, quiet: House) -> None:
        """The old one no longer does, and the draft is used up."""
        changed = await typed(quiet, "8", "1", AMINA_PIN, "739158", "739158", session="ATUid_1")
        old = await typed(quiet, "1", AMINA_PIN, session="ATUid_2")
        new = await typed(quiet, "1", "739158", session="ATUid_3")

        assert changed.startswith("END Your Nyota PIN is changed")
        assert old.startswith("CON Wrong PIN")
        assert "Wallet" in new
        async with quiet.gateway.store.read() as connection:
            assert list(await connection.execute(select(pin_drafts))) == []
