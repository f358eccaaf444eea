"""Copies of an SQLite database: whole while others write, proved, never over anything that is there."""

import asyncio
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text

from gateway.errors import Misconfigured
from gateway.store.copies import copied, file_of, proved, set_aside
from gateway.store.engine import Store
from tests.servers import wait_until


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A small one, in the mode that ours are in."""
    path = tmp_path / "nyota.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=wal")
        connection.execute("CREATE TABLE pairs (a INTEGER, b INTEGER)")
    return path


def pairs(path: Path) -> list[tuple[int, int]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT a, b FROM pairs").fetchall()


class TestCopying:
    async def test_a_copy_made_while_others_write_is_one_moment(self, database: Path, tmp_path: Path) -> None:
        """Each unit of work is in it or not; never half of one."""
        store, copies, is_over = Store(f"sqlite+aiosqlite:///{database}", busy_seconds=30), [], False
        number = 0

        async def write() -> None:
            nonlocal number
            while not is_over:
                number += 1
                async with store.begin() as connection:
                    await connection.execute(text("INSERT INTO pairs VALUES (:n, 0)"), {"n": number})
                    await connection.execute(text("UPDATE pairs SET b = :n WHERE a = :n"), {"n": number})

        def has_passed(mark: int) -> bool:
            return number > mark

        writing = asyncio.create_task(write())
        for name in range(10):
            before = number
            copy = tmp_path / f"copy{name}"
            await asyncio.to_thread(copied, database, copy)
            copies.append(pairs(copy))
            await wait_until(partial(has_passed, before + 1))
        is_over = True
        await writing
        await store.close()

        assert all(a == b for copy in copies for a, b in copy)
        assert len(copies[-1]) > len(copies[0])

    def test_it_is_one_private_file(self, database: Path, tmp_path: Path) -> None:
        """Nothing else belongs to it, and nobody else reads it."""
        copied(database, tmp_path / "copy")

        assert [each.name for each in tmp_path.iterdir() if each.name.startswith("copy")] == ["copy"]
        assert (tmp_path / "copy").stat().st_mode & 0o077 == 0

    def test_what_is_committed_and_not_yet_in_the_file_is_in_the_copy(self, database: Path, tmp_path: Path) -> None:
        """A copy of the bytes alone would miss it."""
        with closing(sqlite3.connect(database, isolation_level=None)) as connection:
            connection.execute("PRAGMA wal_autocheckpoint=0")
            connection.execute("INSERT INTO pairs VALUES (7, 7)")
            copied(database, tmp_path / "copy")

        assert pairs(tmp_path / "copy") == [(7, 7)]

    def test_nothing_that_is_there_is_overwritten(self, database: Path, tmp_path: Path) -> None:
        """The last good backup above all."""
        (tmp_path / "copy").write_text("precious", encoding="utf-8")

        with pytest.raises(Misconfigured, match="is there already"):
            copied(database, tmp_path / "copy")

        assert (tmp_path / "copy").read_text(encoding="utf-8") == "precious"

    def test_of_what_is_not_there_nothing_is_made(self, tmp_path: Path) -> None:
        """No empty file that looks like a backup."""
        with pytest.raises(Misconfigured, match="no such database"):
            copied(tmp_path / "nothing.db", tmp_path / "copy")

        assert list(tmp_path.iterdir()) == []

    def test_a_broken_database_makes_no_copy(self, database: Path, tmp_path: Path) -> None:
        """The copy is proved before it gets its name."""
        with closing(sqlite3.connect(database, isolation_level=None)) as connection:
            connection.execute("BEGIN")
            connection.executemany("INSERT INTO pairs VALUES (?, ?)", [(number, number) for number in range(9_000)])
            connection.execute("COMMIT")
            connection.execute("CREATE INDEX ix_pairs ON pairs (a)")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        content = bytearray(database.read_bytes())
        content[8192:40960] = b"\x00" * 32768
        database.write_bytes(bytes(content))

        with pytest.raises(Misconfigured):
            copied(database, tmp_path / "copy")

        assert not (tmp_path / "copy").exists()


class TestReplacing:
    def test_all_that_belongs_to_a_database_is_set_aside(self, database: Path) -> None:
        """What is in its log too, so that it can be looked at later."""
        with closing(sqlite3.connect(database, isolation_level=None)) as connection:
            connection.execute("PRAGMA wal_autocheckpoint=0")
            connection.execute("INSERT INTO pairs VALUES (7, 7)")
            aside = set_aside(database, "before")

            assert aside is not None
            assert not database.exists()
            assert not database.with_name("nyota.db-wal").exists()
        assert pairs(aside) == [(7, 7)]

    def test_where_there_was_none_nothing_is_set_aside(self, tmp_path: Path) -> None:
        """The first start of a new machine."""
        assert set_aside(tmp_path / "nyota.db", "before") is None

    def test_what_is_no_database_is_not_trusted(self, tmp_path: Path) -> None:
        """A page of HTML, an empty path."""
        (tmp_path / "copy").write_text("<html>" * 1000, encoding="utf-8")

        with pytest.raises(Misconfigured, match="copy"):
            proved(tmp_path / "copy")
        with pytest.raises(Misconfigured, match="nothing"):
            proved(tmp_path / "nothing")

    def test_only_files_are_copied(self) -> None:
        """Anything else has its own means."""
        assert file_of("sqlite+aiosqlite:////var/nyota/nyota.db") == Path("/var/nyota/nyota.db")
        with pytest.raises(Misconfigured, match=r"restore\.md"):
            file_of("postgresql+asyncpg://nyota@/nyota")
