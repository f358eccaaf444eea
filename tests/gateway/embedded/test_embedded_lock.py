"""One run per data directory."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.embedded.errors import AlreadyRunning
from gateway.embedded.lock import DataLock

ROOT = Path(__file__).parents[3]
HOLD_THE_LOCK = """
import sys
from pathlib import Path
from gateway.embedded.lock import DataLock
lock = DataLock(Path(sys.argv[1]))
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


def hold_elsewhere(data: Path) -> "subprocess.Popen[str]":
    """Another process that has the lock by the time this returns."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD_THE_LOCK, str(data)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


class TestDataLock:
    def test_makes_the_directory_and_names_its_holder(self, tmp_path: Path) -> None:
        """A first run finds no directory yet."""
        data = tmp_path / "new" / "data"

        with DataLock(data):
            assert (data / "lock").read_text() == f"{os.getpid()}\n"

    def test_a_second_run_is_refused_in_one_line(self, tmp_path: Path) -> None:
        """The refusal names the process that holds the data."""
        with hold_elsewhere(tmp_path) as holder:
            with pytest.raises(AlreadyRunning) as refused:
                DataLock(tmp_path).acquire()
            holder.kill()

        assert refused.value.pid == holder.pid
        assert str(holder.pid) in str(refused.value)
        assert "\n" not in str(refused.value)

    def test_a_refusal_leaves_the_holder_s_number(self, tmp_path: Path) -> None:
        """Asking in vain, even twice, changes nothing."""
        with DataLock(tmp_path):
            for _ in range(2):
                with pytest.raises(AlreadyRunning) as refused:
                    DataLock(tmp_path).acquire()
                assert refused.value.pid == os.getpid()

    def test_a_killed_run_releases_it(self, tmp_path: Path) -> None:
        """After a kill -9 the file is still there, and no obstacle."""
        with hold_elsewhere(tmp_path) as holder:
            holder.kill()

        with DataLock(tmp_path):
            assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"

    def test_release_frees_it_and_may_be_repeated(self, tmp_path: Path) -> None:
        """The next run follows at once."""
        first = DataLock(tmp_path)
        first.acquire()
        first.release()
        first.release()

        with DataLock(tmp_path):
            pass

        assert (tmp_path / "lock").exists()

    def test_a_holder_that_has_not_written_yet_is_unknown(self, tmp_path: Path) -> None:
        """Between its lock and its number the other run is already refused for."""
        with DataLock(tmp_path):
            (tmp_path / "lock").write_text("")

            with pytest.raises(AlreadyRunning, match="unknown") as refused:
                DataLock(tmp_path).acquire()

        assert refused.value.pid is None
