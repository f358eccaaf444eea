"""What runs for as long as its process, whatever it meets."""

import asyncio

import pytest
from structlog.testing import capture_logs

from gateway.lasting import lasting


class Part:
    """Fails with each of these, then ends."""

    def __init__(self, *errors: BaseException) -> None:
        self.errors = list(errors)
        self.begun = 0

    async def __call__(self) -> None:
        self.begun += 1
        if self.errors:
            raise self.errors.pop(0)


class TestLasting:
    async def test_it_is_begun_again_after_each_error_and_says_so(self) -> None:
        """Also when several parts of it failed together."""
        part = Part(ValueError("28345671"), ExceptionGroup("both", [OSError("away")]))

        with capture_logs() as logs:
            await lasting("queue", part, rest_seconds=0)

        assert part.begun == 3
        assert [(entry["event"], entry["part"]) for entry in logs] == 2 * [("part_broken", "queue")]

    async def test_whoever_stops_it_stops_it(self) -> None:
        """At the end of the process."""
        part = Part(asyncio.CancelledError())

        with pytest.raises(asyncio.CancelledError):
            await lasting("queue", part, rest_seconds=0)

        assert part.begun == 1
