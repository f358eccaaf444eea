"""Becomes another program that ends when its parent ends. Run as a script, not imported:

    python -I -S launcher.py PARENT_PID SIGNAL UID GID PROGRAM [ARGUMENT ...]

The signal is asked for here, in a fresh process, because Python code that runs between fork and exec can
deadlock when the parent has threads. Linux only; elsewhere the program simply runs, and what a killed
parent leaves behind is stopped by the next start.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Replaces this process by the program; it keeps the pid that the parent knows."""
    parent_pid, death_signal, uid, gid = map(int, arguments[:4])
    program = arguments[4:]
    _become(uid, gid)
    _end_with(parent_pid, death_signal)
    _restore_signals()
    os.execv(program[0], program)  # noqa: S606 - becoming the program is the purpose


def _become(uid: int, gid: int) -> None:
    if (uid, gid) != (os.getuid(), os.getgid()):
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)


def _end_with(parent_pid: int, death_signal: int) -> None:
    """Must follow the change of user, which clears the request."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != parent_pid:  # it ended before the request, so no signal will come
        sys.exit("the parent ended first")


def _restore_signals() -> None:
    """Python ignores these two, and a program would inherit that."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)


if __name__ == "__main__":
    main(sys.argv[1:])
