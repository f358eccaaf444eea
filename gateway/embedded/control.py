"""What is asked of an embedded Valkey over its socket. A silent server is an answer, never an exception."""

from pathlib import Path

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

ANSWER_SECONDS = 2.0


def is_ready(socket: Path) -> bool:
    """False when nothing listens, when it does not answer in time, and while it still loads its data."""
    try:
        with _client(socket) as client:
            return bool(client.ping())
    except RedisError:
        return False


def served_directory(socket: Path) -> Path | None:
    """The data directory of whatever listens there; None when nothing answers."""
    try:
        with _client(socket) as client:
            return Path(client.config_get("dir")["dir"])
    except RedisError:
        return None


def shut_down(socket: Path) -> bool:
    """Asks for a clean end, everything written to disk; False when that was not heard or was refused."""
    try:
        with _client(socket) as client:
            client.ping()  # because `shutdown` takes a refused connection for success
            client.shutdown()
    except RedisError:
        return False
    return True


def _client(socket: Path) -> Redis:
    return Redis(
        unix_socket_path=str(socket),
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
