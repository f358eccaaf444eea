"""A call to a core that goes wrong on the way: what may have happened, and what cannot have."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp.test_utils import unused_port

from gateway.errors import Throttled, Unavailable, Uncertain
from gateway.ledgers.wire import BODY_BYTES_MAX, Wire
from tests.servers import listening


@asynccontextmanager
async def scripted(answer: bytes | None) -> AsyncIterator[Wire]:
    """A server that says exactly this and hangs up; None: it says nothing."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if answer is None:
            await reader.read()
        else:
            writer.write(answer)

    async with listening(serve) as port:
        wire = Wire(f"http://127.0.0.1:{port}", {}, timeout_seconds=0.5)
        try:
            yield wire
        finally:
            await wire.close()


def said(status: int, body: bytes, **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def commanded(wire: Wire) -> Any:
    return await wire.post("/loans", {"a": 1}, {"Idempotency-Key": "k"})


class TestACommand:
    @pytest.mark.parametrize(
        "answer", [None, b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", b"nonsense\r\n\r\n"]
    )
    async def test_without_a_whole_answer_may_have_been_carried_out(self, answer: bytes | None) -> None:
        """Hung up, cut off or silent."""
        async with scripted(answer) as wire:
            with pytest.raises(Uncertain):
                await commanded(wire)

    async def test_that_was_not_even_taken_did_nothing(self) -> None:
        """Nobody listens there."""
        wire = Wire(f"http://127.0.0.1:{unused_port()}", {}, timeout_seconds=0.5)

        with pytest.raises(Unavailable):
            await commanded(wire)

        await wire.close()

    async def test_that_came_too_fast_is_throttled(self) -> None:
        """And nothing happened."""
        async with scripted(said(429, b"")) as wire:
            with pytest.raises(Throttled):
                await commanded(wire)

    async def test_is_answered_with_exact_numbers(self) -> None:
        """And with its headers, however they are written."""
        async with scripted(said(200, b'{"amount": 0.1}', **{"X-Served-From-Cache": "true"})) as wire:
            reply = await commanded(wire)

        assert str(reply.body["amount"]) == "0.1"
        assert reply.headers["x-served-from-cache"] == "true"

    async def test_with_an_answer_too_long_to_be_one_is_asked_about(self) -> None:
        """We do not fill our memory with it."""
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {BODY_BYTES_MAX + 2}\r\n\r\n".encode()
        async with scripted(head + b"x" * (BODY_BYTES_MAX + 2)) as wire:
            with pytest.raises(Uncertain):
                await commanded(wire)


class TestAReading:
    @pytest.mark.parametrize("answer", [None, b"", said(500, b""), said(503, b"")])
    async def test_without_an_answer_is_an_outage(self, answer: bytes | None) -> None:
        """It did nothing, so it is read again."""
        async with scripted(answer) as wire:
            with pytest.raises(Unavailable):
                await wire.get("/loans/1")

    async def test_of_a_page_that_is_no_json_has_no_body(self) -> None:
        """Something in front of the core talks."""
        async with scripted(said(200, b"<html>")) as wire:
            assert (await wire.get("/loans/1")).body is None
