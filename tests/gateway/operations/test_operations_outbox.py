"""Accepting: the turn and its operations in one transaction, once, whoever else tries."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation
from gateway.errors import BrokenInvariant, Rejected, Unavailable
from gateway.operations.outbox import AlreadyOpen, AlreadyTaken, Context, Outbox, ReferenceTaken, Standing, intent_hash
from gateway.operations.outcome import Done
from gateway.store import customers
from gateway.store.engine import Store
from gateway.store.tables import operations
from tests.gateway.operations.desk import START, Desk, Remote, all_of, always, desk_on, operation, record

MSISDN = "+254711000001"


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    async with desk_on(database_url) as desk:
        yield desk


async def accept(desk: Desk, *wanted: Operation, turn: int = 1, session: str = "s1", reply: str = "END A") -> None:
    await desk.outbox.accept(record(session, turn, reply=reply), wanted, MSISDN)


class TestAccepting:
    async def test_the_turn_and_all_its_operations_are_on_disk(self, desk: Desk) -> None:
        """With the reply that its repeats are answered from."""
        first, second = operation(), operation(customer="baraka")

        await accept(desk, first, second)

        assert [(row.id, row.state, row.step, row.lane) for row in await desk.rows()] == [
            (first.id, "queued", "act", "money:amina"),
            (second.id, "queued", "act", "money:baraka"),
        ]
        assert [(row.session_id, row.turn) for row in await desk.taken()] == [("s1".rjust(16, "0"), 1)]
        assert desk.outbox.news.is_set()

    async def test_if_one_operation_is_refused_nothing_is_kept(self, desk: Desk) -> None:
        """Neither the turn nor the other operations."""
        open_one = operation(exclusive="loan:amina")
        await accept(desk, open_one)

        with pytest.raises(AlreadyOpen) as refused:
            await accept(desk, operation(), operation(exclusive="loan:amina"), turn=2)

        assert refused.value.about == "amina"
        assert [row.id for row in await desk.rows()] == [open_one.id]
        assert len(await desk.taken()) == 1

    async def test_many_are_put_as_one(self, desk: Desk) -> None:
        """What is queued already stays as it is; a reference of something else refuses all of them."""
        known, new, borrowed = operation(), operation(), operation()
        await accept(desk, known)

        async with desk.store.begin() as connection:
            standing = await desk.outbox.put_all(connection, [known, new, new])
        with pytest.raises(BrokenInvariant, match="reference used before"):
            async with desk.store.begin() as connection:
                await desk.outbox.put_all(connection, [operation(), replace(borrowed, reference=new.reference)])

        rows = await desk.rows()
        assert [(row.id, row.session_id is None) for row in rows] == [(known.id, False), (new.id, True)]
        assert standing == {row.id: Standing(row.reference, row.state, row.intent_hash) for row in rows}

    async def test_an_unknown_kind_is_a_mistake_of_ours(self, desk: Desk) -> None:
        """Nothing is promised that nobody can do."""
        with pytest.raises(BrokenInvariant):
            await accept(desk, operation("unheard.of"))

        assert (await desk.rows(), await desk.taken()) == ([], [])

    async def test_without_the_database_nothing_is_promised(self, desk: Desk) -> None:
        """It says so, and nothing is half there."""
        away = Store("postgresql+asyncpg://nobody@/nowhere?host=/nowhere")
        outbox = Outbox(away, desk.playbooks, {}, desk.clock, recall_ms=1)

        with pytest.raises(Unavailable):
            await outbox.accept(record(), (operation(),), MSISDN)
        await away.close()


class TestRepeats:
    async def test_the_same_turn_again_is_answered_from_its_record(self, desk: Desk) -> None:
        """Same session, same turn: same reply, nothing twice."""
        wanted = operation()
        await accept(desk, wanted, reply="END Request received")

        with pytest.raises(AlreadyTaken) as taken:
            await accept(desk, wanted, reply="END Something else")

        assert taken.value.stored.reply == "END Request received"
        assert len(await desk.rows()) == 1

    async def test_of_racing_turns_one_wins_and_all_others_learn_its_answer(self, desk: Desk) -> None:
        """Different inputs for the same turn, in flight together."""
        wanted = [operation() for _ in range(6)]

        results = await all_of(*(accept(desk, each, reply=f"END {each.id}") for each in wanted))

        rows = await desk.rows()
        losers = [result for result in results if result is not None]
        assert len(rows) == 1
        assert len(losers) == 5
        assert {type(loser) for loser in losers} == {AlreadyTaken}
        assert {loser.stored.reply for loser in losers} == {f"END {rows[0].id}"}

    async def test_the_same_id_with_another_intent_is_refused_loudly(self, desk: Desk) -> None:
        """The same intention cannot mean two things."""
        wanted = operation()
        await accept(desk, wanted)

        with pytest.raises(BrokenInvariant) as broken:
            await accept(desk, replace(wanted, intent={"amount_cents": 999}), turn=2)

        assert broken.value.evidence == {"same_intent": False}
        assert (await desk.row(wanted.id)).intent == {"amount_cents": 100}

    async def test_the_same_id_in_another_turn_is_refused_too(self, desk: Desk) -> None:
        """Ids are computed from session and turn: it cannot be honest."""
        wanted = operation()
        await accept(desk, wanted)

        with pytest.raises(BrokenInvariant) as broken:
            await accept(desk, wanted, turn=2)

        assert broken.value.evidence == {"same_intent": True}

    async def test_a_reference_that_is_taken_can_be_drawn_again(self, desk: Desk) -> None:
        """Two operations are never called the same."""
        first = operation()
        await accept(desk, first)
        second = operation(reference=first.reference)

        with pytest.raises(ReferenceTaken):
            await accept(desk, second, turn=2)
        await accept(desk, replace(second, reference="OPOTHER"), turn=2)

        assert [row.reference for row in await desk.rows()] == [first.reference, "OPOTHER"]


class TestExclusive:
    async def test_of_two_phones_that_ask_at_once_one_is_told_of_the_other(self, desk: Desk) -> None:
        """One open operation per kind of money, however many sessions want it."""
        results = await all_of(
            *(accept(desk, operation(exclusive="loan:amina"), session=f"s{number}") for number in range(5))
        )

        assert len(await desk.rows()) == 1
        assert [type(result) for result in results].count(AlreadyOpen) == 4

    async def test_when_it_has_ended_the_next_may_come(self, desk: Desk) -> None:
        """Ended, not merely parked."""
        await accept(desk, operation(exclusive="loan:amina"))
        await desk.worker().drain()

        await accept(desk, operation(exclusive="loan:amina"), turn=2)

        assert [(row.state, row.exclusive) for row in await desk.rows()] == [("done", None), ("queued", "loan:amina")]

    async def test_it_ended_between_the_refusal_and_the_look_at_why(self, desk: Desk) -> None:
        """Then the wish can be taken after all: it is not answered with an error."""
        await accept(desk, operation(exclusive="loan:amina"))
        late = operation(exclusive="loan:amina")
        outbox = Outbox(Meanwhile(desk), desk.playbooks, {}, desk.clock, recall_ms=1)  # type: ignore[arg-type]

        await outbox.accept(record(turn=2), (late,), MSISDN)

        assert (await desk.row(late.id)).state == "queued"

    async def test_what_stands_in_the_way_and_cannot_be_named_is_no_acceptance(self, desk: Desk) -> None:
        """Nothing was kept, and that is what is said."""

        async def fails(connection: AsyncConnection, operation: Operation, context: Context) -> None:
            for _ in range(2):
                await customers.added(
                    connection, "twin", msisdn=MSISDN, name="Twin", language="en", state="active", created_at=START
                )

        desk.instants["register"] = fails

        with pytest.raises(Unavailable):
            await accept(desk, operation("register"))

        assert (await desk.rows(), await desk.taken()) == ([], [])


class Meanwhile:
    """A store on which everything open ends between a refused transaction and the next look."""

    def __init__(self, desk: Desk) -> None:
        self._store = desk.store
        self.begin = desk.store.begin

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        async with self._store.begin() as connection:
            await connection.execute(update(operations).values(is_open=False, state="done", exclusive=None))
        async with self._store.read() as connection:
            yield connection


class TestInstants:
    @pytest.fixture
    async def desk(self, fresh_sqlite: str) -> AsyncIterator[Desk]:
        async with desk_on(fresh_sqlite) as desk:
            yield desk

    async def test_they_take_effect_with_their_turn_and_once(self, desk: Desk) -> None:
        """No worker ever sees them."""
        called = desk.on_the_spot("language.set")
        wanted = operation("language.set")

        await accept(desk, wanted)
        with pytest.raises(AlreadyTaken):
            await accept(desk, wanted)

        row = await desk.row(wanted.id)
        assert (row.state, row.is_open, row.lane) == ("done", False, "instant")
        assert called == [Context(MSISDN, "s1".rjust(16, "0"), START)]
        assert await desk.worker().drain() == 0

    async def test_one_that_fails_leaves_no_turn_behind(self, desk: Desk) -> None:
        """All or nothing."""

        async def fails(connection: AsyncConnection, operation: Operation, context: Context) -> None:
            raise BrokenInvariant("no PIN was chosen")

        desk.instants["pin.change"] = fails

        with pytest.raises(BrokenInvariant):
            await accept(desk, operation(), operation("pin.change"))

        assert (await desk.rows(), await desk.taken()) == ([], [])

    async def test_what_they_queue_is_accepted_with_them(self, desk: Desk) -> None:
        """A welcome is on disk when the member is."""

        async def tells(connection: AsyncConnection, operation: Operation, context: Context) -> None:
            await desk.outbox.tell(connection, operation.id, "amina", MSISDN, "welcome", {})
            await desk.outbox.tell(connection, operation.id, "amina", MSISDN, "welcome", {})

        desk.instants["register"] = tells
        desk.handle("sms.send", Remote("send", always(Done())))

        await accept(desk, operation("register"))

        assert [(row.kind, row.state) for row in await desk.rows()] == [("register", "done"), ("sms.send", "queued")]


class TestPutting:
    async def test_an_id_is_queued_once(self, desk: Desk) -> None:
        """From several places at once, by callbacks for instance."""
        wanted = operation()

        async def put() -> bool:
            async with desk.store.begin() as connection:
                return await desk.outbox.put(connection, wanted)

        assert sorted(await all_of(*(put() for _ in range(5)))) == [False, False, False, False, True]
        assert len(await desk.rows()) == 1

    async def test_another_one_of_the_same_name_is_not_dropped_silently(self, desk: Desk) -> None:
        """Whatever was to be done, nobody would ever know."""
        first = operation()
        async with desk.store.begin() as connection:
            await desk.outbox.put(connection, first)

        with pytest.raises(BrokenInvariant):
            async with desk.store.begin() as connection:
                await desk.outbox.put(connection, operation(reference=first.reference))

    async def test_what_is_excluded_is_refused_and_not_taken_for_a_mistake(self, desk: Desk) -> None:
        """Whoever looked before had seen nothing: the other one came in between."""
        await accept(desk, operation(exclusive="loan:amina"))

        async with desk.store.begin() as connection:
            with pytest.raises(Rejected, match="under way"):
                await desk.outbox.put(connection, operation(exclusive="loan:amina"), is_ours=True)

        assert len(await desk.rows()) == 1

    async def test_one_that_nobody_was_told_of_gets_another_name(self, desk: Desk) -> None:
        """Names are short, so two may draw the same; what was to be done is done all the same."""
        first, second = operation(), operation()
        taken = replace(second, reference=first.reference)
        async with desk.store.begin() as connection:
            await desk.outbox.put(connection, first)

        async with desk.store.begin() as connection:
            assert await desk.outbox.put(connection, taken, is_ours=True)
            assert not await desk.outbox.put(connection, taken, is_ours=True)

        names = [row.reference for row in await desk.rows()]
        assert len(set(names)) == 2
        assert names[1][:2] == first.reference[:2]

    async def test_it_is_queued_only_if_its_unit_of_work_is(self, desk: Desk) -> None:
        """A message about money that was not booked is not sent."""
        with pytest.raises(RuntimeError):
            async with desk.store.begin() as connection:
                await desk.outbox.put(connection, operation())
                raise RuntimeError

        assert await desk.rows() == []

    async def test_a_playbook_can_wait_before_it_begins(self, desk: Desk) -> None:
        """A prompt waits for the end of the session."""
        desk.handle("prompt", Remote("act", always(Done())), delay_ms=3_000)

        slow = await desk.put("prompt")
        at_once = await desk.put("prompt", delay_ms=0)

        assert (await desk.row(slow)).due_at == START + 3_000
        assert (await desk.row(at_once)).due_at == START


class TestRecall:
    @pytest.fixture
    async def desk(self, fresh_sqlite: str) -> AsyncIterator[Desk]:
        async with desk_on(fresh_sqlite) as desk:
            yield desk

    async def test_the_latest_turn_of_a_session_key_is_remembered(self, desk: Desk) -> None:
        """What Redis lost is on disk."""
        await accept(desk, operation(), reply="END first")
        await accept(desk, operation(), turn=2, reply="END second")

        stored = await desk.outbox.recall("key")

        assert stored is not None
        assert (stored.reply, stored.session.turn) == ("END second", 2)
        assert await desk.outbox.recall("another key") is None

    async def test_only_within_its_window(self, desk: Desk) -> None:
        """Carriers use their session ids again."""
        await accept(desk, operation())
        desk.clock.now += 599_999
        just = await desk.outbox.recall("key")
        desk.clock.now += 1

        assert just is not None
        assert await desk.outbox.recall("key") is None

    async def test_a_turn_without_operations_counts_too(self, desk: Desk) -> None:
        """It is the record that counts, not what was asked for."""
        await accept(desk)

        assert await desk.outbox.recall("key") is not None


class TestNames:
    @pytest.fixture
    async def desk(self, fresh_sqlite: str) -> AsyncIterator[Desk]:
        async with desk_on(fresh_sqlite) as desk:
            yield desk

    def test_an_intent_is_the_same_whatever_the_order_of_its_keys(self) -> None:
        """And another when anything else differs."""
        hashed = intent_hash("loan", {"a": 1, "b": {"c": [1, 2], "d": "é"}})

        assert hashed == intent_hash("loan", {"b": {"d": "é", "c": [1, 2]}, "a": 1})
        assert hashed != intent_hash("loan", {"a": 1, "b": {"c": [2, 1], "d": "é"}})
        assert hashed != intent_hash("repay", {"a": 1, "b": {"c": [1, 2], "d": "é"}})

    async def test_sessions_get_names_nobody_had(self, desk: Desk) -> None:
        """Phones and carriers repeat theirs."""
        assert len({desk.outbox.session_id() for _ in range(1_000)}) == 1_000
