"""What carriers hand over while the database is away is kept on disk, but for what may hold a PIN."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from gateway.errors import NyotaError, Unavailable, Uncertain
from gateway.providers.contract import IncomingSms
from gateway.spool import Spool
from gateway.store.engine import Store
from gateway.texting import stops
from gateway.texting.keeping import Keeping, Told

AMINA = "+254711000001"


class Database:
    """Takes messages and stops, once it does not fail any more."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.kept: list[tuple[str, int | None]] = []

    async def received(self, sms: IncomingSms, at: int | None = None) -> None:
        self._taken(sms.text, at)

    def may_wait(self, sms: IncomingSms) -> bool:
        return not any(character.isdigit() for character in sms.text)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator["Database"]:
        yield self

    async def stopped(self, _: Any, line: str, why: str, now: int) -> None:
        self._taken(f"{line} {why}", now)

    def _taken(self, words: str, at: int | None) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.kept.append((words, at))


def keeping(database: Database, spool: Spool[Told], monkeypatch: pytest.MonkeyPatch) -> Keeping:
    monkeypatch.setattr(stops, "stopped", database.stopped)
    moments = iter(range(1000, 2000))
    return Keeping(database, cast("Store", database), spool, lambda: next(moments))


def written(text: str) -> IncomingSms:
    return IncomingSms("africastalking", "in-1", AMINA, "383", text)


@pytest.fixture
def spool(tmp_path: Path) -> Spool[Told]:
    return Spool(tmp_path / "sms", Told)


class TestKeeping:
    @pytest.mark.parametrize("failure", [Unavailable("away"), Uncertain("broke while committing")], ids=type)
    async def test_an_outage_loses_neither_a_stop_nor_a_word(
        self, spool: Spool[Told], failure: NyotaError, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """All in their order and as of when they came; what comes meanwhile waits behind them."""
        database = Database(failure)
        keeper = keeping(database, spool, monkeypatch)

        await keeper.stop(AMINA)
        await keeper.message(written("START"))
        waited = list(database.kept)
        await spool.drain(keeper.taken)

        assert waited == []
        assert database.kept == [(f"{AMINA} carrier", 1000), ("START", 1001)]
        assert spool.waiting() == []

    async def test_what_may_hold_a_pin_is_for_the_carrier_to_repeat(
        self, spool: Spool[Told], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is not on disk; and it waits for nobody once the database is back."""
        database = Database(Unavailable("away"), Unavailable("away"))
        keeper = keeping(database, spool, monkeypatch)
        await keeper.stop(AMINA)

        with pytest.raises(Unavailable):
            await keeper.message(written("my pin is 4826"))
        await keeper.message(written("my pin is 4826"))

        assert [words for words, _ in database.kept] == ["my pin is 4826"]
        assert len(spool.waiting()) == 1
        assert "4826" not in spool.waiting()[0].read_text()
