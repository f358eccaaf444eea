"""Waiting for another process, which cannot tell us when it is done: ask again until it is, or time is up."""

import time
from collections.abc import Callable

EVERY_SECONDS = 0.005


def until(condition: Callable[[], bool], *, seconds: float) -> bool:
    """True as soon as `condition` holds, False when it still does not after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(EVERY_SECONDS)
    return True
