"""What runs for as long as its process does. Whatever ends it, it is begun again: nobody would notice that the queue,
a link or what waits on disk had been left alone while the process lives on."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

REST_SECONDS = 1.0

Run = Callable[[], Coroutine[Any, Any, None]]

log = structlog.get_logger("process")


async def lasting(part: str, run: Run, rest_seconds: float = REST_SECONDS) -> None:
    """`run` until it returns or is cancelled, anew after each error."""
    while True:
        try:
            return await run()
        except Exception:  # the last one that could say so
            log.exception("part_broken", part=part)
        await asyncio.sleep(rest_seconds)
