"""One run per data directory: a lock that the kernel releases with the process, however it ends."""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from gateway.embedded.errors import AlreadyRunning


class DataLock:
    """Holds `<data>/lock` from `acquire` to `release`, or to the end of the process.

    The file stays when the lock is released: removing it would let two runs lock two files of one name.
    """

    def __init__(self, data: Path) -> None:
        self._data = data
        self._file: int | None = None

    def acquire(self) -> None:
        """Takes the lock, making the directory where needed; raises AlreadyRunning when another has it."""
        self._data.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(self._data / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = _read_pid(file)
            os.close(file)
            raise AlreadyRunning(holder) from error
        _write_pid(file)
        self._file = file

    def release(self) -> None:
        """Gives the directory free; does nothing when it is not held."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def _read_pid(file: int) -> int | None:
    written = os.pread(file, 20, 0).strip()
    return int(written) if written.isdigit() else None


def _write_pid(file: int) -> None:
    os.ftruncate(file, 0)
    os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
