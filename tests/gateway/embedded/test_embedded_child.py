"""Children that do not outlive us, and that are waited for."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.embedded import child

BLINK = "import sys; print('begun', flush=True); sys.stdin.read()"
DEAF = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
while True:
    signal.pause()
"""

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent has ended")


class TestSpawn:
    def test_the_child_has_its_own_session_and_our_user(self, tmp_path: Path) -> None:
        """A Ctrl-C for us does not reach it before we stop it in our order."""
        says = "import os; print(os.getsid(0) == os.getpid(), os.getuid(), os.getgid())"

        started = child.spawn([sys.executable, "-c", says], log=tmp_path / "log")

        assert started.wait(10) == 0
        assert (tmp_path / "log").read_text() == f"True {os.getuid()} {os.getgid()}\n"

    def test_what_it_says_is_appended_in_order(self, tmp_path: Path) -> None:
        """Earlier runs stay readable, and complaints land in the same place."""
        log = tmp_path / "log"
        log.write_text("before\n")
        says = "import sys; print('out', flush=True); print('err', file=sys.stderr)"

        child.spawn([sys.executable, "-c", says], log=log).wait(10)

        assert log.read_text() == "before\nout\nerr\n"

    def test_the_program_finds_the_usual_signals(self, tmp_path: Path) -> None:
        """What Python ignores for itself is not passed on."""
        shows = ["/bin/sh", "-c", "kill -PIPE $$; echo still here"]

        ended = child.spawn(shows, log=tmp_path / "log").wait(10)

        assert ended == -signal.SIGPIPE
        assert (tmp_path / "log").read_text() == ""

    @linux_only
    def test_a_parent_that_ended_first_leaves_no_child(self, tmp_path: Path) -> None:
        """The launcher sees that its parent is not the one that asked, and starts nothing."""
        marker = tmp_path / "marker"
        gone = os.getppid()  # anything but this process
        words = [gone, int(signal.SIGTERM), os.getuid(), os.getgid(), "/bin/touch", marker]

        done = subprocess.run(
            [sys.executable, "-I", "-S", str(child.LAUNCHER), *map(str, words)],
            capture_output=True,
            check=False,
        )

        assert done.returncode == 1
        assert not marker.exists()


class TestEnd:
    def test_waits_for_a_child_that_obeys(self, tmp_path: Path) -> None:
        """Its own exit status is kept."""
        started = child.spawn([sys.executable, "-c", BLINK], log=tmp_path / "log")

        child.end(started, patience_seconds=10)

        assert started.returncode == 0

    def test_kills_a_child_that_does_not(self, tmp_path: Path) -> None:
        """Patience has an end."""
        started = child.spawn([sys.executable, "-c", DEAF], log=tmp_path / "log")

        child.end(started, patience_seconds=0)

        assert started.returncode == -signal.SIGKILL
