"""Measure in a scratch folder, and print what was found: the frame of every benchmark."""

import asyncio
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any, Protocol

import uvloop

from simulator.load.child import ChildError


class Printable(Protocol):
    def mapping(self) -> Mapping[str, Any]: ...

    def show(self) -> None: ...


def printed(
    name: str, measured: Callable[[Path], Coroutine[Any, Any, Printable]], *, json_output: bool,
    errors: tuple[type[Exception], ...] = (ChildError,),
) -> int:  # fmt: skip
    """Exit code 0 when there are figures, 1 when there are none. `errors` are told in one line."""
    directory = Path(tempfile.mkdtemp(prefix="nyota-bench-"))
    try:
        figures = uvloop.run(measured(directory))
    except errors as error:
        print(f"bench {name}: {error}", file=sys.stderr)
        return 1
    except asyncio.CancelledError:
        print(f"bench {name}: ended before its time", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    if json_output:
        print(json.dumps(figures.mapping(), indent=2))
    else:
        figures.show()
    return 0
