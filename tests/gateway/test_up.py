"""`nyota up --headless` as a process of its own: starts, serves, is alone, stops everything, keeps everything."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import unused_port

from gateway.config import ShortCode
from gateway.ledgers.fineract import Settings
from gateway.ledgers.loading import settings_of
from gateway.up import Wishes, configured
from simulator.line import Line
from simulator.outside import Outside
from tests.meddling import AMINA, AMINA_PIN, TO_THE_PIN
from tests.servers import wait_until

START_SECONDS = 40
FAST = {
    "NYOTA_PINS__MEMORY_KIB": "8192",
    "NYOTA_PINS__TIME_COST": "1",
    "NYOTA_OPERATIONS__POLL_SECONDS": "0.05",
    "NYOTA_LOGS__FORMAT": "json",
}


class Up:
    """Runs of `nyota up` on one data directory."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port = unused_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.standins_port = unused_port()
        self.runs: list[subprocess.Popen[str]] = []

    def start(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "gateway", "up", "--headless", "--data", str(self.data)]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("NYOTA_")}
        environment |= FAST | {"NYOTA_STANDINS__PORT": str(self.standins_port)}
        with (self.data.parent / "stderr.log").open("a", encoding="utf-8") as log:
            run = subprocess.Popen(
                [*command, "--port", str(self.port)], env=environment, text=True, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=log,
            )  # fmt: skip
        self.runs.append(run)
        return run

    async def answering(self, http: aiohttp.ClientSession) -> None:
        """Until it is healthy from end to end."""

        async def is_well() -> bool:
            try:
                async with http.get(f"{self.url}/api/ussd/health") as response:
                    return response.status == 200 and (await response.json())["status"] == "ok"
            except aiohttp.ClientError:
                return False

        await wait_until(is_well, START_SECONDS)

    async def refused(self) -> str:
        """What a second one on the same data says before it ends."""
        second = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gateway", "up", "--headless", "--data", str(self.data), "--port", "0",
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        _, said = await second.communicate()
        assert second.returncode == 1
        return said.decode()

    def end(self) -> None:
        for run in self.runs:
            if run.poll() is None:
                run.kill()
            run.wait()
            if run.stdout:
                run.stdout.close()


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    made = Up(tmp_path / "var")
    yield made
    made.end()


def children(pid: int) -> list[int]:
    """The processes that this one started."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(child) for child in found.split()]


def is_alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False


async def all_gone(pids: list[int]) -> None:
    await wait_until(lambda: not any(is_alive(pid) for pid in pids), 20)


@pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc")
class TestOneMachine:
    """Everything from one command."""

    async def test_it_starts_serves_is_alone_and_stops_with_all_it_started(self, up: Up) -> None:
        """Also what was accepted survives the restart and is carried out."""
        async with aiohttp.ClientSession() as http:
            run = up.start()
            await up.answering(http)
            assert run.stdout
            announced = run.stdout.readline()
            refusal = await up.refused()
            token = (up.data / "ops-token").read_text(encoding="utf-8").strip()
            headers = {"Authorization": f"Bearer {token}"}
            async with http.get(f"{up.url}/api/ussd/sessions", headers=headers) as response:
                operator = response.status
            line = Line(http, up.url, AMINA)
            await line.dial("*383*2*1*2000#")
            for answer in ("1", AMINA_PIN):
                await line.send(answer)
            accepted = re.search(r"Request (LN\w+) received", line.screen)
            started = children(run.pid)
            run.send_signal(signal.SIGTERM)
            code = await asyncio.to_thread(run.wait, 20)
            await all_gone(started)
            up.start()
            await up.answering(http)
            again = await line.repeat()
            outside = Outside(http, f"http://127.0.0.1:{up.standins_port}")

            async def paid() -> bool:
                return len((await outside.money()).movements) == 1

            await wait_until(paid, 90)  # what was in hand when it ended waits for its lease

        assert announced == f"Nyota is up. Dial *383# at {up.url}/api/ussd/handler\n"
        assert re.fullmatch(r"nyota: .+\n", refusal)
        assert operator == 200
        assert oct((up.data / "ops-token").stat().st_mode & 0o777) == "0o600"
        assert len(started) == 2
        assert code == 0
        assert accepted
        assert accepted[1] in again.text

    async def test_killed_it_leaves_nobody_behind_and_starts_again_with_everything(self, up: Up) -> None:
        """kill -9 right after accepting: the operation is there, and is paid out once."""
        async with aiohttp.ClientSession() as http:
            run = up.start()
            await up.answering(http)
            line = Line(http, up.url, AMINA)
            await line.dial("*383#")
            for answer in (*TO_THE_PIN, AMINA_PIN):
                await line.send(answer)
            accepted = line.screen
            started = children(run.pid)
            run.kill()
            await asyncio.to_thread(run.wait)
            await all_gone(started)
            up.start()
            await up.answering(http)
            again = await line.repeat()
            token = (up.data / "ops-token").read_text(encoding="utf-8").strip()

            async def done() -> bool:
                headers = {"Authorization": f"Bearer {token}"}
                async with http.get(f"{up.url}/api/ussd/queue/{AMINA}", headers=headers) as response:
                    operations = (await response.json())["operations"]
                return [one["state"] for one in operations if one["kind"] == "loan.disburse"] == ["done"]

            await wait_until(done, 90)  # what was in hand when it ended waits for its lease
            money = await Outside(http, f"http://127.0.0.1:{up.standins_port}").money()

        assert "received" in accepted
        assert again.text == accepted
        assert [moved.amount for moved in money.movements] == ["1980.00"]


class TestTheCoreToTry:
    """`ledger.kind: fineract` on one machine."""

    @pytest.fixture
    def wishes(self, tmp_path: Path) -> Wishes:
        return Wishes(tmp_path, port=8400, config=tmp_path / "mine.yaml", headless=True, standins_url=None)

    @pytest.mark.parametrize("said", ["", ", fineract: {tenant: default, payment_type: 1, products: {}}"])
    def test_is_the_pretend_one_where_none_is_named(self, wishes: Wishes, said: str) -> None:
        """Its own stand-ins, wherever they are; what the shipped file says of no server in particular counts not."""
        _written(wishes, f"ledger: {{kind: fineract{said}}}")

        core = settings_of(configured(wishes).ledger)["fineract"]

        assert core.base_url == "http://127.0.0.1:8401/fineract/fineract-provider/api/v1"
        assert core.password.get_secret_value()
        assert (core.payment_type, core.products["quick"].id) == (2, 1)

    def test_is_the_one_that_is_named(self, wishes: Wishes) -> None:
        """Nothing is added to what was said of it."""
        _written(wishes, "ledger: {kind: fineract, fineract: {base_url: 'https://core.test/api/v1'}}")

        core = settings_of(configured(wishes).ledger)["fineract"]

        assert core == Settings(base_url="https://core.test/api/v1")

    def test_is_none_where_our_own_books_keep_the_loans(self, wishes: Wishes) -> None:
        """As it is without a word about it."""
        _written(wishes, "{}")

        assert settings_of(configured(wishes).ledger) == {}

    async def test_keeps_the_loans(self, up: Up, monkeypatch: pytest.MonkeyPatch) -> None:
        """The demo loan is told to it by `nyota up` alone, with nothing but the kind said."""
        monkeypatch.setitem(FAST, "NYOTA_LEDGER__KIND", "fineract")
        async with aiohttp.ClientSession() as http:
            up.start()
            await up.answering(http)

            async def is_told() -> bool:
                async with http.get(f"http://127.0.0.1:{up.standins_port}/control/core") as response:
                    return len((await response.json())["loans"]) == 1

            await wait_until(is_told, 20)


def _written(wishes: Wishes, content: str) -> None:
    assert wishes.config
    wishes.config.write_text(content, encoding="utf-8")


class TestTheShortCodeToTry:
    """What the phones of `nyota up` write to."""

    def test_is_answered_from(self, tmp_path: Path) -> None:
        """They are answered from there, and can answer again; codes of one's own are beside it."""
        wishes = Wishes(tmp_path, port=8400, config=tmp_path / "mine.yaml", headless=True, standins_url=None)
        _written(wishes, 'messages: {short_codes: {"20383": {language: sw}}}')

        codes = configured(wishes).messages.short_codes

        assert codes == {"383": ShortCode(), "20383": ShortCode(language="sw")}


class TestTheMessageCentreToTry:
    """`standins.smsc_port`."""

    @pytest.fixture
    def wishes(self, tmp_path: Path) -> Wishes:
        return Wishes(tmp_path, port=8400, config=tmp_path / "mine.yaml", headless=True, standins_url=None)

    def test_is_linked_where_nobody_has_named_a_link(self, wishes: Wishes) -> None:
        """People dial and write through it, and texts leave by it first."""
        _written(wishes, "standins: {smsc_port: 2775}")

        config = configured(wishes)

        link = config.smpp.links["mno"]
        assert (link.host, link.port, link.ussd, bool(link.password.get_secret_value())) == (
            "127.0.0.1", 2775, True, True,
        )  # fmt: skip
        assert config.messages.carriers == ("mno", "africastalking")

    def test_is_left_alone_where_there_are_links(self, wishes: Wishes) -> None:
        """Whoever names one says all of it."""
        _written(
            wishes,
            "{standins: {smsc_port: 2775}, smpp: {links: {own: {host: localhost, system_id: x, password: secret}}}}",
        )

        config = configured(wishes)

        assert list(config.smpp.links) == ["own"]
        assert config.messages.carriers == ("africastalking",)
