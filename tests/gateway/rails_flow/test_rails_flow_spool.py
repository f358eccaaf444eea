"""Callbacks kept on disk while SQL is away: none lost, none stops the others."""

import asyncio
import errno
import json
import os
import stat
from pathlib import Path

import pytest

from gateway import spool as spool_module
from gateway.errors import NotACallback, Unavailable, Uncertain
from gateway.rails.callbacks import Callback
from gateway.spool import Spool
from tests.gateway.rails_flow.office import Office
from tests.servers import wait_until

PART = 500_00


def callback(at: int, body: str = "{}") -> Callback:
    return Callback("stk", "f" * 32, body, "127.0.0.1", at)


class Taker:
    """Takes callbacks, or cannot."""

    def __init__(self) -> None:
        self.taken: list[Callback] = []
        self.refusals: list[Exception] = []

    async def __call__(self, callback: Callback) -> None:
        if self.refusals:
            raise self.refusals.pop(0)
        self.taken.append(callback)


@pytest.fixture
def spool(tmp_path: Path) -> Spool[Callback]:
    return Spool(tmp_path / "spool", Callback)


class TestSpool:
    async def test_what_was_put_is_taken_in_order_after_a_restart(self, spool: Spool[Callback], tmp_path: Path) -> None:
        """The folder is all there is; another process finds it."""
        for at in (30, 10, 20):
            await spool.put(callback(at, f'{{"at": {at}, "name": "Wanjirũ"}}'))
        taker = Taker()

        await Spool(tmp_path / "spool", Callback).drain(taker)

        assert [taken.received_at for taken in taker.taken] == [10, 20, 30]
        assert taker.taken[0] == callback(10, '{"at": 10, "name": "Wanjirũ"}')
        assert spool.waiting() == []

    async def test_an_empty_spool_has_nothing(self, spool: Spool[Callback]) -> None:
        """Its folder is only made when it is needed."""
        taker = Taker()

        await spool.drain(taker)

        assert (spool.waiting(), taker.taken) == ([], [])

    @pytest.mark.parametrize("error", [Unavailable("away"), Uncertain("while committing")])
    async def test_while_the_database_is_away_all_stay(self, spool: Spool[Callback], error: Exception) -> None:
        """One that may have been taken is taken again, which is harmless."""
        for at in (1, 2):
            await spool.put(callback(at))
        taker = Taker()
        taker.refusals.append(error)

        with pytest.raises(type(error)):
            await spool.drain(taker)
        left = len(spool.waiting())
        await spool.drain(taker)

        assert (left, len(taker.taken), spool.waiting()) == (2, 2, [])

    @pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"purpose": "stk"}', b"\xff\xfe", b"null"])
    async def test_a_file_that_cannot_be_read_is_set_aside_and_the_others_go_on(
        self, spool: Spool[Callback], tmp_path: Path, content: bytes
    ) -> None:
        """It stays for a person; nothing waits behind it."""
        await spool.put(callback(2))
        broken = tmp_path / "spool" / "000000000000001-broken.json"
        broken.write_bytes(content)
        taker = Taker()

        await spool.drain(taker)

        assert [taken.received_at for taken in taker.taken] == [2]
        assert spool.waiting() == []
        assert broken.with_suffix(".failed").read_bytes() == content

    @pytest.mark.parametrize("error", [NotACallback("no"), RuntimeError("a mistake of ours")])
    async def test_one_that_cannot_be_applied_is_set_aside(
        self, spool: Spool[Callback], tmp_path: Path, error: Exception
    ) -> None:
        """The rail was told that it was taken, so it is not thrown away."""
        for at in (1, 2):
            await spool.put(callback(at))
        taker = Taker()
        taker.refusals.append(error)

        await spool.drain(taker)

        kept = [json.loads(path.read_text()) for path in (tmp_path / "spool").glob("*.failed")]
        assert [content["received_at"] for content in kept] == [1]
        assert [taken.received_at for taken in taker.taken] == [2]

    async def test_an_unfinished_file_is_not_looked_at(self, spool: Spool[Callback], tmp_path: Path) -> None:
        """Killed while writing: the rail was not answered, so nothing was promised."""
        await spool.put(callback(1))
        (tmp_path / "spool" / "000000000000000-dead.part").write_text('{"purpose"')
        taker = Taker()

        await spool.drain(taker)

        assert len(taker.taken) == 1

    async def test_nobody_else_on_the_machine_can_read_it(self, spool: Spool[Callback], tmp_path: Path) -> None:
        """Whatever the service was started with: there are phones and names in it."""
        before = os.umask(0)
        try:
            await spool.put(callback(1))
        finally:
            os.umask(before)

        kept = [tmp_path / "spool", *(tmp_path / "spool").iterdir()]
        assert [stat.S_IMODE(path.stat().st_mode) for path in kept] == [0o700, 0o600]

    async def test_a_disk_that_takes_nothing_is_an_error(self, tmp_path: Path) -> None:
        """The rail must not be answered then."""
        (tmp_path / "spool").write_text("a file where the folder should be")

        with pytest.raises(OSError, match="spool"):
            await Spool(tmp_path / "spool", Callback).put(callback(1))

    async def test_it_goes_on_for_good(
        self, spool: Spool[Callback], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Outages, doubts and unreadable files do not end it."""
        monkeypatch.setattr(spool_module, "RETRY_SECONDS", 0.01)
        taker = Taker()
        taker.refusals += [Unavailable("away"), Uncertain("unknown"), Unavailable("away")]
        await spool.put(callback(1))
        (tmp_path / "spool" / "000000000000000-broken.json").write_text("nonsense")

        running = asyncio.create_task(spool.run(taker))
        await wait_until(lambda: taker.taken or running.done())
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

        assert [taken.received_at for taken in taker.taken] == [1]

    async def test_a_machine_that_is_out_of_files_loses_none_of_them(
        self, spool: Spool[Callback], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It looks again; what could not be opened for that is not set aside."""
        monkeypatch.setattr(spool_module, "RETRY_SECONDS", 0.01)
        refusals = [OSError(errno.EMFILE, "too many"), OSError(errno.EIO, "the disk")]
        look = spool.waiting

        def looked() -> list[Path]:
            if len(refusals) == 1:
                raise refusals.pop()
            return look()

        def opened(path: Path, encoding: str) -> str:
            if refusals:
                raise refusals.pop(0)
            return read_text(path, encoding=encoding)

        read_text = Path.read_text
        monkeypatch.setattr(Path, "read_text", opened)
        monkeypatch.setattr(spool, "waiting", looked)
        taker = Taker()
        await spool.put(callback(1))

        running = asyncio.create_task(spool.run(taker))
        await wait_until(lambda: taker.taken or running.done())
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

        assert [taken.received_at for taken in taker.taken] == [1]
        assert list((tmp_path / "spool").glob("*.failed")) == []


class TestThroughTheOffice:
    async def test_a_payment_told_while_sql_was_away_is_credited_once(
        self, office: Office, spool: Spool[Callback]
    ) -> None:
        """Spooled twice, taken after a restart, and once more by itself."""
        loan = await office.lent()
        await office.prompt(loan, PART)
        office.clock.turn(3_000)
        await office.drained()
        news = office.rail.outbox.pop()
        for _ in range(2):
            await spool.put(news)

        await spool.drain(office.shop.callbacks.receive)
        await office.receive(news)
        await office.settled()

        assert await office.owed(loan) == 2_160_00 - PART
        assert await office.templates() == ["borrow.paid", "repay.paid"]
        await office.prove()
