"""Stops the server that a killed run left on a data directory, so that two never write the same files.

A process is touched only after it has shown to be a Valkey of exactly this directory: by its own answer on
the socket, or by the command line it was started with. A number in a pid file proves nothing.
"""

import os
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from gateway.embedded.control import served_directory, shut_down
from gateway.embedded.errors import StartFailed
from gateway.embedded.home import Home
from gateway.embedded.waiting import until

END_SECONDS = 10.0
PROC = Path("/proc")


def make_way(home: Home) -> None:
    """Returns when no server works on `home`; raises StartFailed when a foreign one holds its socket."""
    pid = _pid_of(home)
    directory = served_directory(home.socket)
    if directory is not None and directory != home.data:
        raise StartFailed(f"redis.url: {home.socket} is held by the server of another directory, {directory}")
    patience_seconds = END_SECONDS if directory is not None and shut_down(home.socket) else 0
    if pid is not None and not until(lambda: not serves(pid, home), seconds=patience_seconds):
        _kill(pid, home)


def serves(pid: int, home: Home) -> bool:
    """Whether this live process was started as the server of `home`; a zombie has no command line."""
    return f" {own_arguments(home)} " in _command_of(pid)


def own_arguments(home: Home) -> str:
    """The part of a server's command line that no other server has."""
    return f"--dir {home.data} --pidfile {home.pid_file}"


def _pid_of(home: Home) -> int | None:
    with suppress(FileNotFoundError, ValueError):
        return int(home.pid_file.read_text())
    return None


def _kill(pid: int, home: Home) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    if not until(lambda: not serves(pid, home), seconds=END_SECONDS):
        raise StartFailed(f"redis.url: process {pid} serves {home.data} and cannot be stopped")


def _command_of(pid: int) -> str:
    """The words of a process's command line between single spaces; empty when there is no such process."""
    if PROC.joinpath("self").exists():
        with suppress(OSError):
            return os.fsdecode(PROC.joinpath(str(pid), "cmdline").read_bytes()).replace("\0", " ")
        return ""
    ps = shutil.which("ps") or "/bin/ps"
    asked = [ps, "-ww", "-o", "command=", "-p", str(pid)]
    found = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603 - fixed words and a number
    return f"{found.stdout.strip()} "
