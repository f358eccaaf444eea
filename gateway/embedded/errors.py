"""What stops a run that brings its own servers; each message is one line for the operator and names a key.

Misconfigured
├── ServerMissing    no program to run: install one, or set redis.url
├── StartFailed      the program ran but did not become ready; its log says why
└── AlreadyRunning   another run holds the data directory
"""

from gateway.errors import Misconfigured


class ServerMissing(Misconfigured):
    """This machine has no server program, and no server of its own is configured."""


class StartFailed(Misconfigured):
    """The server ended, stayed silent, or its place is held by something that is not ours."""


class AlreadyRunning(Misconfigured):
    """Another process works on the same data directory. `pid` is None when it has not yet written it."""

    def __init__(self, pid: int | None) -> None:
        super().__init__(f"data: Nyota is already running on this directory (process {pid or 'unknown'})")
        self.pid = pid
