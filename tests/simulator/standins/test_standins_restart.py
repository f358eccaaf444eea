"""What survives when the stand-ins are stopped or killed."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from simulator.standins import app as standins
from simulator.standins.book import Book, BookInUseError
from simulator.standins.settings import Settings
from tests.simulator.standins.standins_town import PHONE, Gateway, Town

START = 1_800_000_000.0
DEADLINE_SECONDS = 60


class ProcessTown(Town):
    """A town whose stand-ins are a process of their own, which can be killed."""

    process: asyncio.subprocess.Process
    origin = ""

    async def start(self) -> None:
        self.process = await launch("--port", "0", "--data", str(self.settings.data))
        try:
            self.origin = await self._address()
        except BaseException:
            await self.end(signal.SIGKILL)
            raise

    async def _address(self) -> str:
        assert self.process.stdout is not None
        async with asyncio.timeout(DEADLINE_SECONDS):
            line = await self.process.stdout.readline()
        assert line.startswith(b"stand-ins at http://127.0.0.1:")
        return line.decode().split()[-1]

    async def stop(self) -> None:
        assert await self.end(signal.SIGTERM) == 0

    async def end(self, signal_number: int) -> int:
        self.process.send_signal(signal_number)
        async with asyncio.timeout(DEADLINE_SECONDS):
            return await self.process.wait()

    def url(self, path: str) -> str:
        return f"{self.origin}{path}"


async def launch(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "simulator.standins", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=Path(standins.__file__).parents[2],
    )


async def last_words(process: asyncio.subprocess.Process) -> str:
    """What a process that cannot start says, once it has ended with 1."""
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            _out, words = await process.communicate()
    except TimeoutError:
        process.kill()
        raise
    assert process.returncode == 1
    return words.decode()


class TestKilled:
    async def test_a_callback_being_sent_is_sent_again_and_nothing_moves_twice(self, tmp_path: Path) -> None:
        """Killed while the gateway was reading: money once, Result again, the id still refused."""
        async with ProcessTown(tmp_path) as town:
            town.gateway.is_open.clear()
            await town.pay_out()
            await town.push()
            await town.gateway.hear("/result")
            await town.gateway.hear("/stk")
            await town.end(signal.SIGKILL)
            town.gateway.is_open.set()
            await town.start()
            results = await town.gateway.hear("/result", times=2)
            callbacks = await town.gateway.hear("/stk", times=2)
            again = await town.pay_out()
            moved = await town.movements()

        assert results[0].text == results[1].text
        assert callbacks[0].text == callbacks[1].text
        assert again.json["errorMessage"] == "Duplicate OriginatorConversationID."
        assert sorted(movement["kind"] for movement in moved) == ["b2c", "stk"]

    async def test_an_open_prompt_is_answered_after_the_restart(self, tmp_path: Path) -> None:
        """The phone still shows it."""
        async with ProcessTown(tmp_path) as town:
            await town.control("POST", "settings", autoAnswer=False)
            await town.push()
            await town.end(signal.SIGKILL)
            await town.start()
            (told,) = await town.gateway.hear("/stk")

        assert told.json["Body"]["stkCallback"]["ResultCode"] == 0


class TestStopped:
    async def test_what_was_not_due_is_sent_after_the_restart(self, tmp_path: Path) -> None:
        """And the money is as it was."""
        gateway = Gateway()
        await gateway.start()
        result_url = gateway.url("/result")
        async with Town(tmp_path, now=lambda: START, callback_seconds=100.0) as town:
            await town.pay_out(ResultURL=result_url)
            await town.health(callbacks=1)
            before = await town.control("GET", "money")
        async with Town(tmp_path, now=lambda: START + 100) as town:
            (told,) = await gateway.hear("/result")
            after = await town.control("GET", "money")
        await gateway.stop()

        assert told.json["Result"]["TransactionID"] == before["movements"][0]["receipt"]
        assert before == after

    async def test_a_callback_that_hangs_does_not_hold_up_the_stop(self, tmp_path: Path) -> None:
        """It counts as not sent, and is sent after the restart."""
        gateway = Gateway()
        await gateway.start()
        gateway.is_open.clear()
        async with Town(tmp_path, stop_seconds=0.05, send_timeout_seconds=3600) as town, asyncio.timeout(10):
            await town.pay_out(ResultURL=gateway.url("/result"))
            await gateway.hear("/result")
        gateway.is_open.set()
        async with Town(tmp_path):
            told = await gateway.hear("/result", times=2)
        await gateway.stop()

        assert told[0].text == told[1].text

    async def test_a_prompt_that_expired_meanwhile_is_told(self, tmp_path: Path) -> None:
        """The callback comes as soon as the world is back."""
        gateway = Gateway()
        await gateway.start()
        async with Town(tmp_path, now=lambda: START, auto_answer=False) as town:
            await town.push(CallBackURL=gateway.url("/stk"))
        async with Town(tmp_path, now=lambda: START + 60, auto_answer=False):
            (told,) = await gateway.hear("/stk")
        await gateway.stop()

        assert told.json["Body"]["stkCallback"]["ResultCode"] == 1037

    async def test_a_slow_gateway_is_waited_for(self, tmp_path: Path) -> None:
        """After a restart nothing is wasted on a port where nobody listens yet."""
        gateway = Gateway()
        await gateway.start()
        url, result_url = gateway.url(""), gateway.url("/result")
        async with Town(tmp_path, now=lambda: START, callback_seconds=100.0) as town:
            await town.pay_out(ResultURL=result_url)
        async with Town(tmp_path, now=lambda: START + 100, gateway_url=url):
            (told,) = await gateway.hear("/result")
        await gateway.stop()

        assert told.json["Result"]["ResultCode"] == 0

    async def test_an_absent_gateway_is_not_waited_for_for_ever(self, tmp_path: Path) -> None:
        """Then the callback is lost, as in real life."""
        async with Town(tmp_path, now=lambda: START, callback_seconds=100.0) as town:
            await town.pay_out(ResultURL="http://127.0.0.1:1/result")
        knobs = {"gateway_url": "http://127.0.0.1:1", "gateway_wait_seconds": 0.1}
        async with Town(tmp_path, now=lambda: START + 100, **knobs) as town:
            await town.health()
            moved = await town.movements()

        assert len(moved) == 1


class TestOneBook:
    async def test_a_second_world_on_the_same_data_is_refused(self, tmp_path: Path) -> None:
        """And the first one works on."""
        running = await standins.start(Settings(data=tmp_path))
        try:
            with pytest.raises(BookInUseError):
                await standins.start(Settings(data=tmp_path))
        finally:
            await running.stop()

    async def test_a_taken_port_frees_the_book(self, tmp_path: Path) -> None:
        """A failed start leaves nothing behind."""
        running = await standins.start(Settings(data=tmp_path / "one"))
        port = int(running.url.rpartition(":")[2])
        try:
            with pytest.raises(OSError, match="in use"):
                await standins.start(Settings(data=tmp_path / "two"), port=port)
        finally:
            await running.stop()
        Book(tmp_path / "two" / standins.BOOK_FILE).close()

    def test_a_gateway_elsewhere_is_refused(self, tmp_path: Path) -> None:
        """The pretend world stays on this machine."""
        with pytest.raises(SystemExit, match="must be on this machine"):
            standins.run(port=0, data=tmp_path, gateway_url="https://example.com")

    async def test_the_command_says_in_one_line_why_it_cannot_start(self, tmp_path: Path) -> None:
        """For data in use, and for a taken port."""
        running = await standins.start(Settings(data=tmp_path))
        port = running.url.rpartition(":")[2]
        try:
            in_use = await last_words(await launch("--port", "0", "--data", str(tmp_path)))
            taken = await last_words(await launch("--port", port, "--data", str(tmp_path / "other")))
        finally:
            await running.stop()

        assert in_use == f"another outside world already runs on {tmp_path}\n"
        assert taken.startswith(f"cannot listen on 127.0.0.1:{port}: ")
        assert taken.count("\n") == 1

    async def test_the_book_of_a_person_is_there_after_a_restart(self, tmp_path: Path) -> None:
        """With the balance it had."""
        async with Town(tmp_path) as town:
            await town.control("POST", "people", phone=PHONE, balance="12.00", name="JANE DOE")
        async with Town(tmp_path) as town:
            person = (await town.control("GET", f"people?phone={PHONE}"))["person"]

        assert (person["balance"], person["name"]) == ("12.00", "JANE DOE")
