"""The how-tos work: each is followed to the letter in a copy of the tree, and what it promises is seen."""

import asyncio
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import unused_port

from gateway.clock import iso, system
from tests.guides import ROOT, Copy, instructions
from tests.servers import wait_until

START_SECONDS = 60
HOOKS_TOKEN = "c0ffee0123456789"


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path)


class Up:
    """`nyota up --headless` on a copy."""

    def __init__(self, copy: Copy, *options: str, **environment: str) -> None:
        self.port = unused_port()
        command = [sys.executable, "-m", "gateway", "up", "--headless", "--data", "var", "--port", str(self.port)]
        command += options
        given = copy.environment(**environment, NYOTA_STANDINS__PORT=str(unused_port()))
        self._run = subprocess.Popen(command, cwd=copy.folder, env=given, stderr=subprocess.DEVNULL)

    async def answering(self, http: aiohttp.ClientSession) -> None:
        async def is_up() -> bool:
            try:
                async with http.get(f"http://127.0.0.1:{self.port}/healthz") as response:
                    return response.status == 200
            except aiohttp.ClientError:
                return False

        await wait_until(is_up, START_SECONDS)

    def stop(self) -> None:
        self._run.terminate()
        self._run.wait(30)


@pytest.fixture
def runs() -> Iterator[list[Up]]:
    started: list[Up] = []
    yield started
    for run in started:
        run.stop()


def shown(guide: str) -> tuple[str, dict[str, str], str]:
    """Address, fields and answer of the request that a guide shows with curl."""
    text = (ROOT / "docs" / "how-to" / guide).read_text(encoding="utf-8")
    found = re.search(r"curl -s (.*?)\n +```\n\n +```\n(.*?)\n +```", text, re.S)
    assert found, f"{guide} shows no request"
    words = shlex.split(found[1].replace("\\\n", " "))
    given = [words[index + 1] for index, word in enumerate(words) if word in {"-d", "--data-urlencode"}]
    answer = "\n".join(line.strip() for line in found[2].split("\n"))
    return words[0], dict(each.split("=", 1) for each in given), answer


def approval() -> dict[str, str]:
    """What a core tells in the guide, as of now."""
    text = (ROOT / "docs" / "how-to" / "add-a-ledger.md").read_text(encoding="utf-8")
    found = re.search(r"```json\n(.*?)\n```", text, re.S)
    assert found, "add-a-ledger.md shows no approval"
    return {**json.loads(found[1]), "approvedAt": iso(system()), "webhookToken": HOOKS_TOKEN}


class TestGuides:
    """Follow them."""

    @pytest.mark.parametrize("guide", ["add-a-flow.md", "add-a-language.md", "add-a-ledger.md", "add-a-provider.md"])
    def test_a_guide_can_be_followed(self, guide: str) -> None:
        """It has blocks that say what they are for."""
        assert instructions(guide)

    def test_a_language_is_one_file(self, copy: Copy) -> None:
        """Copied, named, translated, proved."""
        copy.follow("add-a-language.md")

    def test_a_flow_is_one_file_and_its_words(self, copy: Copy) -> None:
        """In the menu, and proved with all the others."""
        copy.follow("add-a-flow.md")

    async def test_a_provider_is_one_file_and_its_block(self, copy: Copy, runs: list[Up]) -> None:
        """A hop in its dialect is answered as the guide shows."""
        copy.follow("add-a-provider.md")
        runs.append(Up(copy, NYOTA_PROVIDERS__SAUTINET__CALLBACK_TOKEN="feedbeef"))
        address, fields, answer = shown("add-a-provider.md")
        async with aiohttp.ClientSession() as http:
            await runs[0].answering(http)
            async with http.post(address.replace("8383", str(runs[0].port)), data=fields) as response:
                told = await response.text()

        assert response.status == 200
        assert told.startswith(answer)

    async def test_a_core_is_its_block_of_the_configuration(self, copy: Copy, runs: list[Up]) -> None:
        """While it is away the start goes on, health says so, and an approval as the guide shows it is taken."""
        copy.follow("add-a-ledger.md")
        nobody = f"http://127.0.0.1:{unused_port()}/api/v1"
        given = {"BASE_URL": nobody, "PASSWORD": "secret"}
        secrets = {f"NYOTA_LEDGER__FINERACT__{name}": value for name, value in given.items()}
        runs.append(Up(copy, "--config", "core.yaml", NYOTA_LEDGER__HOOKS_TOKEN=HOOKS_TOKEN, **secrets))
        url = f"http://127.0.0.1:{runs[0].port}"
        async with aiohttp.ClientSession() as http:
            await runs[0].answering(http)
            async with http.get(f"{url}/healthz") as response:
                health = await response.json()
            async with http.post(f"{url}/api/core/approvals/{HOOKS_TOKEN}", json=approval()) as response:
                told = response.status, await response.json()

        assert health["checks"]["core"]["status"] == "degraded"
        assert told[0] == 200, told

    async def test_a_dialogue_that_was_written_down_plays(self, copy: Copy, runs: list[Up]) -> None:
        """As the quickstart of the README says, on a gateway that has just been started."""
        runs.append(Up(copy))
        async with aiohttp.ClientSession() as http:
            await runs[0].answering(http)
        script = ROOT / "tests" / "dialogues" / "balance-en.yaml"
        url = f"http://127.0.0.1:{runs[0].port}"
        command = [sys.executable, "-m", "simulator.phone", "--url", url, "--script", str(script)]
        played = await asyncio.create_subprocess_exec(*command, stdout=subprocess.DEVNULL, cwd=ROOT)

        assert await played.wait() == 0
