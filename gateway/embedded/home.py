"""Where an embedded Valkey lives: its files in a data directory, and the socket it is reached by."""

import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from gateway.embedded.errors import StartFailed

SOCKET_BYTES_MAX = 100  # the kernels allow 104 (macOS) and 108 (Linux), with a zero at the end
SOCKET_NAME = "valkey.sock"


@dataclass(frozen=True, slots=True)
class Home:
    """The places of one server; `data` is absolute, `socket` is short enough for a unix socket."""

    data: Path
    socket: Path

    @property
    def log(self) -> Path:
        return self.data / "valkey.log"

    @property
    def pid_file(self) -> Path:
        return self.data / "valkey.pid"

    @property
    def url(self) -> str:
        return f"unix://{quote(str(self.socket))}"

    @property
    def socket_is_elsewhere(self) -> bool:
        return self.socket.parent != self.data

    def prepare(self) -> None:
        """Makes the directories; raises StartFailed when the socket's could be another user's."""
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.socket_is_elsewhere:
            self.socket.parent.mkdir(mode=0o700, exist_ok=True)
            _require_private(self.socket.parent)

    def tidy(self) -> None:
        """Removes what a stopped server has no use for."""
        self.socket.unlink(missing_ok=True)
        if self.socket_is_elsewhere and self.socket.parent.exists():
            self.socket.parent.rmdir()


def home_of(data: Path) -> Home:
    """The same directory always gives the same home, so that a later run finds what an earlier one left."""
    data = data.resolve()
    beside = data / SOCKET_NAME
    if len(os.fsencode(beside)) <= SOCKET_BYTES_MAX:
        return Home(data, beside)
    return Home(data, _short_directory(data) / SOCKET_NAME)


def _short_directory(data: Path) -> Path:
    digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"nyota-{os.getuid()}-{digest}"


def _require_private(directory: Path) -> None:
    """The name can be guessed, so somebody else may have made it first and be waiting for our socket."""
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise StartFailed(f"redis.url: {directory} must be a directory that only this user can enter; remove it")
