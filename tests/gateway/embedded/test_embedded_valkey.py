"""The embedded Valkey: started, kept running, stopped, and never left behind."""

import asyncio
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis import Redis

from gateway.embedded import valkey
from gateway.embedded.binary import find_server
from gateway.embedded.control import is_ready
from gateway.embedded.errors import StartFailed
from gateway.embedded.home import Home, home_of
from gateway.embedded.orphan import serves
from gateway.embedded.valkey import EmbeddedValkey
from tests.servers import wait_until, wait_until_sync

ROOT = Path(__file__).parents[3]
HOLD_A_SERVER = """
import sys
from pathlib import Path
from gateway.embedded.valkey import EmbeddedValkey
server = EmbeddedValkey(Path(sys.argv[1]))
server.start()
print(server.pid, flush=True)
sys.stdin.read()
"""

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent has ended")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return home_of(tmp_path / "data")


@pytest.fixture
def server(home: Home) -> Iterator[EmbeddedValkey]:
    server = EmbeddedValkey(home.data)
    yield server
    server.stop()


@pytest.fixture
def orphan(home: Home) -> Iterator["subprocess.Popen[bytes]"]:
    """A server of the same data that nobody watches, as a killed run leaves it."""
    left = run_unwatched(home)
    yield left
    left.kill()
    left.wait()


def run_unwatched(home: Home) -> "subprocess.Popen[bytes]":
    home.prepare()
    with home.log.open("ab") as output:
        left = subprocess.Popen(valkey.command(find_server(), home), stdout=output)
    wait_until_sync(lambda: is_ready(home.socket))
    return left


def write(url: str, key: str, value: str) -> None:
    with Redis.from_url(url) as client:
        client.set(key, value)


def read(url: str, key: str) -> bytes | None:
    with Redis.from_url(url) as client:
        found = client.get(key)
    assert found is None or isinstance(found, bytes)
    return found


def kill(pid: int | None) -> None:
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


class TestStart:
    def test_the_url_it_returns_answers(self, server: EmbeddedValkey) -> None:
        """`start` returns only once commands are taken."""
        url = server.start()

        write(url, "key", "value")

        assert read(url, "key") == b"value"
        assert url == server.url
        assert server.alive()

    def test_only_this_user_reaches_it(self, server: EmbeddedValkey, home: Home) -> None:
        """There is no TCP port, and the socket is closed to other users."""
        url = server.start()

        with Redis.from_url(url) as client:
            port = client.config_get("port")

        assert port == {"port": "0"}
        assert stat.S_IMODE(home.socket.stat().st_mode) == 0o700

    def test_money_is_never_evicted_and_writes_reach_the_disk(self, server: EmbeddedValkey) -> None:
        """The settings that the promises of this module rest on are in force."""
        url = server.start()

        with Redis.from_url(url) as client:
            settings = client.config_get("maxmemory-policy", "appendonly", "appendfsync", "save")

        assert settings == {
            "maxmemory-policy": "noeviction",
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
        }

    def test_a_path_too_long_for_a_socket_is_no_obstacle(self, tmp_path: Path) -> None:
        """The socket then lives in a short private directory, which goes with the server."""
        data = tmp_path / ("long" * 30)
        server = EmbeddedValkey(data)
        directory = home_of(data).socket.parent

        url = server.start()
        write(url, "key", "value")
        private = stat.S_IMODE(directory.stat().st_mode)
        server.stop()

        assert private == 0o700
        assert not directory.exists()
        assert (data / "appendonlydir").is_dir()

    def test_a_failed_start_says_why_and_leaves_nothing_running(self, server: EmbeddedValkey, home: Home) -> None:
        """A file where a directory must be stops the server; its own last words reach the operator."""
        home.data.mkdir()
        (home.data / "appendonlydir").write_text("in the way")

        with pytest.raises(StartFailed, match="appendonlydir"):
            server.start()

        assert server.pid is None
        assert not is_ready(home.socket)

    def test_a_thread_may_not_start_it(self, server: EmbeddedValkey, home: Home) -> None:
        """The server would end with the thread, so this is refused rather than found out later."""
        with ThreadPoolExecutor(1) as pool, pytest.raises(RuntimeError, match="main thread"):
            pool.submit(server.start).result()

        assert not is_ready(home.socket)

    def test_starting_twice_is_refused_and_harmless(self, server: EmbeddedValkey) -> None:
        """The running server is not disturbed."""
        server.start()
        pid = server.pid

        with pytest.raises(RuntimeError, match="already started"):
            server.start()

        assert server.alive()
        assert server.pid == pid


class TestStop:
    def test_data_survives_a_restart(self, server: EmbeddedValkey) -> None:
        """What was acknowledged before `stop` is there after `start`, at the same address."""
        first = server.start()
        write(first, "key", "value")

        server.stop()
        second = server.start()

        assert second == first
        assert read(second, "key") == b"value"

    def test_nothing_is_left(self, server: EmbeddedValkey, home: Home) -> None:
        """No process, no socket, no pid file; and stopping again does nothing."""
        server.start()
        pid = server.pid
        assert pid is not None

        server.stop()
        server.stop()

        assert not server.alive()
        assert not serves(pid, home)
        assert not home.socket.exists()
        assert not home.pid_file.exists()

    def test_a_server_that_does_not_listen_is_killed(self, server: EmbeddedValkey, home: Home) -> None:
        """A hung server cannot hold up the end of the run."""
        server.start()
        pid = server.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)

        server.stop()

        assert not serves(pid, home)


@linux_only
class TestKilledParent:
    def test_takes_the_server_with_it(self, server: EmbeddedValkey, home: Home) -> None:
        """A kill -9 of the run that started it ends the server, and what it had acknowledged is kept."""
        parent = subprocess.Popen(
            [sys.executable, "-c", HOLD_A_SERVER, str(home.data)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        with parent:
            assert parent.stdout is not None
            pid = int(parent.stdout.readline())
            write(home.url, "key", "value")
            assert serves(pid, home)

            parent.kill()

        wait_until_sync(lambda: not serves(pid, home))
        assert read(server.start(), "key") == b"value"


class TestOrphan:
    def test_is_ended_and_its_data_taken_over(
        self, server: EmbeddedValkey, home: Home, orphan: "subprocess.Popen[bytes]"
    ) -> None:
        """A server left on the socket is shut down cleanly, and ours answers in its place."""
        write(home.url, "key", "value")

        url = server.start()

        assert orphan.wait(10) == 0
        assert read(url, "key") == b"value"
        assert server.pid != orphan.pid

    def test_is_killed_when_it_hangs(
        self, server: EmbeddedValkey, home: Home, orphan: "subprocess.Popen[bytes]"
    ) -> None:
        """A server that does not answer is known by its pid file and its command line."""
        write(home.url, "key", "value")
        orphan.send_signal(signal.SIGSTOP)

        url = server.start()

        assert orphan.wait(10) == -signal.SIGKILL
        assert read(url, "key") == b"value"

    def test_is_found_without_its_socket(
        self, server: EmbeddedValkey, home: Home, orphan: "subprocess.Popen[bytes]"
    ) -> None:
        """Two servers would write the same file, so a lost socket must not hide the first."""
        home.socket.unlink()

        server.start()

        assert orphan.wait(10) == -signal.SIGKILL

    def test_a_stale_pid_file_harms_nobody(self, server: EmbeddedValkey, home: Home) -> None:
        """The number may belong to another program by now; here it is this one's."""
        home.data.mkdir()
        home.pid_file.write_text(f"{os.getpid()}\n")

        server.start()

        assert server.alive()

    @pytest.mark.parametrize("content", ["", "not a number\n"])
    def test_a_torn_pid_file_is_no_obstacle(self, server: EmbeddedValkey, home: Home, content: str) -> None:
        """A crash may leave anything in it."""
        home.data.mkdir()
        home.pid_file.write_text(content)

        server.start()

        assert server.alive()

    def test_another_directory_s_server_is_refused_and_left_alone(
        self, server: EmbeddedValkey, home: Home, tmp_path: Path
    ) -> None:
        """Only a server of exactly this directory may be stopped."""
        other = EmbeddedValkey(tmp_path / "other")
        other.start()
        home.data.mkdir()
        home.socket.symlink_to(home_of(tmp_path / "other").socket)

        with pytest.raises(StartFailed, match="other"):
            server.start()
        still_alive = other.alive()
        other.stop()

        assert still_alive


class TestWatch:
    async def test_a_killed_server_comes_back_with_its_data(self, server: EmbeddedValkey, home: Home) -> None:
        """The restart happens at the same address and loses nothing that was acknowledged."""
        url = server.start()
        write(url, "key", "value")
        watch = asyncio.create_task(server.watch())

        await kill_and_see_it_back(server, home)

        assert read(url, "key") == b"value"
        await cancel(watch)

    async def test_it_comes_back_again_and_again(self, server: EmbeddedValkey, home: Home) -> None:
        """The watch goes on after a restart."""
        server.start()
        watch = asyncio.create_task(server.watch())

        for _ in range(2):
            await kill_and_see_it_back(server, home)

        assert server.alive()
        await cancel(watch)

    async def test_a_failed_restart_is_tried_again(self, server: EmbeddedValkey, home: Home) -> None:
        """Once what stood in the way is gone, the server is back without anybody's help."""
        server.start()
        watch = asyncio.create_task(server.watch())
        files, aside = home.data / "appendonlydir", home.data / "aside"
        files.rename(aside)
        files.write_text("in the way")

        kill(server.pid)
        await wait_until(lambda: home.log.read_text().count("Can't open or create append-only dir") >= 2)
        files.unlink()
        aside.rename(files)
        await wait_until(lambda: is_ready(home.socket))

        assert server.alive()
        await cancel(watch)

    async def test_it_ends_with_stop(self, server: EmbeddedValkey) -> None:
        """A server that was stopped on purpose stays stopped, and the watch returns."""
        server.start()
        watch = asyncio.create_task(server.watch())
        await asyncio.sleep(0)

        await asyncio.to_thread(server.stop)
        await asyncio.wait_for(watch, 10)

        assert not server.alive()


class TestDelay:
    @given(delay=st.floats(0, 5), lived=st.floats(0, 1e6))
    def test_is_bounded(self, delay: float, lived: float) -> None:
        """However long it goes wrong, the next try is at most five seconds away."""
        assert 0 <= valkey.next_delay_seconds(delay, lived_seconds=lived) <= 5

    @given(delay=st.floats(0, 5), lived=st.floats(0, 29))
    def test_grows_while_lives_are_short(self, delay: float, lived: float) -> None:
        """A server that ends at once must not be started in a tight loop."""
        following = valkey.next_delay_seconds(delay, lived_seconds=lived)

        assert following >= 0.1
        assert following > delay or following == 5

    @given(delay=st.floats(0, 5))
    def test_is_nothing_after_a_steady_life(self, delay: float) -> None:
        """One crash after hours of work costs the customers no waiting."""
        assert valkey.next_delay_seconds(delay, lived_seconds=30) == 0


async def kill_and_see_it_back(server: EmbeddedValkey, home: Home) -> None:
    before = server.pid
    kill(before)
    await wait_until(lambda: server.pid != before and is_ready(home.socket))


async def cancel(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
