"""E-mail, handed to one server: what came of it in our own errors, with no word of the letter in any of them.

A server keeps no key that makes a repeat harmless. A letter is sent at least once: its Message-ID is the operation's,
so that a mailbox may show it once.
"""

import asyncio
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import formatdate
from typing import Any

import aiosmtplib

from gateway.config import Mail
from gateway.errors import Rejected, Unavailable, Uncertain

UNSUBSCRIBE = "List-Unsubscribe"
HAND_OVER = 2
"""A letter takes so many times the time of one answer at most, however many answers there are: a worker that holds one
for longer than its lease would send it again and again."""
LINE_MOST = 998
"""Characters of a line that every server takes."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a letter; what is in it is in no repr."""

    name: str
    mime: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Letter:
    """One e-mail. `id` is the operation's; what it says is in no repr."""

    id: str
    to: str = field(repr=False)
    subject: str = field(repr=False)
    body: str = field(repr=False)
    at: int
    attached: tuple[Attachment, ...] = ()
    unsubscribe: str = field(default="", repr=False)
    """Where whoever gets it can say that they want no more; mail programs make a button of it."""


class _LinksWhole(EmailPolicy):
    """A link in a header stays in one piece: mail programs read none that is cut in two and encoded."""

    def fold(self, name: str, value: Any) -> str:
        return str(super(_LinksWhole, self._for(name)).fold(name, value))

    def fold_binary(self, name: str, value: Any) -> bytes:
        return super(_LinksWhole, self._for(name)).fold_binary(name, value)

    def _for(self, name: str) -> "_LinksWhole":
        return self.clone(max_line_length=LINE_MOST) if name == UNSUBSCRIBE else self


WIRE = _LinksWhole(linesep="\r\n", cte_type="7bit")
"""As it goes over the line, whatever the server says it can do."""


class Away(Unavailable):
    """The server itself is not there: no other letter would be taken now."""


class Mailer:
    """Speaks to the server of the configuration."""

    def __init__(self, settings: Mail) -> None:
        self._settings = settings

    @property
    def is_there(self) -> bool:
        """Whether there is a server at all."""
        return bool(self._settings.host)

    async def send(self, letter: Letter) -> None:
        """Hand it over.

        Raises Unavailable when it was provably not taken and may be later, Rejected when this address will never be
        served, Uncertain when the answer to the whole letter is missing.
        """
        client = self._client()
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                await client.connect()
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            client.close()
            raise Away(f"mail: {type(error).__name__}") from error
        try:
            await self._handed_over(client, letter)
        finally:
            client.close()

    async def _handed_over(self, client: aiosmtplib.SMTP, letter: Letter) -> None:
        content = self._written(letter).as_bytes(policy=WIRE)
        try:
            async with asyncio.timeout(self._settings.timeout_seconds * HAND_OVER):
                await client.sendmail(self._settings.sender, letter.to, content)
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise _refused(error.recipients[0].code) from error
        except aiosmtplib.SMTPResponseException as error:
            raise _refused(error.code) from error
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise Uncertain(f"mail: {type(error).__name__} while handing over") from error

    def _client(self) -> aiosmtplib.SMTP:
        settings = self._settings
        return aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            timeout=settings.timeout_seconds,
            use_tls=settings.tls == "tls",
            start_tls=settings.tls == "starttls",
            username=settings.username or None,
            password=settings.password.get_secret_value() or None,
        )

    def _written(self, letter: Letter) -> EmailMessage:
        domain = self._settings.sender.rpartition("@")[2]
        message = EmailMessage(policy=WIRE)
        message["From"] = self._settings.sender
        message["To"] = letter.to
        message["Subject"] = letter.subject
        message["Date"] = formatdate(letter.at / 1000, localtime=False)
        message["Message-ID"] = f"<{letter.id}@{domain}>"
        if letter.unsubscribe:
            message[UNSUBSCRIBE] = f"<{letter.unsubscribe}>"
            message[f"{UNSUBSCRIBE}-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(letter.body)
        for file in letter.attached:
            main, _, sub = file.mime.partition("/")
            message.add_attachment(file.content, maintype=main, subtype=sub, filename=file.name)
        return message


def _refused(code: int) -> Rejected | Unavailable:
    """5xx is final, 4xx is for now."""
    if code >= 500:
        return Rejected(f"mail refused: {code}", str(code))
    return Unavailable(f"mail put off: {code}")
