"""Tokens: one for all, renewed in time, dropped when refused. And the line: what a broken one proves."""

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import structlog
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import unused_port
from yarl import URL

from gateway.errors import NyotaError, Throttled, Unavailable, Uncertain
from gateway.rails.daraja import DarajaRail
from gateway.rails.daraja_tokens import Token, TokenCache
from tests.gateway.rails.scripted_daraja import (
    ACCEPTED,
    COLLECT,
    DISBURSE,
    HANGS,
    HANGS_UP,
    HTML,
    NOW,
    OAUTH,
    PAYOUT,
    PROMPT,
    QUERY,
    Reply,
    ScriptedDaraja,
    fault,
    refused,
)
from tests.servers import listening, wait_until

MINUTE_MS = 60_000


@pytest.fixture
async def daraja() -> AsyncIterator[ScriptedDaraja]:
    async with ScriptedDaraja() as scripted:
        yield scripted


class TestTokens:
    async def test_each_app_has_its_own(self, daraja: ScriptedDaraja) -> None:
        """Collecting and paying are two apps with two secrets."""
        await daraja.rail.collect(COLLECT)
        await daraja.rail.disburse(DISBURSE)

        assert [heard.authorization for heard in daraja.at(OAUTH)] == [
            "Basic Y29sbGVjdGlvbi1rZXk6Y29sbGVjdGlvbi1zZWNyZXQ=",
            "Basic cGF5b3V0LWtleTpwYXlvdXQtc2VjcmV0",
        ]
        assert daraja.at(PROMPT)[0].authorization == "Bearer collection1"
        assert daraja.at(PAYOUT)[0].authorization == "Bearer payout2"

    async def test_one_fetches_for_all_who_wait(self, daraja: ScriptedDaraja) -> None:
        """A second fetch would kill the first token."""
        await asyncio.gather(*(daraja.rail.collect(COLLECT) for _ in range(8)))

        assert len(daraja.at(OAUTH)) == 1
        assert len(daraja.at(PROMPT)) == 8

    async def test_all_who_are_refused_share_one_new_token(self, daraja: ScriptedDaraja) -> None:
        """Each drops only the token that was refused to it, never the newer one."""
        await daraja.rail.collect(COLLECT)
        daraja.kill_tokens()

        await asyncio.gather(*(daraja.rail.collect(COLLECT) for _ in range(8)))

        assert len(daraja.at(OAUTH)) == 2

    async def test_a_late_refusal_of_an_old_token_leaves_the_new_one(self) -> None:
        """It was replaced meanwhile; dropping its successor would kill the calls that carry it."""
        fetched: list[Token] = []

        async def fetch() -> Token:
            fetched.append(Token(f"token{len(fetched)}", NOW + MINUTE_MS))
            return fetched[-1]

        tokens = TokenCache(fetch, lambda: NOW)
        old = await tokens.get()
        tokens.drop(old)
        new = await tokens.get()
        tokens.drop(old)

        assert await tokens.get() is new
        assert len(fetched) == 2

    async def test_it_is_not_shown_when_it_is_printed(self) -> None:
        """A traceback with its values must not hold one."""
        assert "sesame" not in repr(Token("sesame", NOW))

    @pytest.mark.parametrize("expires_in", ["3599", 3599, 3599.0, "", None, "soon", "-5"])
    async def test_it_is_renewed_a_minute_early(self, daraja: ScriptedDaraja, expires_in: object) -> None:
        """The life is text or a number; what cannot be read is the usual one."""
        daraja.expires_in = expires_in
        await daraja.rail.collect(COLLECT)

        daraja.clock.now = NOW + 3_599_000 - MINUTE_MS - 1
        await daraja.rail.collect(COLLECT)
        before = len(daraja.at(OAUTH))
        daraja.clock.now += 1
        await daraja.rail.collect(COLLECT)

        assert (before, len(daraja.at(OAUTH))) == (1, 2)

    async def test_a_life_shorter_than_the_margin_is_used_by_half(self, daraja: ScriptedDaraja) -> None:
        """Otherwise every call would fetch one, and kill that of the call before."""
        daraja.expires_in = 30
        await daraja.rail.collect(COLLECT)

        daraja.clock.now += 14_999
        await daraja.rail.collect(COLLECT)

        assert len(daraja.at(OAUTH)) == 1

    @pytest.mark.parametrize(
        "reply",
        [
            refused(404, "404.001.03", "Invalid Access Token"),
            refused(404, "404.001.04", "Invalid Authorization Header"),
            refused(400, "400.003.01", "Invalid Access Token"),
            refused(401, "401.002.01", "Error Occurred - Invalid Access Token - payout1"),
            refused(401, "401.003.01", "Error Occurred"),
            refused(401, "401.001", "Error Occurred"),
            fault(401, "keymanagement.service.invalid_access_token", "Invalid Access Token"),
            Reply(401, HTML),
        ],
    )
    async def test_a_call_refused_for_its_token_is_repeated_once(self, daraja: ScriptedDaraja, reply: Reply) -> None:
        """It never reached M-PESA, so that is safe for a pay-out."""
        daraja.will(PAYOUT, reply, Reply(body=ACCEPTED))

        await daraja.rail.disburse(DISBURSE)

        assert [heard.authorization for heard in daraja.at(PAYOUT)] == ["Bearer payout1", "Bearer payout2"]
        assert daraja.at(PAYOUT)[0].body == daraja.at(PAYOUT)[1].body

    async def test_refused_twice_nothing_happened(self, daraja: ScriptedDaraja) -> None:
        """No third try here, no trace of the token in what is kept, and a fresh one next time."""
        message = "Error Occurred - Invalid Access Token - payoutsecrettoken"
        daraja.will(PAYOUT, refused(401, "401.002.01", message))

        with pytest.raises(Unavailable) as raised:
            await daraja.rail.disburse(DISBURSE)
        daraja.will(PAYOUT, Reply(body=ACCEPTED))
        await daraja.rail.disburse(DISBURSE)

        assert "payoutsecrettoken" not in f"{raised.value} {raised.value.evidence}"
        assert [heard.authorization for heard in daraja.at(PAYOUT)][2] == "Bearer payout3"

    @pytest.mark.parametrize(
        ("reply", "error"),
        [
            (refused(400, "400.008.01", "Invalid Authentication passed"), Unavailable),
            (refused(400, "400.008.02", "Invalid grant type passed"), Unavailable),
            (refused(500, "500.003.02", "Spike Arrest Violation"), Throttled),
            (Reply(500, HTML), Unavailable),
            (Reply(200, HTML), Unavailable),
            (Reply(200, {"expires_in": "3599"}), Unavailable),
            (Reply(200, {"access_token": 12, "expires_in": "3599"}), Unavailable),
            (Reply(200, {"access_token": "a\r\nX-Evil: 1"}), Unavailable),
            (HANGS, Unavailable),
            (HANGS_UP, Unavailable),
        ],
    )
    async def test_without_a_token_nothing_was_sent(
        self, daraja: ScriptedDaraja, reply: Reply, error: type[NyotaError]
    ) -> None:
        """Whatever keeps us from one, money has not moved."""
        daraja.will(OAUTH, reply)

        with pytest.raises(NyotaError) as raised:
            await daraja.rail.disburse(DISBURSE)

        assert type(raised.value) is error
        assert daraja.at(PAYOUT) == []

    async def test_a_cancelled_fetch_does_not_block_the_next(self, daraja: ScriptedDaraja) -> None:
        """Who waits longer fetches for itself."""
        daraja.will(OAUTH, HANGS, Reply(body={"access_token": "collection9", "expires_in": "3599"}))
        daraja.will(PROMPT, Reply(body=ACCEPTED))
        first = asyncio.create_task(daraja.rail.collect(COLLECT))
        second = asyncio.create_task(daraja.rail.collect(COLLECT))
        await wait_until(lambda: daraja.at(OAUTH))

        first.cancel()

        await second
        assert first.cancelled()
        assert daraja.at(PROMPT)[0].authorization == "Bearer collection9"


class NameServer(AbstractResolver):
    """Gives these ports of this machine in turn; None: it knows nobody; 0: it never answers."""

    def __init__(self, *ports: int | None) -> None:
        self._ports = list(ports)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        given = self._ports.pop(0)
        if given is None:
            raise OSError(f"{host} is not known")
        if given == 0:
            await asyncio.Event().wait()
        return [ResolveResult(hostname=host, host="127.0.0.1", port=given, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        return None


class TestLine:
    async def test_a_closed_port_carried_nothing(self, daraja: ScriptedDaraja) -> None:
        """The connection was refused before anything was said."""
        await self._unreachable(daraja, base_url=f"http://127.0.0.1:{unused_port()}")

    async def test_a_failed_handshake_carried_nothing(self, daraja: ScriptedDaraja) -> None:
        """TLS with somebody who does not speak it."""
        plain = daraja.config().base_url
        await self._unreachable(daraja, base_url=plain.replace("http:", "https:"))

    async def test_an_address_that_is_none_carried_nothing(self, daraja: ScriptedDaraja) -> None:
        """A setting nobody can call."""
        await self._unreachable(daraja, base_url="daraja")

    @pytest.mark.parametrize("port", [None, 0, -1], ids=["unknown name", "no name server", "closed port"])
    async def test_a_pay_out_that_was_never_connected_carried_nothing(
        self, daraja: ScriptedDaraja, port: int | None
    ) -> None:
        """It has its token, from a connection that is closed; the next one does not come about."""
        second = unused_port() if port == -1 else port
        names = NameServer(URL(daraja.config().base_url).port, second)
        connector = aiohttp.TCPConnector(resolver=names, force_close=True, use_dns_cache=False)
        async with aiohttp.ClientSession(connector=connector) as session:
            rail = DarajaRail(daraja.config(base_url="http://daraja.test"), daraja.clock, session)
            with pytest.raises(NyotaError) as raised:
                await rail.disburse(DISBURSE)
            await rail.close()

            assert type(raised.value) is Unavailable
            assert [heard.path for heard in daraja.heard] == [OAUTH]
            assert not session.closed

    async def test_a_handshake_without_end_carried_nothing(self, daraja: ScriptedDaraja) -> None:
        """The other side takes the connection and never speaks TLS."""

        async def silent(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
            await asyncio.Event().wait()

        async with listening(silent) as port:
            await self._unreachable(daraja, base_url=f"https://127.0.0.1:{port}")

    @pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{", b"nonsense\r\n\r\n"])
    async def test_a_line_that_breaks_after_the_words_is_uncertain(self, daraja: ScriptedDaraja, answer: bytes) -> None:
        """Half an answer says as little as none."""
        body = b'{"access_token": "payout1"}'
        token = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body)

        async def broken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = await reader.readuntil(b"\r\n\r\n")
            writer.write(token if head.startswith(b"GET") else answer)
            await writer.drain()

        async with listening(broken) as port:
            rail = DarajaRail(daraja.config(base_url=f"http://127.0.0.1:{port}"), daraja.clock)
            with pytest.raises(Uncertain):
                await rail.disburse(DISBURSE)
            await rail.close()

    async def test_an_answer_without_end_is_no_answer(self, daraja: ScriptedDaraja) -> None:
        """More than any answer has is not read to its end."""
        daraja.will(PAYOUT, Reply(body={**ACCEPTED, "filling": "x" * 5_000_000}))

        with pytest.raises(Uncertain):
            await daraja.rail.disburse(DISBURSE)

    async def test_closing_without_having_called_is_fine(self, daraja: ScriptedDaraja) -> None:
        """There is no session before the first call."""
        await DarajaRail(daraja.config(), daraja.clock).close()

        assert daraja.heard == []

    async def _unreachable(self, daraja: ScriptedDaraja, **changes: Any) -> None:
        rail = DarajaRail(daraja.config(**changes), daraja.clock)
        for call in (rail.collect(COLLECT), rail.disburse(DISBURSE), rail.query_collect("ws_CO_0201")):
            with pytest.raises(NyotaError) as raised:
                await call
            assert type(raised.value) is Unavailable
        await rail.close()


class TestLog:
    async def test_nothing_secret_or_personal_is_logged(self, daraja: ScriptedDaraja) -> None:
        """A path, a status and a code; no token, phone, id or sentence of theirs."""
        daraja.will(QUERY, refused(404, "404.002.01", "Resource 254712345600 not found"))

        with structlog.testing.capture_logs() as lines:
            await daraja.rail.collect(COLLECT)
            with pytest.raises(NyotaError):
                await daraja.rail.query_collect("ws_CO_02012026030405071712345600")

        assert [(line["path"].partition("?")[0], line["status"], line["error"]) for line in lines] == [
            (OAUTH, 200, ""),
            (PROMPT, 200, ""),
            (QUERY, 404, "404.002.01"),
        ]
        written = str(lines)
        assert not any(secret in written for secret in ("712345600", "collection1", "-secret", "passkey"))
