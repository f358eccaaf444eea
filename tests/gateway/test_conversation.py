"""The road from hop to screen: what it costs, what it keeps, and what it says when something is in its way."""

import asyncio
import io
import json
import re
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
import structlog
from redis import Redis
from sqlalchemy import Engine, event, update

from flows.turn import Operation, reference
from gateway.config import Logs
from gateway.errors import BrokenInvariant
from gateway.log import configure
from gateway.operations.outbox import TurnRecord
from gateway.sessions import unpacked
from gateway.store.tables import operations
from tests.house import House, Houses
from tests.meddling import AMINA, AMINA_PIN, BORROW, POLITE, RECEIVED, TO_THE_PIN, held, typed

NEWCOMER, NEW_PIN = "+254711000003", "826451"
REGISTER = ("1", "1", "1", "34567812", "Zawadi Achieng", "1", NEW_PIN, NEW_PIN)


@contextmanager
def statements() -> Iterator[list[str]]:
    """Every SQL statement that is executed inside the block."""
    seen: list[str] = []

    def noted(_: Any, __: Any, statement: str, *___: Any) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", noted)
    yield seen
    event.remove(Engine, "before_cursor_execute", noted)


@contextmanager
def commands(url: str) -> Iterator[dict[str, int]]:
    """How often Redis was asked for what inside the block, but for what scripts do within it."""
    counted: dict[str, int] = {}
    with Redis.from_url(url) as redis:
        redis.config_resetstat()
        yield counted
        for name, stat in redis.info("commandstats").items():
            counted[name.removeprefix("cmdstat_")] = stat["calls"]


@contextmanager
def logged() -> Iterator[list[str]]:
    """All that is logged inside the block, as it is written in production, with every debug line."""
    lines: list[str] = []
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    configure(Logs(format="json", level="debug"), stream)
    structlog.configure(cache_logger_on_first_use=False)
    yield lines
    structlog.reset_defaults()
    stream.seek(0)
    lines += stream.read().splitlines()


def leaves(value: Any) -> Iterator[str]:
    """Every text inside a value, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, below in value.items():
            yield from leaves(key)
            yield from leaves(below)
    elif isinstance(value, list | tuple):
        for below in value:
            yield from leaves(below)


def in_redis(url: str) -> dict[str, list[str]]:
    """Every key with all texts of its value; the rail's token is locked, so that it has one."""
    with Redis.from_url(url) as redis:
        return {key.decode(): texts_of(key, redis.get(key) or b"") for key in redis.scan_iter("*")}


def texts_of(key: bytes, value: bytes) -> list[str]:
    is_session = key.startswith(b"nyota:{") and not key.endswith(b":newest")
    return list(leaves(msgspec.to_builtins(unpacked(value)))) if is_session else [value.decode()]


def in_database(path: Path) -> list[str]:
    """Every text of every column of every row."""
    texts: list[str] = []
    with closing(sqlite3.connect(path)) as connection:
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in connection.execute(f'SELECT * FROM "{table}"'):  # noqa: S608 - the names are ours
                for column in row:
                    texts += (
                        leaves(msgspec.to_builtins(unpacked(column))) if isinstance(column, bytes) else [str(column)]
                    )
    return texts


def holds(texts: list[str], secret: str) -> bool:
    """Whether `secret` stands in one of the texts as a word of its own, rather than by chance inside a digest."""
    return any(re.search(rf"(?<![0-9A-Za-z_-]){secret}(?![0-9A-Za-z_-])", text) for text in texts)


class TestCosts:
    """Round trips are what a turn costs."""

    async def test_a_turn_takes_at_most_two_round_trips_to_redis(self, house: House, fresh_redis: str) -> None:
        """Load and save, one script each; the first ever also sends the scripts. The PIN and a commit add none."""
        await house.hop("", session="ATUid_0")
        for count in range(len(BORROW) + 1):
            with commands(fresh_redis) as counted:
                await house.hop("*".join(BORROW[:count]))

            assert counted.pop("evalsha") == 2
            assert set(counted) <= {"get", "set", "config|resetstat"}

    async def test_a_repeat_takes_one_round_trip_and_no_sql(self, houses: Houses, fresh_redis: str) -> None:
        """The stored reply is all it needs."""
        house = await houses.build(works=False)
        await typed(house, *TO_THE_PIN)
        with commands(fresh_redis) as counted, statements() as executed:
            await house.hop("*".join(TO_THE_PIN))

        assert counted["evalsha"] == 1
        assert executed == []

    async def test_a_step_that_needs_no_facts_reads_no_sql(self, houses: Houses) -> None:
        """Help, mistakes and the way back: nothing is read, nothing written."""
        house = await houses.build(works=False)
        await house.hop("")
        with statements() as executed:
            for text in ("9", "9*77", "9*77*5", "9*77*5*0"):
                assert (await house.hop(text)).startswith("CON ")

        assert executed == []

    async def test_a_turn_without_operations_writes_no_sql(self, houses: Houses) -> None:
        """Facts are read; only a commit writes."""
        house = await houses.build(works=False)
        with statements() as executed:
            await typed(house, *TO_THE_PIN)

        assert executed
        assert not [text for text in executed if re.match(r"(?i)insert|update|delete|begin immediate", text)]


class TestWhatIsKept:
    """Neither PIN, nor what was typed, nor a phone number where it does not belong."""

    async def test_whole_dialogues_leave_small_sessions_without_pin_phone_or_text(
        self, house: House, fresh_redis: str
    ) -> None:
        """Scanned after every hop: keys, values and their size."""
        for phone, dialogue in ((NEWCOMER, REGISTER), (AMINA, BORROW), (AMINA, ("3", "1", "2", "2", "1"))):
            session = f"ATUid_{len(dialogue)}"
            for count in range(len(dialogue) + 1):
                text = "*".join(dialogue[:count])
                await house.hop(text, phone=phone, session=session)
                found = in_redis(fresh_redis)
                texts = [part for texts in found.values() for part in texts]
                with Redis.from_url(fresh_redis) as redis:
                    assert max(len(redis.get(key) or b"") for key in found) < 1024

                assert not any(secret in "".join(found) for secret in ("711000003", "711000001", session))
                assert not any(phone[4:] in part for part in texts)
                assert not any(holds(texts, secret) for secret in (NEW_PIN, AMINA_PIN))
                assert count < 2 or text not in texts

    async def test_the_pin_is_in_no_database_log_or_answer(self, house: House) -> None:
        """Right, wrong, new, repeated, too early, in a dialled string, and while something breaks."""
        pins = house.gateway.conversation._pins
        with logged() as lines:
            answers = [await typed(house, *REGISTER, phone=NEWCOMER)]
            answers += [await typed(house, *TO_THE_PIN, "9173", "9173", AMINA_PIN)]
            answers += [await house.hop(f"2*1*2000*1*{AMINA_PIN}", session="ATUid_2")]
            await house.settled()
            await typed(house, "1", session="ATUid_3")
            with patch.object(pins, "verdict", side_effect=ValueError("broken on purpose")):
                answers += [await house.hop(f"1*{AMINA_PIN}", session="ATUid_3")]
            with patch.object(pins, "verdict", side_effect=TimeoutError):
                answers += [await house.hop(f"1*{AMINA_PIN}", session="ATUid_3")]
            _, sessions = await house.ops("GET", "/api/ussd/sessions")
            _, queue = await house.ops("GET", f"/api/ussd/queue/{AMINA}")
            answers += [json.dumps(sessions), json.dumps(queue)]

        kept = in_database(Path(house.config.database.url.removeprefix("sqlite+aiosqlite:///")))
        assert any("turn_broken" in line for line in lines)
        assert any('"turn"' in line for line in lines)
        for secret in (NEW_PIN, AMINA_PIN, "9173"):
            assert not holds(kept, secret)
            assert not holds(lines, secret)
            assert not holds(answers, secret)

    async def test_no_whole_phone_number_is_logged(self, house: House) -> None:
        """Masked wherever it is written."""
        with logged() as lines:
            await typed(house, *BORROW)
            await house.settled()

        assert any("0711***001" in line for line in lines)
        assert not [line for line in lines if re.search(r"(254|0)711000001", line)]


class TestDecidedOnDisk:
    """A turn with operations belongs to its record in SQL."""

    async def test_a_reference_that_is_taken_is_drawn_again(
        self, houses: Houses, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The same turn with other letters; the customer sees the one that counts."""
        house = await houses.build(works=False)
        async with house.gateway.store.begin() as connection:
            taken = Operation(str(uuid.uuid4()), "loan.disburse", "LNTAKEN", "somebody", {})
            await house.gateway.outbox.put(connection, taken)
        drawn = iter(["LNTAKEN"])
        monkeypatch.setattr("flows.engine.reference", lambda *args: next(drawn, None) or reference(*args))

        screen = await typed(house, *BORROW)

        found = RECEIVED.match(screen)
        assert found
        assert found[1] != "LNTAKEN"
        references = [operation.reference for operation in await house.operations("loan.disburse")]
        assert references == ["LNTAKEN", found[1]]

    async def test_the_same_operation_with_another_intent_is_refused_loudly(self, houses: Houses) -> None:
        """An id stands for one wish; nothing of the second is kept."""
        house = await houses.build(works=False)
        await typed(house, *BORROW)
        (operation,) = await house.operations("loan.disburse")
        intent = {**operation.intent, "product": "growth"}
        wish = Operation(operation.id, operation.kind, operation.reference, operation.customer_id, intent)
        record = TurnRecord("f" * 16, 1, "another-key", "digest", b"")

        with pytest.raises(BrokenInvariant) as refused:
            await house.gateway.outbox.accept(record, (wish,), AMINA)

        assert refused.value.evidence == {"same_intent": False}
        assert len(await house.operations()) == 1

    async def test_what_was_under_way_and_ends_in_that_moment_still_gets_a_screen(self, houses: Houses) -> None:
        """The operation that excluded this one is done before it can be shown: the menu, and nothing a second time."""
        house = await houses.build(works=False)
        await typed(house, *TO_THE_PIN, session="ATUid_old")
        checked, go_on = held(house.gateway.conversation._pins, "verdict")
        slow = asyncio.create_task(house.hop("*".join(BORROW), session="ATUid_old"))
        await checked.wait()
        await typed(house, *BORROW, session="ATUid_new")
        explained, finish = held(house.gateway.conversation, "_shown_under_way")
        go_on.set()
        await explained.wait()
        async with house.gateway.store.begin() as connection:
            await connection.execute(update(operations).values(is_open=False, exclusive=None, state="done"))
        finish.set()

        screen = await slow

        assert screen.startswith("CON Nyota: "), screen
        assert len(await house.operations("loan.disburse")) == 1


class TestLimits:
    """Bounds that a conversation keeps."""

    async def test_the_older_of_two_sessions_is_told_to_go_on_in_the_newer(self, house: House) -> None:
        """The newest wins; a repeat in the older one is still answered as before."""
        old = await typed(house, "2", session="ATUid_old")
        await typed(house, "2", session="ATUid_new")

        assert await house.hop("2", session="ATUid_old") == old
        assert (await house.hop("2*1", session="ATUid_old")).startswith("END You have dialled again")
        assert (await house.hop("2*1", session="ATUid_new")).startswith("CON Quick loan")

    async def test_the_number_of_turns_is_bounded(self, house: House) -> None:
        """The sixty-first is the last, politely."""
        text, screen = "", await house.hop("")
        for number in range(61):
            assert screen.startswith("CON "), number
            text = f"{text}*{'9' if number % 2 == 0 else '00'}".lstrip("*")
            screen = await house.hop(text)
            if screen.startswith("END"):
                break

        assert screen.startswith("END This call was very long")

    async def test_a_turn_that_outlasts_the_deadline_ends_politely(self, houses: Houses) -> None:
        """Nothing was done, and it says so."""
        house = await houses.build(works=False, server={"turn_seconds": 0.1})
        held(house.gateway.conversation._facts, "gather")

        assert POLITE.match(await house.hop(""))

    async def test_a_resumed_session_asks_for_the_confirmation_again(self, house: House) -> None:
        """After a drop: continue, the price once more, then the PIN."""
        await typed(house, *TO_THE_PIN, session="ATUid_dropped")

        offered = await house.hop("", session="ATUid_redial")
        went_on = await house.hop("1", session="ATUid_redial")

        assert "Continue where you left off?" in offered
        assert went_on.startswith("CON Loan Ksh 2,000")

    async def test_a_price_that_changed_meanwhile_is_not_charged(self, houses: Houses) -> None:
        """What was shown is what is taken: the quote travels in the session."""
        house = await houses.build(works=False)
        await typed(house, *TO_THE_PIN)
        quick = house.gateway.portfolio.products["quick"]
        dearer = {"quick": replace(quick, interest_percent=quick.interest_percent * 2)}
        house.gateway.portfolio.products = dearer

        await house.hop("*".join(BORROW))

        (operation,) = await house.operations("loan.disburse")
        assert operation.intent["quote"]["total_cents"] == 2160_00
