"""A mail server of a test: it keeps what it takes, and answers what it is told to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from types import SimpleNamespace
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope

from gateway.config import Mail


@dataclass
class PostOffice:
    """Keeps what it takes. `recipient` and `data` are what it answers."""

    recipient: str = "250 OK"
    data: str = "250 OK"
    hangs: bool = False
    letters: list[Message] = field(default_factory=list)

    async def named(self, _: Any, __: Any, envelope: Envelope, address: str, ___: Any) -> str:
        envelope.rcpt_tos.append(address)
        return self.recipient

    async def handed(self, _: Any, __: Any, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.letters.append(message_from_bytes(envelope.content))
        if self.hangs:
            await asyncio.Event().wait()
        return self.data


@asynccontextmanager
async def opened(office: PostOffice) -> AsyncIterator[Mail]:
    """The settings of a server on a free port."""
    handler = SimpleNamespace(handle_RCPT=office.named, handle_DATA=office.handed)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(handler, hostname="post.example"), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield Mail(host="127.0.0.1", port=port, tls="none", timeout_seconds=1.0)
    finally:
        server.close()
