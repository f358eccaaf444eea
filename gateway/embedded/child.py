"""Starts a server as a child that does not outlive this process, whatever ends it."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

LAUNCHER = Path(__file__).with_name("launcher.py")


def spawn(
    command: Sequence[str | Path],
    *,
    log: Path,
    death_signal: signal.Signals = signal.SIGTERM,
    user: tuple[int, int] | None = None,
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Starts `command` (an absolute path and its arguments), its output appended to `log`.

    It gets `death_signal` when this process ends (Linux), runs as `user` (uid, gid) where given, and sits in
    a session of its own, so that a Ctrl-C in the terminal reaches only us and we stop it in our order.

    Raises RuntimeError off the main thread: the kernel sends the signal when the *thread* that started the
    child ends, and a pool's thread may end long before the process.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("a server is started from the main thread, or it would end with the thread")
    uid, gid = user or (os.getuid(), os.getgid())
    numbers = (os.getpid(), int(death_signal), uid, gid)
    launch = [sys.executable, "-I", "-S", str(LAUNCHER), *map(str, numbers), *map(str, command)]
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - the command is built by our own code, never from input
            launch,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            start_new_session=True,
        )


def end(child: subprocess.Popen[bytes], *, patience_seconds: float) -> None:
    """Waits for a child that was asked to end, and kills it when it does not."""
    try:
        child.wait(patience_seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
