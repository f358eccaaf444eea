"""Backup and restore as somebody types them."""

import shutil
from pathlib import Path

import pytest

from gateway.embedded.lock import DataLock
from gateway.errors import Misconfigured
from gateway.rails.pauses import listed
from gateway.restoring import command, records
from gateway.store.engine import Store


@pytest.fixture
def data(tmp_path: Path, migrated_sqlite: Path) -> Path:
    """The data directory of a machine."""
    folder = tmp_path / "var"
    folder.mkdir()
    shutil.copyfile(migrated_sqlite, folder / "nyota.db")
    return folder


@pytest.fixture
def copy(data: Path, tmp_path: Path) -> Path:
    target = tmp_path / "copy"
    command.backup(None, data, target)
    return target


def beside(data: Path) -> list[Path]:
    """What is kept of databases that were replaced."""
    return [each for each in data.glob("nyota.db.before-*") if not each.name.endswith(("-wal", "-shm"))]


async def found(data: Path) -> tuple[records.Restore | None, list[str]]:
    """What the database knows of a restore, and which pauses are in force."""
    store = Store(f"sqlite+aiosqlite:///{data / 'nyota.db'}")
    async with store.read() as connection:
        known = await records.latest(connection), [each.reason for each in await listed(connection)]
    await store.close()
    return known


class TestBackup:
    def test_it_says_where_and_how_much(self, data: Path, tmp_path: Path) -> None:
        """In a line for a log."""
        said = command.backup(None, data, tmp_path / "copy")

        assert said == f"{tmp_path / 'copy'}: {(tmp_path / 'copy').stat().st_size} bytes, proved"


class TestRestore:
    async def test_it_comes_back_with_payouts_stopped(self, data: Path, copy: Path) -> None:
        """What was there is kept beside it."""
        said = await command.restore(None, data, copy, by="jane", why="the disk died")

        restore, reasons = await found(data)
        assert restore is not None
        assert (restore.by, restore.reason, restore.state) == ("jane", "the disk died", "restored")
        assert reasons == ["restored: the disk died"]
        assert [each.name for each in beside(data)] == [Path(said[0].removeprefix("what was there is kept: ")).name]

    async def test_on_an_empty_machine(self, copy: Path, tmp_path: Path) -> None:
        """Nothing was there, nothing is kept."""
        fresh = tmp_path / "new"

        said = await command.restore(None, fresh, copy, by="jane", why="a new machine")

        assert said[0].startswith("the last thing this database knows")
        assert (await found(fresh))[0] is not None

    async def test_not_below_a_gateway_that_runs(self, data: Path, copy: Path) -> None:
        """Nothing is touched; the lock says who it is."""
        before = (data / "nyota.db").read_bytes()

        with DataLock(data), pytest.raises(Misconfigured, match="stop it first"):
            await command.restore(None, data, copy, by="jane", why="the disk died")

        assert (data / "nyota.db").read_bytes() == before

    async def test_not_from_a_broken_copy(self, data: Path, tmp_path: Path) -> None:
        """The database that is there stays."""
        (tmp_path / "broken").write_bytes(b"nonsense" * 1000)

        with pytest.raises(Misconfigured, match="broken"):
            await command.restore(None, data, tmp_path / "broken", by="jane", why="the disk died")

        assert (data / "nyota.db").exists()
        assert (await found(data))[0] is None

    async def test_by_other_means_it_is_only_marked(self, data: Path) -> None:
        """PostgreSQL restores itself; we have to know."""
        said = await command.restored(None, data, by="jane", why="point in time")

        restore, reasons = await found(data)
        assert restore is not None
        assert reasons == ["restored: point in time"]
        assert "stopped on every rail" in said[1]
