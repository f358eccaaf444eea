"""One living token for all processes, through a real Valkey and against a Daraja that kills old ones."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr
from redis import Redis

from gateway.config import App
from gateway.errors import Unavailable
from gateway.rails.daraja import DarajaRail
from gateway.rails.daraja_tokens import OWN_EVERY_MS, Token, TokenCache
from gateway.rails.token_shelf import TokenShelves
from tests.gateway.rails.scripted_daraja import COLLECT, NOW, OAUTH, PROMPT, Reply, ScriptedDaraja

NOWHERE = "redis://127.0.0.1:1/0"
SOON = Token("token-1", NOW + 60_000)


@pytest.fixture
async def daraja() -> AsyncIterator[ScriptedDaraja]:
    async with ScriptedDaraja() as daraja:
        yield daraja


def shelves(url: str) -> TokenShelves:
    return TokenShelves(url, timeout_seconds=5.0, claim_seconds=2.0)


def rail_of(daraja: ScriptedDaraja, url: str) -> DarajaRail:
    """As another process has it."""
    return DarajaRail(daraja.config(), daraja.clock, shelves=shelves(url))


def app(signed: str = "collection") -> App:
    return App(
        consumer_key=SecretStr("collection-key"), consumer_secret=SecretStr(f"{signed}-of-app"), shortcode="600999"
    )


class TestOneForAll:
    async def test_processes_that_call_at_once_fetch_one_token(self, daraja: ScriptedDaraja, fresh_redis: str) -> None:
        """Eight rails, one token, and every call is taken."""
        rails = [rail_of(daraja, fresh_redis) for _ in range(8)]

        await asyncio.gather(*(rail.collect(COLLECT) for rail in rails))

        assert len(daraja.at(OAUTH)) == 1
        assert len(daraja.at(PROMPT)) == 8
        for rail in rails:
            await rail.close()

    async def test_a_token_killed_from_outside_is_fetched_once_more_for_all(
        self, daraja: ScriptedDaraja, fresh_redis: str
    ) -> None:
        """Who hears of it second takes the one that the first has put there."""
        first, second = rail_of(daraja, fresh_redis), rail_of(daraja, fresh_redis)
        await first.collect(COLLECT)
        await second.collect(COLLECT)

        daraja.kill_tokens()
        await first.collect(COLLECT)
        await second.collect(COLLECT)

        assert len(daraja.at(OAUTH)) == 2
        await first.close()
        await second.close()

    async def test_when_fetching_fails_the_next_may_try(self, daraja: ScriptedDaraja, fresh_redis: str) -> None:
        """The right to fetch is given back at once, not when it runs out."""
        daraja.will(OAUTH, Reply(503, "<html></html>"))
        first, second = rail_of(daraja, fresh_redis), rail_of(daraja, fresh_redis)

        with pytest.raises(Unavailable):
            await first.collect(COLLECT)
        daraja.will(OAUTH)
        await second.collect(COLLECT)

        assert len(daraja.at(OAUTH)) == 2
        await first.close()
        await second.close()


class TestSecret:
    async def test_no_token_can_be_read_in_redis(self, fresh_redis: str) -> None:
        """Whoever reads Redis finds neither the token nor the key of the app."""
        shelf = shelves(fresh_redis)
        await shelf.of(app()).write(Token("very-secret-token", NOW), 60_000)

        with Redis.from_url(fresh_redis) as client:
            keys = [key for key in client.scan_iter() if isinstance(key, bytes)]
            stored = b"".join([*keys, *(value for key in keys if isinstance(value := client.get(key), bytes))])

        assert b"very-secret-token" not in stored
        assert b"collection-key" not in stored
        await shelf.close()

    async def test_another_secret_reads_nothing(self, fresh_redis: str) -> None:
        """After the app's secret was changed the old token is as good as none."""
        shelf = shelves(fresh_redis)
        await shelf.of(app()).write(SOON, 60_000)

        assert await shelf.of(app()).read() == SOON
        assert await shelf.of(app("another")).read() is None
        await shelf.close()


class TestClaim:
    async def test_one_has_the_right_until_it_is_given_back(self, fresh_redis: str) -> None:
        """Giving back what is another's changes nothing."""
        shelf = shelves(fresh_redis)
        one = shelf.of(app())

        claim = await one.claim()
        assert claim is not None
        assert await one.claim() is None
        await one.release("somebody else's")
        assert await one.claim() is None
        await one.release(claim)
        assert await one.claim() is not None
        await shelf.close()


class TestRedisAway:
    async def test_calls_go_on_with_a_token_of_ones_own(self, daraja: ScriptedDaraja) -> None:
        """It is fetched once and kept."""
        rail = rail_of(daraja, NOWHERE)

        await rail.collect(COLLECT)
        await rail.collect(COLLECT)

        assert len(daraja.at(OAUTH)) == 1
        await rail.close()

    async def test_processes_do_not_kill_each_others_tokens_without_end(self) -> None:
        """A refused token is replaced once in a while; in between nothing is sent."""
        now, fetched = [NOW], list[str]()

        async def fetch() -> Token:
            fetched.append(f"token-{len(fetched)}")
            return Token(fetched[-1], NOW + 3_600_000)

        shelf = shelves(NOWHERE)
        tokens = TokenCache(fetch, lambda: now[0], shelf.of(app()))

        tokens.drop(await tokens.get())
        with pytest.raises(Unavailable):
            await tokens.get()
        now[0] += OWN_EVERY_MS
        renewed = await tokens.get()

        assert renewed.text == "token-1"
        assert fetched == ["token-0", "token-1"]
        await shelf.close()


class TestWaiting:
    async def test_one_who_waits_too_long_has_sent_nothing(self, fresh_redis: str) -> None:
        """Another process has the right to fetch and does not come back with a token."""
        shelf = shelves(fresh_redis)
        await shelf.of(app()).claim()

        async def never() -> Token:
            raise AssertionError("it has no right to fetch")

        tokens = TokenCache(never, lambda: NOW, shelf.of(app()), wait_seconds=0.2)

        with pytest.raises(Unavailable, match="in time"):
            await tokens.get()
        await shelf.close()
