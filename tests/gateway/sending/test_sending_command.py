"""`nyota sms` against a running gateway."""

import asyncio
import csv
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from typer.testing import CliRunner

from gateway.__main__ import cli
from gateway.desk.remote import Office
from gateway.errors import Rejected, Unavailable, Uncertain
from gateway.sending import campaigning, command
from gateway.sending.campaigning import BAD, NOT_OVER, WELL, Start, Wanted
from gateway.web.problems import edge
from tests.gateway.playbooks.street import AMINA
from tests.house import OPS_TOKEN, House, Houses

TEXTS = {"en": "Hello {name}.", "sw": "Habari {name}."}
BODY = {"to": "0711000001", "text": "We close\x1b[2J early", "by": "jane", "purpose": "alert", "partner": ""}
TABLE = "phone,language,name\n0711000001,en,Amina\n0711000002,sw,Baraka\n"
LOGGED = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \[")
Run = Callable[..., Any]


@pytest.fixture
async def open_house(tmp_path: Path, fresh_sqlite: str, fresh_redis: str) -> AsyncIterator[House]:
    """A house in which it is never night, and a second person is needed for three."""
    quiet = {"quiet_from": "00:00:00", "quiet_until": "00:00:00"}
    async with AsyncExitStack() as stack:
        yield await Houses(stack, tmp_path, fresh_sqlite, fresh_redis).build(
            messages=quiet, campaigns={"feed_seconds": 0.05, "alone_most": 2}
        )


def table(folder: Path, content: str = TABLE) -> Path:
    file = folder / "town.csv"
    file.write_text(content)
    return file


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """What the command has written; the house's own log goes the same way."""
    lines = capsys.readouterr().out.splitlines()
    return "\n".join(line for line in lines if not LOGGED.match(line))


class TestMessages:
    async def test_one_is_sent_and_listed(self, open_house: House, capsys: pytest.CaptureFixture[str]) -> None:
        """Once for a key; what was typed in it never reaches the terminal as a command; a refusal is one."""
        desk = Office(open_house.url, OPS_TOKEN)

        async def run(what: Run, *args: Any, **kwargs: Any) -> str:
            capsys.readouterr()
            await asyncio.to_thread(what, desk, *args, **kwargs)
            return said(capsys)

        sent = await run(command.send, BODY, "k1")
        again = json.loads(await run(command.send, BODY, "k1", as_json=True))
        await open_house.settled()
        [line] = (await run(command.show, phone="0711000001", state=None, limit=5)).splitlines()
        listed = json.loads(await run(command.show, phone=None, state="queued", limit=500, as_json=True))
        with pytest.raises(Rejected):
            await run(command.send, {**BODY, "to": "0733000000"}, "k2")

        assert sent.startswith(f"{again['reference']}: queued, 1 part (gsm7)")
        assert "alert.text" in line
        assert "africastalking  from NYOTA" in line
        assert "\x1b" not in line
        assert listed == []

    async def test_where_nobody_answers_it_says_how_to_ask_again(self, capsys: pytest.CaptureFixture[str]) -> None:
        """With the key, so that it is sent once."""
        with pytest.raises(Unavailable):
            await asyncio.to_thread(command.send, Office("http://127.0.0.1:1", OPS_TOKEN), BODY, "k1")

        assert "--key k1" in capsys.readouterr().err

    @pytest.mark.parametrize("error", [Uncertain("database, while committing"), ValueError("a mistake of ours")])
    async def test_where_nobody_knows_whether_it_was_taken_too(
        self, capsys: pytest.CaptureFixture[str], error: Exception
    ) -> None:
        """Whoever took that for a no would send it twice."""

        async def broken(_: web.Request) -> web.StreamResponse:
            raise error

        app = web.Application(middlewares=[edge])
        app.router.add_post("/api/sms/send", broken)
        async with TestServer(app) as server:
            with pytest.raises(Unavailable):
                await asyncio.to_thread(command.send, Office(str(server.make_url("")), OPS_TOKEN), BODY, "k1")

        assert "--key k1" in capsys.readouterr().err


class TestCampaigns:
    async def test_it_is_shown_then_sent_then_known(
        self, open_house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Nobody is written to before somebody says yes, and nobody twice by the same command."""
        monkeypatch.setattr(campaigning, "LOOK_SECONDS", 0.02)
        desk, wanted = Office(open_house.url, OPS_TOKEN), Wanted("town", "notice", TEXTS, "jane")
        file, out = table(tmp_path), tmp_path / "report.csv"

        async def run(start: Start | None, **kwargs: Any) -> tuple[int, str]:
            capsys.readouterr()
            code = await asyncio.to_thread(campaigning.ran, desk, wanted, file, start, **kwargs)
            return code, said(capsys)

        looked = await run(None)
        monkeypatch.setattr("typer.confirm", lambda *_, **__: False)
        declined = await run(Start("agreed"))
        texts = await open_house.texts(AMINA)
        code, told = await run(Start("agreed", is_asked=False), out=out)
        again = await run(Start("agreed", is_asked=False), as_json=True)
        await open_house.settled()

        assert looked[0] == WELL
        assert "2 people in the table, 2 to write to." in looked[1]
        assert "2 parts, KES 1.60." in looked[1]
        assert "en, 1 (gsm7): Hello Amina." in looked[1]
        assert (declined[0], texts) == (NOT_OVER, [])
        assert code == WELL
        assert "done. 2 " in told
        assert [row["row"] for row in csv.DictReader(out.read_text("utf-8-sig").splitlines())] == ["2", "3"]
        assert (again[0], json.loads(again[1])["state"]) == (WELL, "done")
        assert await open_house.texts(AMINA) == ["Hello Amina."]

    async def test_to_many_it_waits_for_a_second_person(
        self, open_house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """What it waits for is said; it can be ended from here, and what nobody may do is refused."""
        desk, wanted = Office(open_house.url, OPS_TOKEN), Wanted("town", "notice", TEXTS, "jane")
        file = table(tmp_path, TABLE + "0711000009,en,Jane\n12,en,Bad\n")

        async def run(what: Run, *args: Any, **kwargs: Any) -> Any:
            return await asyncio.to_thread(what, desk, *args, **kwargs)

        assert await run(campaigning.ran, wanted, file, None) == BAD
        shown = said(capsys)
        assert await run(campaigning.ran, wanted, file, Start("agreed", is_asked=False)) == NOT_OVER
        waiting = said(capsys)
        reference = waiting.split("decide ")[1].split()[0]
        with pytest.raises(Rejected, match="second person"):
            await run(campaigning.decided, reference, "approve", by="Jane", why="agreed")
        with pytest.raises(Rejected, match="none of"):
            await run(campaigning.decided, reference, "bless", by="joe", why="agreed")
        ended = await run(campaigning.decided, reference, "cancel", by="joe", why="not today")

        assert "row 5, phone (12)" in shown
        assert "a second person has to agree" in shown
        assert f"nyota sms decide {reference} approve" in waiting
        assert ended == f"{reference}: cancelled"

    @pytest.mark.parametrize(("until", "told"), [("08:00", ["From 20:00 to 08:00 it waits."]), ("20:00", [])])
    async def test_when_it_waits_is_said(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, until: str, told: list[str]
    ) -> None:
        """A bar that stands still all night looks broken; where nobody is quiet nothing is said of it."""
        monkeypatch.setattr(campaigning, "LOOK_SECONDS", 0.02)
        states = iter(("running", "done"))

        async def settings(_: web.Request) -> web.Response:
            return web.json_response({"quietFrom": "20:00", "quietUntil": until})

        async def campaign(_: web.Request) -> web.Response:
            counted = {"people": 2, "counts": {"sent": 2}, "reasons": [], "currency": "KES", "spent": "1.60"}
            return web.json_response({"reference": "CP1", "state": next(states), **counted})

        app = web.Application()
        app.add_routes([web.get("/api/sms/settings", settings), web.get("/api/campaigns/CP1", campaign)])
        async with TestServer(app) as server:
            code = await asyncio.to_thread(campaigning.watched, Office(str(server.make_url("")), OPS_TOKEN), "CP1")

        assert code == WELL
        assert [line for line in said(capsys).splitlines() if "it waits" in line] == told


class TestTerminal:
    def test_a_campaign_without_a_word_is_refused(self, tmp_path: Path) -> None:
        """Before anybody is asked."""
        done = CliRunner().invoke(cli, ["sms", "campaign", str(table(tmp_path)), "--by", "jane"])

        assert done.exit_code == 1
        assert "--text-en, --text-sw" in str(done.exception)
