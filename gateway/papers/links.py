"""Links to a statement: 128 bits of chance in the address, a question behind it, a few opens, a few hours.

The token is nowhere: it is computed from the link's id, which is chance, and a key that lives outside the database.
What is kept of it is a hash. An SMS is kept with `{link}` in its place and filled while it is handed over. Whoever
has the link must also know the last four digits of the owner's national id; a few wrong ones close it. A link that
is wrong, over, used up or closed is answered like one with the wrong digits.
"""

import hmac
import re
import secrets
import string
from hashlib import sha256
from typing import Any

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.clock import HOUR_MS, Clock, day_start
from gateway.config import Papers as Settings
from gateway.papers.days import Days
from gateway.papers.tables import paper_links
from gateway.store import customers
from gateway.store.customers import Customer
from gateway.store.engine import Store

PLACEHOLDER = "{link}"
TOKEN_BYTES = 16
TOKEN_CHARACTERS = 22
BASE_CHARACTERS_MAX = 42
"""What goes before the token, so that the SMS about it stays one part."""
ALPHABET = string.digits + string.ascii_letters
DIGITS = 4
_DIGITS = re.compile(rf"\d{{{DIGITS}}}", re.ASCII)

columns = paper_links.c


class Links:
    """Issues links, fills them into messages, opens them."""

    def __init__(self, store: Store, clock: Clock, settings: Settings, pepper: str, base: str) -> None:
        self._store = store
        self._clock = clock
        self._settings = settings
        self._key = hmac.digest(pepper.encode(), b"paper links", sha256)
        self._base = base

    @property
    def are_offered(self) -> bool:
        return self._settings.links_a_day > 0

    async def issued(self, connection: AsyncConnection, customer_id: str, days: Days) -> tuple[str, int]:
        """A new link's id and when it ends (ms)."""
        identity, now = secrets.token_hex(TOKEN_BYTES), self._clock()
        expires_at = now + self._settings.link_hours * HOUR_MS
        await connection.execute(
            insert(paper_links).values(
                id=identity, token_hash=_hash(self.token(identity)), customer_id=customer_id, since=days.since,
                until=days.until, opens_left=self._settings.link_opens, tries_left=self._settings.link_tries,
                expires_at=expires_at, created_at=now,
            )
        )  # fmt: skip
        return identity, expires_at

    async def left(self, connection: AsyncConnection, customer_id: str) -> int:
        """How many more may be asked for today."""
        query = select(func.count()).where(
            columns.customer_id == customer_id, columns.created_at >= day_start(self._clock())
        )
        return max(0, self._settings.links_a_day - int(await connection.scalar(query) or 0))

    async def filled(self, link_id: str, text: str) -> str | None:
        """A message with the address in it; None when the link is good no more."""
        async with self._store.read() as connection:
            row = (await connection.execute(select(paper_links).where(columns.id == link_id))).one_or_none()
        if row is None or not self._is_good(row):
            return None
        return text.replace(PLACEHOLDER, self._base + self.token(link_id))

    def token(self, link_id: str) -> str:
        """22 letters and digits of the address."""
        return _text(hmac.digest(self._key, link_id.encode(), sha256)[:TOKEN_BYTES])

    async def opened(self, token: str, digits: str) -> tuple[Customer, Days] | None:
        """Whose statement it is and of which days, with one open used up; None whatever is wrong.

        A wrong answer costs a try, and the last one closes the link: also while others try at the same time.
        """
        query = select(paper_links).where(columns.token_hash == _hash(token))
        async with self._store.read() as connection:
            if (await connection.execute(query)).one_or_none() is None:
                return None  # whoever guesses does not keep those waiting who write
        async with self._store.begin() as connection:
            row = (await connection.execute(query.with_for_update())).one_or_none()
            owner = await customers.find(connection, row.customer_id) if row is not None else None
            if row is None or owner is None or not self._is_good(row):
                return None
            if not _knows(owner, digits):
                await _changed(connection, row.id, tries_left=row.tries_left - 1)
                return None
            await _changed(connection, row.id, opens_left=row.opens_left - 1)
        return owner, Days(row.since, row.until)

    def _is_good(self, row: Row[Any]) -> bool:
        return bool(row.opens_left > 0 and row.tries_left > 0 and row.expires_at > self._clock())


def is_for(customer: Customer) -> bool:
    """Whether there is something to ask the reader."""
    return customer.state == "active" and len(customer.national_id or "") >= DIGITS


def _knows(owner: Customer, digits: str) -> bool:
    if not is_for(owner) or not _DIGITS.fullmatch(digits):
        return False
    return hmac.compare_digest(digits, owner.national_id[-DIGITS:])


def _hash(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def _text(token: bytes) -> str:
    """Letters and digits only: phones cut a link at other signs."""
    number, text = int.from_bytes(token), ""
    for _ in range(TOKEN_CHARACTERS):
        number, place = divmod(number, len(ALPHABET))
        text += ALPHABET[place]
    return text


async def _changed(connection: AsyncConnection, link_id: str, **values: object) -> None:
    await connection.execute(update(paper_links).where(columns.id == link_id).values(**values))
