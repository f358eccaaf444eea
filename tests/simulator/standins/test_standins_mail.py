"""The pretend mail server: it keeps what it takes, and goes wrong as real ones do."""

from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import aiohttp
import aiosmtplib
import pytest

from simulator.standins import app as standins_app
from simulator.standins.faults import Fault
from simulator.standins.settings import Settings
from simulator.standins.world import WORLD
from tests.servers import free_port

AMINA = "amina@post.example"


class Office:
    """The server, who writes to it, and who reads what it took."""

    def __init__(self, standins: standins_app.Standins, http: aiohttp.ClientSession, port: int) -> None:
        self.standins = standins
        self.http = http
        self.port = port

    def breaks(self, kind: str, seconds: float = 0.0) -> None:
        self.standins.runner.app[WORLD].faults.put(Fault("mail", kind, 1.0, 1, seconds))

    async def send(self, *to: str) -> None:
        letter = EmailMessage()
        letter["From"], letter["To"], letter["Subject"] = "no-reply@nyota.example", ", ".join(to), "Taarifa yako"
        letter.set_content("Habari Amina, imeambatishwa.")
        letter.add_attachment(b"%PDF-", maintype="application", subtype="pdf", filename="statement.pdf")
        await aiosmtplib.send(letter, hostname="127.0.0.1", port=self.port, start_tls=False, timeout=2)

    async def letters(self, to: str = "") -> list[dict[str, object]]:
        query = {"to": to} if to else {}
        async with self.http.get(f"{self.standins.url}/control/mail", params=query) as response:
            found: list[dict[str, object]] = (await response.json())["letters"]
        return found


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    port = free_port()
    standins = await standins_app.start(Settings(data=tmp_path, mail_port=port))
    async with aiohttp.ClientSession() as http:
        yield Office(standins, http, port)
    await standins.stop()


class TestTaking:
    async def test_a_letter_can_be_read(self, office: Office) -> None:
        """With what goes with it; each address has its own."""
        await office.send(AMINA, "baraka@post.example")

        [letter] = await office.letters(AMINA)
        assert {name: letter[name] for name in ("to", "from", "subject", "attachments")} == {
            "to": AMINA,
            "from": "no-reply@nyota.example",
            "subject": "Taarifa yako",
            "attachments": [{"name": "statement.pdf", "type": "application/pdf", "bytes": 5}],
        }
        assert str(letter["text"]).strip() == "Habari Amina, imeambatishwa."
        assert [each["to"] for each in await office.letters()] == [AMINA, "baraka@post.example"]

    async def test_a_mail_program_gets_it_as_it_came(self, office: Office) -> None:
        """Another number is nobody's letter."""
        await office.send(AMINA)
        [letter] = await office.letters()

        async with office.http.get(f"{office.standins.url}/control/mail/{letter['id']}") as response:
            raw = await response.read()
        async with office.http.get(f"{office.standins.url}/control/mail/99") as missing:
            pass

        assert response.content_type == "message/rfc822"
        assert b"Subject: Taarifa yako" in raw
        assert missing.status == 404


class TestFaults:
    @pytest.mark.parametrize(
        ("kind", "error", "taken"),
        [
            ("busy", aiosmtplib.SMTPDataError, 0),
            ("http-500", aiosmtplib.SMTPRecipientsRefused, 0),
            ("drop", aiosmtplib.SMTPServerDisconnected, 1),
            ("timeout", aiosmtplib.SMTPReadTimeoutError, 1),
        ],
    )
    async def test_it_goes_wrong_before_or_after_taking_it(
        self, office: Office, kind: str, error: type[Exception], taken: int
    ) -> None:
        """Put off, refused for good, taken without a word, taken and silent."""
        office.breaks(kind, 30)

        with pytest.raises(error):
            await office.send(AMINA)

        assert len(await office.letters()) == taken
