"""The servers that tests bring: real, empty when asked for, and gone when the tests are."""

import asyncio
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.servers import Postgres, bundled_programs, reachable, wait_until, wait_until_sync

ROOT = Path(__file__).parents[1]
HOLD_A_POSTGRES = """
import sys
from pathlib import Path
from tests.servers import Postgres
Postgres(Path(sys.argv[1])).start()
print("started", flush=True)
sys.stdin.read()
"""

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent has ended")


async def ask(url: str, *statements: str) -> object:
    """The last statement's first value."""
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            for statement in statements:
                result = await connection.execute(text(statement))
            return result.scalar_one()
    finally:
        await engine.dispose()


class TestRedis:
    def test_is_the_embedded_one(self, valkey_url: str) -> None:
        """Not a fixture of the same name from an installed plugin."""
        assert valkey_url.startswith("unix://")
        with Redis.from_url(valkey_url) as client:
            assert client.ping()

    @pytest.mark.parametrize("turn", [1, 2])
    def test_is_empty_for_every_test(self, fresh_redis: str, turn: int) -> None:
        """What the first turn writes the second does not find."""
        with Redis.from_url(fresh_redis) as client:
            assert client.dbsize() == 0
            client.set(f"left by {turn}", 1)


class TestPostgres:
    async def test_answers_as_postgresql_18(self, postgres_url: str) -> None:
        """A real server, and the one that we bring; as root too."""
        version = await ask(postgres_url, "SHOW server_version_num")

        assert str(version).startswith("18")

    @pytest.mark.parametrize("turn", [1, 2])
    async def test_is_empty_for_every_test(self, fresh_postgres: str, turn: int) -> None:
        """The same table can be made again."""
        count = await ask(fresh_postgres, "CREATE TABLE left_behind (turn int)", "SELECT count(*) FROM left_behind")

        assert count == 0

    def test_a_database_is_dropped_under_an_open_connection(self, postgres: Postgres) -> None:
        """A test that forgot to disconnect does not fail the next one."""
        postgres.create("held")

        async def hold() -> None:
            engine = create_async_engine(postgres.url("held"))
            async with engine.connect() as connection:
                await connection.execute(text("SELECT 1"))
                await asyncio.to_thread(postgres.drop, "held")
                await connection.invalidate()
            await engine.dispose()

        asyncio.run(hold())

        postgres.create("held")
        postgres.drop("held")

    @linux_only
    def test_a_killed_test_run_takes_it_along(self) -> None:
        """A kill -9 of pytest leaves no server; its pid file goes only when it has ended in order."""
        directory = Path(tempfile.mkdtemp(prefix="nyota-postgres-"))
        parent = subprocess.Popen(
            [sys.executable, "-c", HOLD_A_POSTGRES, str(directory)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        with parent:
            assert parent.stdout is not None
            assert parent.stdout.readline() == "started\n"
            assert (directory / "data" / "postmaster.pid").exists()

            parent.kill()

        wait_until_sync(lambda: not (directory / "data" / "postmaster.pid").exists())
        shutil.rmtree(directory)


class TestEitherDatabase:
    async def test_takes_tables_and_rows(self, database_url: str) -> None:
        """The same statements on both engines."""
        found = await ask(
            database_url,
            "CREATE TABLE coins (cents int)",
            "INSERT INTO coins VALUES (5)",
            "SELECT sum(cents) FROM coins",
        )

        assert found == 5


class TestReachable:
    def test_programs_that_all_can_reach_stay_where_they_are(self) -> None:
        """Nothing is copied without need."""
        with tempfile.TemporaryDirectory() as made:
            Path(made).chmod(0o755)
            programs = Path(made) / "package" / "install" / "bin"
            programs.mkdir(parents=True)

            assert reachable(programs, Path(made) / "copy") == programs

    def test_programs_below_a_private_directory_are_copied_and_run(self, tmp_path: Path) -> None:
        """A checkout in root's own home: the copy still finds its libraries."""
        private = tmp_path / "private"
        package = bundled_programs().parents[1]
        shutil.copytree(package / "pginstall18", private / package.name / "pginstall18", symlinks=True)
        shutil.copytree(package.with_name(f"{package.name}.libs"), private / f"{package.name}.libs")
        private.chmod(0o700)

        programs = reachable(private / package.name / "pginstall18" / "bin", tmp_path / "copy")
        shutil.rmtree(private)
        answer = subprocess.run([programs / "psql", "--version"], capture_output=True, text=True, check=True)

        assert programs.is_relative_to(tmp_path / "copy")
        assert answer.stdout.startswith("psql (PostgreSQL) 18")
        assert all(part.stat().st_mode & 0o001 for part in (programs, *programs.parents[:3]))


class TestWaitUntil:
    async def test_takes_plain_and_coroutine_functions(self) -> None:
        """Both are asked again until they agree."""
        answers = iter([False, True, False, True])

        async def later() -> bool:
            return next(answers)

        await wait_until(lambda: next(answers))
        await wait_until(later)

        assert next(answers, None) is None

    async def test_says_so_when_it_gives_up(self) -> None:
        """A condition that never holds fails the test instead of hanging it."""
        with pytest.raises(TimeoutError):
            await wait_until(lambda: False, 0.01)
        with pytest.raises(TimeoutError):
            wait_until_sync(lambda: False, 0.01)
