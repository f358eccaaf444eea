"""Delivery reports that wait for each other: what breaks some of them holds up none of the others."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from gateway.clock import system
from gateway.providers.contract import Delivery
from gateway.sending.reports import Reports
from gateway.store import messages
from gateway.store.engine import Store

REPORT = Delivery("ATX1", "Success", "delivered", "")


class BrokenOnce:
    """A database that takes no report the first time, and whatever comes after it."""

    def __init__(self) -> None:
        self.is_first = True
        self.begun = asyncio.Event()
        self.gone_on = asyncio.Event()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Any]:
        if self.is_first:
            self.is_first = False
            self.begun.set()
            await self.gone_on.wait()
            raise ValueError("a value that no column takes")
        yield None


class TestKeeping:
    async def test_those_behind_a_broken_one_are_written(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """They came while it was being written; nobody else has to come to set them going."""
        store, written = BrokenOnce(), list[Any]()

        async def reported_all(_: Any, some: list[Any], __: int) -> None:
            written.extend(some)

        monkeypatch.setattr(messages, "reported_all", reported_all)
        keeping = Reports(cast("Store", store), system)
        broken = asyncio.create_task(keeping.keep("africastalking", REPORT))
        await store.begun.wait()
        behind = asyncio.create_task(keeping.keep("africastalking", REPORT))
        await asyncio.sleep(0)
        store.gone_on.set()

        with pytest.raises(ValueError, match="no column"):
            await broken
        async with asyncio.timeout(2):
            await behind
        assert written == [("africastalking", REPORT)]
