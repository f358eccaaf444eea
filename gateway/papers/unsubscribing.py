"""The link at the end of a campaign's letter: whoever follows it and says yes gets no more such letters.

It is in no table: the token names a customer and a day, under a signature of ours. It lets nobody see anything and does
one thing, which its owner can undo by confirming an address again.
"""

import base64
import binascii
import hmac
import struct
from hashlib import sha256

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.accounts.consents import STOP
from gateway.clock import DAY_MS, Clock
from gateway.papers import records
from gateway.store import customers
from gateway.store.engine import Store

WITHDRAWN = f"campaigns_mail{STOP}"
WORDING = "letter"
SIGNATURE = 12
"""Bytes that prove those before them: a number of days, and an id."""
PATH = "/u/"
_LAST_DAY = struct.Struct(">H")


class Unsubscribing:
    """Makes links and keeps what follows from them."""

    def __init__(self, store: Store, clock: Clock, *, pepper: str, base: str, days: int) -> None:
        self._store = store
        self._clock = clock
        self._key = hmac.digest(pepper.encode(), b"unsubscribing", sha256)
        self._base = base
        self._days = days

    def link(self, customer_id: str, now: int) -> str:
        """Good for some days from now."""
        return f"{self._base}{PATH}{self.token(customer_id, now // DAY_MS + self._days)}"

    def token(self, customer_id: str, last_day: int) -> str:
        signed = _LAST_DAY.pack(last_day) + customer_id.encode()
        return base64.urlsafe_b64encode(signed + self._signature(signed)).decode().rstrip("=")

    def owner(self, token: str) -> str | None:
        """The customer of a token of ours that is not over."""
        try:
            content = base64.urlsafe_b64decode(f"{token}==")
        except (binascii.Error, ValueError):
            return None
        signed, signature = content[:-SIGNATURE], content[-SIGNATURE:]
        if len(signed) <= _LAST_DAY.size or not hmac.compare_digest(signature, self._signature(signed)):
            return None
        [last_day] = _LAST_DAY.unpack_from(signed)
        return signed[_LAST_DAY.size :].decode() if self._clock() // DAY_MS <= last_day else None

    async def stopped(self, token: str) -> bool:
        """No more letters of campaigns to its customer, on record once; False when the token is not good."""
        customer_id, now = self.owner(token), self._clock()
        if customer_id is None:
            return False
        async with self._store.begin() as connection:
            await _stopped(connection, customer_id, now)
        return True

    def _signature(self, signed: bytes) -> bytes:
        return hmac.digest(self._key, signed, sha256)[:SIGNATURE]


async def _stopped(connection: AsyncConnection, customer_id: str, now: int) -> None:
    person = await customers.find(connection, customer_id, lock=True)
    if person is None or (await records.wishes_of(connection, customer_id)).no_campaigns:
        return
    await records.wished(connection, customer_id, now, no_campaigns_by_mail=True)
    await customers.consented(connection, customer_id, WITHDRAWN, version=WORDING, language=person.language, at=now)
