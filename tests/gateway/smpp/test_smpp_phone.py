"""The terminal phone and the whole gateway with nothing but a message centre between them."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, closing
from pathlib import Path

import pytest

from gateway import spool
from gateway.config import SmppLink
from simulator.outside import Outside
from simulator.phone.transcript import perform
from tests.house import House, Houses
from tests.meddling import AMINA
from tests.servers import wait_until

DIALOGUE = r"""
name: over the message centre
phone: "+254711000001"
needs: outside
steps:
  - dial: "*383#"
    see: ["Nyota: Amina"]
  - press: "6"
    see: ["Nyota wallet"]
  - repeat: true
  - drop: true
  - write: "SEND 250 0711 000 002"
  - sms: ["Send Ksh 250 to BARAKA O."]
    capture: {sending: "Reply (\\d{6}) by"}
  - write: "{{sending}}"
  - sms: ["Confirmed. Ksh 250 sent to BARAKA O."]
"""


@pytest.fixture
async def house(
    tmp_path: Path, fresh_sqlite: str, fresh_redis: str, account: SmppLink, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    """Its stand-ins have the centre; its patience with the database is short."""
    monkeypatch.setattr(spool, "RETRY_SECONDS", 0.05)
    link = account.model_dump() | {"password": "secret", "timeout_seconds": 5.0}
    async with AsyncExitStack() as stack:
        houses = Houses(stack, tmp_path, fresh_sqlite, fresh_redis)
        yield await houses.build(
            standin_settings={"smsc_port": account.port},
            smpp={"links": {"mno": link}},
            messages={"carriers": ["mno"]},
            database={"busy_seconds": 0.1},
        )


def is_locked(meddler: sqlite3.Connection) -> bool:
    """Between two units of work of the gateway."""
    try:
        meddler.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return False
    return True


class TestThePhone:
    async def test_it_dials_writes_and_is_written_to(self, house: House, tmp_path: Path) -> None:
        """As `nyota phone --over smpp --script` does: money moves, and its text comes back over the link."""
        script, said = tmp_path / "script.yaml", list[str]()
        script.write_text(DIALOGUE)

        is_same = await perform(script, house.url, house.standins_url, over="smpp", say=said.append)

        assert is_same, "\n".join(said)

    async def test_what_is_written_while_the_database_is_away_is_answered_once_it_is_back(
        self, house: House, tmp_path: Path
    ) -> None:
        """From our disk, where nothing is that may be a PIN: that comes again from the centre."""
        outside = Outside(house.http, house.standins_url, over="smpp")
        folder = tmp_path / "spool" / "smpp"
        file = house.config.database.url.removeprefix("sqlite+aiosqlite:///")
        with closing(sqlite3.connect(file, isolation_level=None, timeout=0)) as meddler:
            await wait_until(lambda: is_locked(meddler))
            for text in ("BAL", "pin 4826", "HELP"):
                await outside.write_sms(AMINA, text)
            await wait_until(lambda: len(list(folder.glob("*.json"))) == 2)
            on_disk = "".join(path.read_text() for path in folder.iterdir())
            meddler.execute("ROLLBACK")

        async def answered() -> bool:
            return len(await outside.messages(AMINA)) >= 3

        await wait_until(answered)

        assert "4826" not in on_disk
        first, second, third = [message.text for message in await outside.messages(AMINA)]
        assert "wallet Ksh" in first
        assert "HELP" in second
        assert "PIN" in third
        assert list(folder.iterdir()) == []
