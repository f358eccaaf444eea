"""Live sessions on a real Redis: who moves a session on, what a redial finds, what is kept and for how long."""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiohttp.test_utils import unused_port
from msgspec.structs import replace as changed
from redis import Redis

from flows.turn import Session
from gateway.errors import Unavailable
from gateway.inbound import Inbound
from gateway.sessions import HEADER_CHARACTERS, Keys, Sessions, Stored, header, unpacked
from tests.servers import wait_until

AMINA = Inbound("africastalking", "+254711000001", "ATUid_1", "*383#", "")
TTL_SECONDS = 180


def opened(url: str, ttl_seconds: int = TTL_SECONDS) -> Sessions:
    return Sessions(url, b"secret", ttl_seconds=ttl_seconds, pool=2, timeout_seconds=5)


@pytest.fixture
async def sessions(fresh_redis: str) -> AsyncIterator[Sessions]:
    live = opened(fresh_redis)
    yield live
    await live.close()


def kept(session: Session, reply: str = "Hello") -> Stored:
    return Stored(session, reply, 3, "prefix-digest-16", "0711***001", "africastalking", 1, 2)


def first(number: int = 1) -> Session:
    return Session(f"{number:016x}", turn=1)


def following(session: Session) -> Session:
    return changed(session, turn=session.turn + 1)


class TestSaving:
    """Compare-and-set on session and turn."""

    async def test_what_was_saved_is_loaded(self, sessions: Sessions) -> None:
        """Session, reply, and how much of the text it has understood."""
        keys = sessions.keys(AMINA)
        moved = changed(kept(first()), reply="Habari, {} € é", consumed=12)

        winner = await sessions.save(keys, moved, None, opens=True)

        assert winner is None
        assert (await sessions.load(keys)).stored == moved

    async def test_of_many_who_open_at_once_one_wins_and_all_learn_who(self, sessions: Sessions) -> None:
        """Every loser gets the winner's session and reply."""
        keys = sessions.keys(AMINA)
        candidates = [kept(first(number), f"reply {number}") for number in range(20)]

        answers = await asyncio.gather(*(sessions.save(keys, one, None, opens=True) for one in candidates))

        winners = [one for one, answer in zip(candidates, answers, strict=True) if answer is None]
        assert len(winners) == 1
        assert all(answer == winners[0] for answer in answers if answer is not None)
        assert (await sessions.load(keys)).stored == winners[0]

    async def test_of_many_who_move_on_at_once_one_wins(self, sessions: Sessions) -> None:
        """The turn number decides; the session is the same for all."""
        keys, before = sessions.keys(AMINA), first()
        await sessions.save(keys, kept(before), None, opens=True)
        candidates = [kept(following(before), f"reply {number}") for number in range(20)]

        answers = await asyncio.gather(*(sessions.save(keys, one, before, opens=False) for one in candidates))

        assert sum(answer is None for answer in answers) == 1
        assert len({answer.reply for answer in answers if answer}) == 1

    async def test_saving_the_same_twice_succeeds(self, sessions: Sessions) -> None:
        """A save whose answer was lost may be repeated."""
        keys, before, after = sessions.keys(AMINA), first(), kept(following(first()))
        await sessions.save(keys, kept(before), None, opens=True)
        await sessions.save(keys, after, before, opens=False)

        assert await sessions.save(keys, after, before, opens=False) is None

    async def test_a_session_that_expired_meanwhile_is_not_brought_back(self, sessions: Sessions) -> None:
        """The turn's own reply is given, and the next hop starts afresh."""
        keys, before = sessions.keys(AMINA), first()
        moved = kept(following(before))

        winner = await sessions.save(keys, moved, before, opens=False)

        assert winner == moved
        assert (await sessions.load(keys)).stored is None

    async def test_force_moves_on_whatever_is_there(self, sessions: Sessions) -> None:
        """What is on disk decides over what Redis holds."""
        keys = sessions.keys(AMINA)
        await sessions.save(keys, kept(first(7)), None, opens=True)

        await sessions.force(keys, kept(first(8)))

        loaded = (await sessions.load(keys)).stored
        assert loaded
        assert loaded.session.id == first(8).id


class TestTheNewestSession:
    """One phone, several dials."""

    async def test_a_newer_dial_supersedes_the_older_session(self, sessions: Sessions) -> None:
        """Only the older one learns that."""
        older, newer = sessions.keys(AMINA), sessions.keys(replace(AMINA, session_ref="ATUid_2"))
        await sessions.save(older, kept(first(1)), None, opens=True)
        await sessions.save(newer, kept(first(2)), None, opens=True)

        assert (await sessions.load(older)).is_superseded
        assert not (await sessions.load(newer)).is_superseded

    async def test_going_on_in_the_older_one_does_not_make_it_the_newest(self, sessions: Sessions) -> None:
        """Only opening a session moves the pointer."""
        older, newer = sessions.keys(AMINA), sessions.keys(replace(AMINA, session_ref="ATUid_2"))
        await sessions.save(older, kept(first(1)), None, opens=True)
        await sessions.save(newer, kept(first(2)), None, opens=True)

        await sessions.save(older, kept(following(first(1))), first(1), opens=False)
        await sessions.force(older, kept(following(following(first(1)))))

        assert (await sessions.load(older)).is_superseded
        assert not (await sessions.load(newer)).is_superseded

    async def test_a_redial_finds_the_session_before(self, sessions: Sessions) -> None:
        """In the same round trip that finds that there is no session yet."""
        before = kept(first())
        await sessions.save(sessions.keys(AMINA), before, None, opens=True)

        loaded = await sessions.load(sessions.keys(replace(AMINA, session_ref="ATUid_2")))

        assert loaded.stored is None
        assert loaded.previous == before

    async def test_another_phone_finds_nothing(self, sessions: Sessions) -> None:
        """Neither session nor pointer, even with the same id."""
        await sessions.save(sessions.keys(AMINA), kept(first()), None, opens=True)

        loaded = await sessions.load(sessions.keys(replace(AMINA, msisdn="+254711000002")))

        assert (loaded.stored, loaded.previous, loaded.is_superseded) == (None, None, False)

    async def test_a_session_of_another_version_does_not_keep_anybody_from_dialling(
        self, sessions: Sessions, fresh_redis: str
    ) -> None:
        """What cannot be read is as good as gone."""
        old = sessions.keys(AMINA)
        await sessions.save(old, kept(first()), None, opens=True)
        with Redis.from_url(fresh_redis) as redis:
            redis.set(old.session, b"0123456789abcdef0001 of another shape")

        loaded = await sessions.load(sessions.keys(replace(AMINA, session_ref="ATUid_2")))

        assert (loaded.stored, loaded.previous) == (None, None)

    @pytest.mark.parametrize(
        "other",
        [replace(AMINA, provider="other"), replace(AMINA, code="*384#"), replace(AMINA, session_ref="ATUid_2")],
        ids=["provider", "code", "id"],
    )
    def test_provider_code_and_id_all_make_another_session(self, other: Inbound) -> None:
        """Of the same phone, so in the same slot of a cluster."""
        live = opened("redis://localhost:1")

        keys, others = live.keys(AMINA), live.keys(other)

        assert keys.session != others.session
        assert keys.newest == others.newest
        assert keys.session.split("}")[0] == keys.newest.split("}")[0]

    def test_keys_depend_on_the_secret_and_show_no_phone(self, fresh_redis: str) -> None:
        """A keyed hash: who sees the keys cannot look people up."""
        other = Sessions(fresh_redis, b"other", ttl_seconds=180, pool=1, timeout_seconds=5)

        ours, theirs = opened(fresh_redis).keys(AMINA), other.keys(AMINA)

        assert ours.session != theirs.session
        assert "711000001" not in ours.session + ours.newest
        assert "ATUid_1" not in ours.session


class TestTimeToLive:
    """Redis's own clock ends a session."""

    async def test_it_slides_with_every_turn_for_session_and_pointer(
        self, sessions: Sessions, fresh_redis: str
    ) -> None:
        """Every save sets it anew."""
        keys, before = sessions.keys(AMINA), first()
        await sessions.save(keys, kept(before), None, opens=True)
        with Redis.from_url(fresh_redis) as redis:
            redis.expire(keys.session, 3)
            redis.expire(keys.newest, 3)

            await sessions.save(keys, kept(following(before)), before, opens=False)

            assert redis.ttl(keys.session) > 170
            assert redis.ttl(keys.newest) > 170

    async def test_a_pointer_that_expired_is_set_again(self, sessions: Sessions, fresh_redis: str) -> None:
        """Otherwise a redial would not find the session that is still alive."""
        keys, before = sessions.keys(AMINA), first()
        await sessions.save(keys, kept(before), None, opens=True)
        with Redis.from_url(fresh_redis) as redis:
            redis.delete(keys.newest)

        await sessions.save(keys, kept(following(before)), before, opens=False)

        assert (await sessions.load(sessions.keys(replace(AMINA, session_ref="ATUid_2")))).previous

    async def test_it_ends_by_itself(self, fresh_redis: str) -> None:
        """A session nobody answers is gone."""
        live = opened(fresh_redis, ttl_seconds=1)
        keys = live.keys(AMINA)
        await live.save(keys, kept(first()), None, opens=True)

        async def is_gone() -> bool:
            return (await live.load(keys)).stored is None

        await wait_until(is_gone)
        await live.close()


class TestMonitoring:
    """What operators see and clear."""

    async def test_all_live_sessions_come_page_by_page(self, sessions: Sessions) -> None:
        """Each with its time to live; pointers and other keys are not sessions."""
        for number in range(250):
            phone = replace(AMINA, msisdn=f"+2547110{number:05}")
            await sessions.save(sessions.keys(phone), kept(first(number)), None, opens=True)
        await sessions.probe()

        found, cursor, pages = [], 0, 0
        while True:
            cursor, live = await sessions.live(cursor, 50)
            found += live
            pages += 1
            if not cursor:
                break

        assert {stored.session.id for stored, _ in found} == {first(number).id for number in range(250)}
        assert all(0 < ttl <= TTL_SECONDS for _, ttl in found)
        assert pages > 3

    async def test_clearing_one_phone_leaves_the_others(self, sessions: Sessions) -> None:
        """All sessions of that phone, counted without the pointer."""
        other = sessions.keys(replace(AMINA, msisdn="+254711000002"))
        await sessions.save(sessions.keys(AMINA), kept(first(1)), None, opens=True)
        await sessions.save(sessions.keys(replace(AMINA, session_ref="ATUid_2")), kept(first(2)), None, opens=True)
        await sessions.save(other, kept(first(3)), None, opens=True)

        assert await sessions.clear(AMINA.msisdn) == 2
        assert (await sessions.load(sessions.keys(AMINA))).stored is None
        assert (await sessions.load(other)).stored

    async def test_clearing_all_leaves_nothing(self, sessions: Sessions) -> None:
        """And clearing nothing is no error."""
        for number in range(5):
            phone = replace(AMINA, msisdn=f"+25471100000{number}")
            await sessions.save(sessions.keys(phone), kept(first(number)), None, opens=True)

        assert await sessions.clear() == 5
        assert await sessions.clear() == 0
        assert await sessions.live() == (0, [])


class TestOutages:
    """Redis forgets, refuses, or is away."""

    async def test_scripts_that_redis_forgot_are_sent_again(self, sessions: Sessions, fresh_redis: str) -> None:
        """After a restart or a flush, in the middle of everything."""
        keys, session = sessions.keys(AMINA), first()
        await sessions.save(keys, kept(session), None, opens=True)
        for _ in range(3):
            with Redis.from_url(fresh_redis) as redis:
                redis.script_flush()
            moved = following(session)
            assert await sessions.save(keys, kept(moved), session, opens=False) is None
            loaded = (await sessions.load(keys)).stored
            assert loaded
            assert loaded.session == moved
            session = moved

    @pytest.mark.parametrize("knows_scripts", [True, False])
    async def test_a_full_redis_is_unavailable(self, sessions: Sessions, fresh_redis: str, knows_scripts: bool) -> None:
        """For writing; loading goes on, and so does everything once there is room."""
        keys = sessions.keys(AMINA)
        with Redis.from_url(fresh_redis) as redis:
            if knows_scripts:
                await sessions.save(keys, kept(first(9)), None, opens=True)
                redis.delete(keys.session)
            redis.config_set("maxmemory", "1")
            try:
                with pytest.raises(Unavailable, match="OutOfMemory"):
                    await sessions.save(keys, kept(first()), None, opens=True)
                assert (await sessions.load(keys)).stored is None
            finally:
                redis.config_set("maxmemory", "0")

        assert await sessions.save(keys, kept(first()), None, opens=True) is None

    async def test_nobody_there_is_unavailable_for_everything(self) -> None:
        """At once, as a refused connection is."""
        away = opened(f"redis://127.0.0.1:{unused_port()}")
        keys, moved = Keys("a", "b"), kept(first())

        for call in (
            away.load(keys),
            away.save(keys, moved, None, opens=True),
            away.force(keys, moved),
            away.live(),
            away.clear(),
            away.probe(),
        ):
            with pytest.raises(Unavailable):
                await call
        await away.close()

    async def test_one_that_takes_connections_and_says_nothing_is_unavailable(self) -> None:
        """Within the timeout of the socket, and for all who wait."""
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"redis://127.0.0.1:{silent.getsockname()[1]}"
            live = Sessions(url, b"s", ttl_seconds=180, pool=1, timeout_seconds=0.1)

            loads = await asyncio.gather(*(live.load(Keys("a", "b")) for _ in range(20)), return_exceptions=True)
            await live.close()

        assert all(isinstance(load, Unavailable) for load in loads)


class TestOnePipeline:
    """Commands of one loop tick go out together."""

    async def test_a_hundred_loads_at_once_are_each_answered_with_their_own(self, sessions: Sessions) -> None:
        """In whatever batches they left."""
        phones = [replace(AMINA, msisdn=f"+2547110{number:05}") for number in range(600)]
        for number, phone in enumerate(phones):
            await sessions.save(sessions.keys(phone), kept(first(number)), None, opens=True)

        loaded = await asyncio.gather(*(sessions.load(sessions.keys(phone)) for phone in phones))

        ids = [found.stored.session.id if found.stored else "" for found in loaded]
        assert ids == [first(number).id for number in range(600)]

    async def test_a_refused_command_does_not_disturb_its_neighbours(
        self, sessions: Sessions, fresh_redis: str
    ) -> None:
        """The refusal belongs to the command, the connection to everybody."""
        with Redis.from_url(fresh_redis) as redis:
            redis.set("nyota:{x}:y", "x")
            redis.lpush("nyota:{x}:list", "x")
        await sessions.save(sessions.keys(AMINA), kept(first()), None, opens=True)

        wrong, right = await asyncio.gather(
            sessions.load(Keys("nyota:{x}:list", "nyota:{x}:newest")),
            sessions.load(sessions.keys(AMINA)),
            return_exceptions=True,
        )

        assert isinstance(wrong, Unavailable)
        assert not isinstance(right, BaseException)
        assert right.stored


class TestPacking:
    """What is kept, byte for byte."""

    def test_the_header_is_as_long_as_the_script_reads(self) -> None:
        """For the last turn that is allowed too."""
        assert len(header(Session("0" * 16, turn=0))) == HEADER_CHARACTERS
        assert len(header(Session("f" * 16, turn=0xFFFF))) == HEADER_CHARACTERS

    def test_unpacking_undoes_packing(self) -> None:
        """Offers, data and trail included."""
        session = Session(
            "0" * 16, 5, "borrow", "pin", "sw", "c1", "Amina", {"amount": 200000}, ("1=quick",), ("menu.main",)
        )

        assert unpacked(kept(session).packed()) == kept(session)
