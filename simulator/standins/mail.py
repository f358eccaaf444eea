"""The mail server of this world: what it takes reaches nobody, and can be read.

    GET /control/mail?to=amina@post.example
    200  {"letters": [{"id": "1", "to": "amina@post.example", "from": "no-reply@nyota.example", "subject": "...",
                       "text": "...", "at": "2026-11-21T10:42:00+03:00",
                       "attachments": [{"name": "statement.pdf", "type": "application/pdf", "bytes": 8120}]}]}
    GET /control/mail/1                          the letter as it came, for a mail program

Faults of the API `mail`: `busy` puts a letter off (451), `http-500` refuses its address for good (550), `drop` takes it
and hangs up without a word, `timeout` takes it and says nothing for a while.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import Message
from email.policy import default
from types import SimpleNamespace
from typing import Any, cast
from weakref import WeakKeyDictionary

from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope, Session

from simulator.standins import stamps
from simulator.standins.faults import MAIL_API, Drawn
from simulator.standins.world import WORLD, World

HOST = "127.0.0.1"
TAKEN, PUT_OFF, REFUSED = "250 OK", "451 4.3.0 Try again later", "550 5.1.1 No such mailbox"


class PostOffice:
    """Takes letters on a port. One letter is kept for each address that it names."""

    def __init__(self, world: World, port: int) -> None:
        self._world = world
        self._port = port
        self._drawn: WeakKeyDictionary[Envelope, Drawn] = WeakKeyDictionary()

    @asynccontextmanager
    async def open(self) -> AsyncIterator["PostOffice"]:
        """Raises OSError for a taken port."""
        handler = SimpleNamespace(handle_RCPT=self._named, handle_DATA=self._handed)
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: SMTP(handler, hostname="post.example"), HOST, self._port)
        try:
            yield self
        finally:
            server.close()

    async def _named(self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]) -> str:
        if envelope not in self._drawn:
            self._drawn[envelope] = self._world.faults.draw(MAIL_API)
        if "http-500" in self._drawn[envelope]:
            return REFUSED
        envelope.rcpt_tos.append(address)
        return TAKEN

    async def _handed(self, server: SMTP, _: Session, envelope: Envelope) -> str:
        drawn = self._drawn[envelope]
        if "busy" in drawn:
            return PUT_OFF
        with self._world.change() as book:
            for address in envelope.rcpt_tos:
                book.execute(
                    "INSERT INTO letters (recipient, content, at) VALUES (?, ?, ?)",
                    address, envelope.content, self._world.now(),
                )  # fmt: skip
        if "timeout" in drawn:
            await self._world.pulse.until(lambda: self._world.is_stopping, drawn.of("timeout"))
        if "drop" in drawn:
            cast("asyncio.Transport", server.transport).abort()
        return TAKEN


def routes() -> list[web.RouteDef]:
    return [web.get("/control/mail", letters), web.get("/control/mail/{id:[0-9]+}", letter)]


async def letters(request: web.Request) -> web.Response:
    """What was taken, the oldest first; with `to` only for one address."""
    to = request.query.get("to")
    rows = request.app[WORLD].book.all("SELECT * FROM letters WHERE recipient = ? OR ? IS NULL ORDER BY id", to, to)
    return web.json_response({"letters": [_shown(row) for row in rows]})


async def letter(request: web.Request) -> web.Response:
    rows = request.app[WORLD].book.all("SELECT content FROM letters WHERE id = ?", int(request.match_info["id"]))
    if not rows:
        return web.json_response({"type": "urn:nyota:standins:unknown-letter", "status": 404}, status=404)
    return web.Response(body=rows[0]["content"], content_type="message/rfc822")


def _shown(row: Any) -> dict[str, Any]:
    message = message_from_bytes(row["content"], policy=default)
    body = message.get_body(("plain",))
    return {
        "id": str(row["id"]),
        "to": row["recipient"],
        "from": str(message["From"]),
        "subject": str(message["Subject"]),
        "text": body.get_content() if body else "",
        "attachments": [_attachment(part) for part in message.iter_attachments()],
        "at": stamps.iso(row["at"]),
    }


def _attachment(part: Message) -> dict[str, Any]:
    content = cast("bytes", part.get_payload(decode=True) or b"")
    return {"name": part.get_filename() or "", "type": part.get_content_type(), "bytes": len(content)}
