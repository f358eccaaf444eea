"""The how-tos work: each is followed to the letter in a copy of the tree, and what it promises is seen."""

import asyncio
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from gateway.clock import iso, system
from tests.gateway.ledgers.cores import embedded_at
from tests.gateway.ledgers.ushirika import API_KEY, office_at
from tests.guides import ROOT, Copy, instructions
from tests.servers import wait_until

START_SECONDS = 60
HOOKS_TOKEN = "c0ffee0123456789"


SENDS_ONE = """
import asyncio
from gateway.config import load
from gateway.providers.contract import OutgoingSms
from gateway.sending.http_gateway import HttpGateway

async def sent():
    account = HttpGateway("taarifa", load().messages.gateways["taarifa"])
    print((await account.send_sms(OutgoingSms("+254711000001", "A first try"))).provider_id)
    await account.close()

asyncio.run(sent())
"""


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path)


class Up:
    """`nyota up --headless` on a copy."""

    def __init__(self, copy: Copy, *options: str, **environment: str) -> None:
        self.port = unused_port()
        command = [sys.executable, "-m", "gateway", "up", "--headless", "--data", "var", "--port", str(self.port)]
        command += options
        standins = unused_port()
        self.standins = f"http://127.0.0.1:{standins}"
        given = copy.environment(**environment, NYOTA_STANDINS__PORT=str(standins))
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


async def played(up: Up, name: str) -> int:
    """How the terminal phone ends that plays a dialogue of ours."""
    script, url = ROOT / "tests" / "dialogues" / name, f"http://127.0.0.1:{up.port}"
    command = [
        sys.executable,
        "-m",
        "simulator.phone",
        "--url",
        url,
        "--standins",
        up.standins,
        "--script",
        str(script),
    ]
    run = await asyncio.create_subprocess_exec(*command, stdout=subprocess.DEVNULL, cwd=ROOT)
    return await run.wait()


class TestGuides:
    """Follow them."""

    @pytest.mark.parametrize(
        "guide",
        [
            "add-a-flow.md",
            "add-a-gateway.md",
            "add-a-keyword.md",
            "add-a-language.md",
            "add-a-ledger.md",
            "add-a-provider.md",
            "add-a-template.md",
        ],
    )
    def test_a_guide_can_be_followed(self, guide: str) -> None:
        """It has blocks that say what they are for."""
        assert instructions(guide)

    def test_a_language_is_one_file(self, copy: Copy) -> None:
        """Copied, named, translated, proved."""
        copy.follow("add-a-language.md")

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

    async def test_another_kind_of_core_is_one_file(self, copy: Copy, runs: list[Up], fresh_sqlite: str) -> None:
        """The loan of the demo is told to it, and what is repaid on the phone is repaid there."""
        copy.follow("add-a-ledger.md")
        async with AsyncExitStack() as stack:
            books = await stack.enter_async_context(embedded_at(fresh_sqlite, system))
            given = {"BASE_URL": await stack.enter_async_context(office_at(books)), "API_KEY": API_KEY}
            block = {f"NYOTA_LEDGER__USHIRIKA__{name}": value for name, value in given.items()}
            runs.append(Up(copy, "--config", "sacco.yaml", NYOTA_LEDGER__POLL_SECONDS="1", **block))
            http = await stack.enter_async_context(aiohttp.ClientSession())
            await runs[0].answering(http)
            assert await played(runs[0], "repay-wallet-en.yaml") == 0

            async def repaid() -> list[int]:
                loans = (await books.changes("")).loan_ids
                kept = [await books.read_loan(each) for each in loans]
                return [each.amount_cents for loan in kept for each in loan.bookings if each.kind == "repayment"]

            await wait_until(repaid, START_SECONDS)

            assert await repaid() == [160_00]

    def test_a_template_is_two_sentences_and_its_slots(self, copy: Copy) -> None:
        """Refused while a language lacks it, proved with all the others."""
        copy.follow("add-a-template.md")

    async def test_a_gateway_that_carries_sms_is_its_dialect_and_its_block(self, copy: Copy) -> None:
        """A message leaves in the dialect of the guide, and its answer is understood."""
        copy.follow("add-a-gateway.md")
        came: list[dict[str, object]] = []

        async def take(request: web.Request) -> web.Response:
            came.append(dict(await request.post()))
            return web.json_response({"result": {"code": "OK", "ref": "T-77"}})

        application = web.Application()
        application.router.add_post("/send", take)
        async with TestServer(application) as server:
            given = {"API_KEY": "a-key", "URL": str(server.make_url("/send"))}
            block = {f"NYOTA_MESSAGES__GATEWAYS__TAARIFA__{name}": value for name, value in given.items()}
            ran = await asyncio.create_subprocess_exec(
                sys.executable, "-c", SENDS_ONE, cwd=copy.folder, env=copy.environment(**block),
                stdout=subprocess.PIPE,
            )  # fmt: skip
            told, _ = await ran.communicate()

        assert told.decode().strip() == "T-77"
        assert came == [
            {"user": "nyota", "secret": "a-key", "source": "NYOTA", "phone": "+254711000001", "body": "A first try"}
        ]

    async def test_a_flow_is_one_file_and_its_words_and_a_keyword_one_entry(self, copy: Copy, runs: list[Up]) -> None:
        """Both are talked to as their guides say: under its digit; with a slip in the word, and then its code."""
        copy.follow("add-a-flow.md")
        copy.follow("add-a-keyword.md")
        runs.append(Up(copy))
        async with aiohttp.ClientSession() as http:
            await runs[0].answering(http)

        assert await played(runs[0], str(copy.folder / "tips.yaml")) == 0
        assert await played(runs[0], str(copy.folder / "goal.yaml")) == 0

    async def test_a_dialogue_that_was_written_down_plays(self, copy: Copy, runs: list[Up]) -> None:
        """As the quickstart of the README says, on a gateway that has just been started."""
        runs.append(Up(copy))
        async with aiohttp.ClientSession() as http:
            await runs[0].answering(http)

        assert await played(runs[0], "balance-en.yaml") == 0
