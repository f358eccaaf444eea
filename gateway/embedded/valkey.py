"""The Valkey server that `nyota up` brings along: start it, keep it running, stop it.

It listens on a unix socket only, logs to `<data>/valkey.log`, and appends every change to a file in `data`
that is synced once a second: a kill -9 of the server loses nothing (on a disk too busy to sync, up to two
seconds), a loss of power the last second or two. Whoever uses a data directory holds its `DataLock` first,
because `start` stops any server it finds there.
"""

import asyncio
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

import structlog

from gateway.embedded import child, control
from gateway.embedded.binary import find_server
from gateway.embedded.errors import StartFailed
from gateway.embedded.home import Home, home_of
from gateway.embedded.orphan import make_way
from gateway.embedded.waiting import until
from gateway.errors import Misconfigured

READY_SECONDS = 60.0  # a large file has to be read first
STOP_SECONDS = 10.0
STEADY_SECONDS = 30.0
DELAY_FIRST_SECONDS = 0.1
DELAY_MAX_SECONDS = 5.0
MEMORY_MAX = "1gb"  # far above a million sessions; when full it refuses writes and evicts nothing

log = structlog.get_logger(__name__)


class EmbeddedValkey:
    """One server on one data directory, started from the main thread; it ends with this process."""

    def __init__(self, data: Path) -> None:
        self._home = home_of(data)
        self._child: subprocess.Popen[bytes] | None = None
        self._wanted = False

    @property
    def url(self) -> str:
        """The same before, between and after runs: `unix:///.../valkey.sock`."""
        return self._home.url

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child else None

    def start(self) -> str:
        """Returns the server's URL once it answers; it blocks for that long, usually some 60 ms.

        Stops what a killed run left on the same data. Raises ServerMissing where there is no program to run,
        StartFailed when it does not become ready, RuntimeError off the main thread or when already started.
        """
        if self.alive():
            raise RuntimeError("this server is already started")
        self._wanted = True
        try:
            self._make_way()
            self._until_ready(self._spawn())
        except BaseException:
            self.stop()
            raise
        return self.url

    def alive(self) -> bool:
        """Whether the process runs; it may be too busy to answer."""
        return self._child is not None and self._child.poll() is None

    async def watch(self) -> None:
        """Runs until cancelled, or until `stop`; starts the server again whenever it ends by itself.

        After a steady life that is at once; a server that keeps ending soon is tried less and less often,
        but at least every 5 s. It never gives up, and a failed restart is a log line. It needs the loop of
        the main thread.
        """
        delay_seconds = 0.0
        while (running := self._child) is not None:
            began = time.monotonic()
            await _end_of(running)
            if not self._wanted:
                return
            delay_seconds = next_delay_seconds(delay_seconds, lived_seconds=time.monotonic() - began)
            log.warning("valkey ended", returncode=running.returncode, delay_seconds=delay_seconds)
            await asyncio.sleep(delay_seconds)
            await self._restart()

    def stop(self) -> None:
        """Ends the server cleanly, by force if it must. Nothing happens when it is not running."""
        self._wanted = False
        running, self._child = self._child, None
        if running is None:
            return
        heard = running.poll() is None and control.shut_down(self._home.socket)
        child.end(running, patience_seconds=STOP_SECONDS if heard else 0)
        self._home.tidy()

    def _make_way(self) -> None:
        self._home.prepare()
        make_way(self._home)

    def _spawn(self) -> subprocess.Popen[bytes]:
        self._child = child.spawn(command(find_server(), self._home), log=self._home.log)
        return self._child

    def _until_ready(self, started: subprocess.Popen[bytes]) -> None:
        """Given the child, because `stop` may forget it while another thread still waits here."""
        until(lambda: started.poll() is not None or control.is_ready(self._home.socket), seconds=READY_SECONDS)
        if started.poll() is not None or not control.is_ready(self._home.socket):
            reason = _last_line(self._home.log)
            raise StartFailed(f"redis.url: the embedded server did not start: {reason} ({self._home.log})")

    async def _restart(self) -> None:
        """Only the spawn, which is quick, stays on the loop's thread: the server's life is tied to it."""
        try:
            await asyncio.to_thread(self._make_way)
            if not self._wanted:
                return
            started = self._spawn()
            await asyncio.to_thread(self._until_ready, started)
        except (Misconfigured, OSError) as error:
            log.warning("valkey not restarted", error=str(error))
        else:
            log.info("valkey restarted", pid=started.pid)


def command(server: Path, home: Home) -> list[str]:
    """The whole configuration; there is no file to go stale."""
    options = {
        "port": "0",
        "dir": str(home.data),
        "pidfile": str(home.pid_file),
        "unixsocket": str(home.socket),
        "unixsocketperm": "700",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory": MEMORY_MAX,
        "maxmemory-policy": "noeviction",
        "set-proc-title": "no",  # an orphan is known by its command line
    }
    return [str(server), *(word for name, value in options.items() for word in (f"--{name}", value))]


def next_delay_seconds(delay_seconds: float, *, lived_seconds: float) -> float:
    """None after a steady life, then doubling from 0.1 s to 5 s."""
    if lived_seconds >= STEADY_SECONDS:
        return 0.0
    return min(max(delay_seconds * 2, DELAY_FIRST_SECONDS), DELAY_MAX_SECONDS)


async def _end_of(running: subprocess.Popen[bytes]) -> None:
    """Returns when the child has ended; a daemon thread waits, so neither loop nor exit is held up."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()

    def wait() -> None:
        running.wait()
        with suppress(RuntimeError):  # the loop may be gone by then
            loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=wait, name="valkey-watch", daemon=True).start()
    await ended.wait()


def _last_line(path: Path) -> str:
    lines = path.read_text(errors="replace").splitlines() if path.exists() else []
    return lines[-1] if lines else "it said nothing"
