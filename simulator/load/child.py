"""Our own programs as child processes: started as from a shell, watched, ended by their process id.

The environment is the caller's without any `NYOTA_` variable, and the working directory holds no `config.yaml`:
what runs is what the defaults and the caller's own overrides say, whatever this machine is set up for.
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager, suppress
from pathlib import Path

import aiohttp

from simulator.line import reachable

HOST = "127.0.0.1"
PREFIX = "NYOTA_"
ROOT = Path(__file__).parents[2]
LOOK_SECONDS = 0.05


class ChildError(RuntimeError):
    """A program could not start or did not stay; the text says which, and where its output is."""


class Child:
    """One running program, `python -m <module> <arguments>`, with its output in `log`."""

    def __init__(
        self, module: str, arguments: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self.module = module
        self.log = log
        command = [sys.executable, "-m", module, *arguments]
        with log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own modules, never from input
                command,
                cwd=log.parent,
                env=surroundings(environment or {}),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.pid = self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        """End it at once, in the middle of whatever it does."""
        self._process.kill()
        self._process.wait()

    def stop(self, patience_seconds: float = 15.0) -> int:
        """Ask it to end; kill it when it does not. Its exit code."""
        if self.is_running:
            self._process.terminate()
        return self.ended(patience_seconds)

    def ended(self, patience_seconds: float) -> int:
        """Wait for it to end by itself; kill it when it does not. Its exit code."""
        try:
            return self._process.wait(patience_seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return -signal.SIGKILL

    async def answering(self, http: aiohttp.ClientSession, url: str, patience_seconds: float = 20.0) -> None:
        """Return once it answers HTTP. Raises ChildError when it ends instead, or takes too long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_seconds):
                while self.is_running:
                    if await reachable(http, url):
                        return
                    await asyncio.sleep(LOOK_SECONDS)
        raise ChildError(f"{self.module} does not answer at {url}; see {self.log}: {_last_line(self.log)}")


def free_port() -> int:
    """A port of the loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def cores() -> tuple[int, ...]:
    """The cores this process may use; empty where processes cannot be pinned."""
    return tuple(sorted(os.sched_getaffinity(0))) if hasattr(os, "sched_getaffinity") else ()


@contextmanager
def pinned(wanted: Set[int]) -> Iterator[None]:
    """Keep this thread, and every process it starts meanwhile, on some cores; nothing where that cannot be done."""
    if not wanted or not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, wanted)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def moved(pid: int, wanted: Set[int]) -> None:
    """Put all threads of a running process on some cores."""
    if not wanted or not hasattr(os, "sched_setaffinity"):
        return
    for task in Path(f"/proc/{pid}/task").glob("*"):
        with suppress(ProcessLookupError):
            os.sched_setaffinity(int(task.name), wanted)


def children(pid: int) -> tuple[int, ...]:
    """The processes that a process has started; empty where the system does not say."""
    found: list[int] = []
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += map(int, listed.read_text(encoding="ascii").split())
    return tuple(found)


def end_on_sigterm() -> None:
    """Have SIGTERM cancel the running task, so that whoever ends us ends our children as well."""
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)


def cpu_seconds(pid: int) -> float:
    """What a process has used of its cores so far, all threads together; 0 where the system does not say."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def surroundings(overrides: Mapping[str, str]) -> dict[str, str]:
    """The caller's, without what configures a gateway, and with `overrides`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    path = os.pathsep.join(part for part in (str(ROOT), kept.get("PYTHONPATH", "")) if part)
    return {**kept, "PYTHONPATH": path, **overrides}


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n") if log.exists() else []
    return next((line for line in reversed(lines) if line.strip()), "no output")
