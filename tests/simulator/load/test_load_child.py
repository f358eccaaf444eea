"""Programs are started as from a shell, watched, and ended by their own process id."""

import os
from pathlib import Path

import aiohttp
import pytest

from simulator.load.child import HOST, Child, ChildError, children, cores, cpu_seconds, free_port, pinned

TOLD_BY_KERNEL = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").exists()


def bare(tmp_path: Path, port: int) -> Child:
    return Child("simulator.load.bare", ["--port", str(port)], log=tmp_path / "bare.log")


class TestChild:
    async def test_it_answers_and_stops(self, tmp_path: Path) -> None:
        """Asked to end it ends by itself, and then does not run any more."""
        port = free_port()
        child = bare(tmp_path, port)
        try:
            async with aiohttp.ClientSession() as http:
                await child.answering(http, f"http://{HOST}:{port}")
            assert child.is_running
        finally:
            code = child.stop()

        assert code == 0
        assert not child.is_running

    @pytest.mark.skipif(not TOLD_BY_KERNEL, reason="this system does not tell about other processes")
    async def test_the_kernel_tells_whose_child_it_is_and_what_it_used(self, tmp_path: Path) -> None:
        """So that helpers can be moved out of the way and costs be measured."""
        port = free_port()
        child = bare(tmp_path, port)
        try:
            async with aiohttp.ClientSession() as http:
                await child.answering(http, f"http://{HOST}:{port}")
            assert child.pid in children(os.getpid())
            assert cpu_seconds(child.pid) > 0
        finally:
            child.stop()

        assert cpu_seconds(child.pid) == 0

    async def test_one_that_cannot_start_says_where_to_look(self, tmp_path: Path) -> None:
        """Its last words are in the message."""
        child = Child("simulator.load.bare", ["--port", "no number"], log=tmp_path / "bare.log")

        async with aiohttp.ClientSession() as http:
            with pytest.raises(ChildError, match=r"bare\.log.*invalid int value"):
                await child.answering(http, f"http://{HOST}:{free_port()}")

    async def test_a_killed_one_is_gone_at_once(self, tmp_path: Path) -> None:
        """Nothing of it is left to be stopped."""
        port = free_port()
        child = bare(tmp_path, port)
        async with aiohttp.ClientSession() as http:
            await child.answering(http, f"http://{HOST}:{port}")

        child.kill()

        assert not child.is_running
        assert child.stop() == -9

    def test_our_own_settings_do_not_leak_into_it(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A developer's `NYOTA_` variables stay outside; what the caller sets comes in."""
        monkeypatch.setenv("NYOTA_DATABASE__URL", "postgresql://elsewhere")
        log = tmp_path / "told.log"
        (tmp_path / "told.py").write_text("import os; print(sorted(k for k in os.environ if k.startswith('NYOTA_')))")

        Child("told", [], log=log, environment={"NYOTA_SERVER__PORT": "1"}).ended(20.0)

        assert log.read_text().strip() == "['NYOTA_SERVER__PORT']"


class TestPinned:
    @pytest.mark.skipif(not cores(), reason="this system does not pin processes")
    def test_it_holds_for_the_block_only(self) -> None:
        """Afterwards everything may run where it could before."""
        before = cores()

        with pinned({before[0]}):
            assert cores() == before[:1]

        assert cores() == before

    def test_nothing_to_pin_to_is_no_error(self) -> None:
        """On one core, or where it cannot be chosen, things just run."""
        before = cores()

        with pinned(frozenset()):
            assert cores() == before
