"""One-time codes: six digits for one purpose and one content, a few tries, a few minutes, one use.

The digits are nowhere: they are computed from the code's id, which is chance, and a key that lives outside the
database. A message is kept with `{code}` in their place and filled while it is handed over. Proving a code in a
session and using it are two things: what it allows happens later, in one unit of work with its use.
"""

import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.engine import Verdict
from flows.turn import Session
from gateway.accounts.tables import codes
from gateway.clock import MINUTE_MS, Clock, day_start
from gateway.config import Config
from gateway.errors import Rejected
from gateway.operations.outbox import intent_hash
from gateway.store import pins as kept
from gateway.store.engine import Store

PLACEHOLDER = "{code}"
FORMAT = re.compile(r"\d{6}", re.ASCII)
DIGITS = 6

columns = codes.c


@dataclass(frozen=True, slots=True)
class Code:
    """A code that is on its way. Its digits are not in here."""

    id: str
    expires_at: int


class Codes:
    """Issues codes, proves what is typed, uses them up."""

    def __init__(self, config: Config, store: Store, clock: Clock) -> None:
        self._store = store
        self._key = hmac.digest(config.pins.pepper.get_secret_value().encode(), b"one-time codes", sha256)
        self._settings = config.accounts
        self._clock = clock

    async def issued(
        self, connection: AsyncConnection, customer_id: str, purpose: str, content: Mapping[str, Any], *, minutes: int,
        a_day: int | None = None,
    ) -> Code:  # fmt: skip
        """A new code; one before it is good no more. Raises Rejected when there were enough of them today: as many as
        the accounts' setting says, or `a_day`."""
        if not await self.left(connection, customer_id, purpose, a_day):
            raise Rejected("enough codes today", "codes")
        now = self._clock()
        code = Code(secrets.token_hex(16), now + minutes * MINUTE_MS)
        await connection.execute(
            insert(codes).values(
                id=code.id, customer_id=customer_id, purpose=purpose, bound=bound_to(purpose, content),
                expires_at=code.expires_at, created_at=now,
            )
        )  # fmt: skip
        return code

    async def left(self, connection: AsyncConnection, customer_id: str, purpose: str, a_day: int | None = None) -> int:
        """How many more may be asked for today."""
        query = select(func.count()).where(
            columns.customer_id == customer_id,
            columns.purpose == purpose,
            columns.created_at >= day_start(self._clock()),
        )
        most = self._settings.codes_a_day if a_day is None else a_day
        return max(0, most - int(await connection.scalar(query) or 0))

    async def is_pending(
        self, connection: AsyncConnection, customer_id: str, purpose: str, content: Mapping[str, Any]
    ) -> bool:
        """Whether a code for just this can still be typed."""
        code = await _newest(connection, customer_id, purpose)
        return code is not None and self._is_good(code) and code.bound == bound_to(purpose, content)

    async def filled(self, code_id: str, text: str) -> str | None:
        """A message with the digits in it; None when the code is good no more, for a late one only confuses."""
        async with self._store.read() as connection:
            code = (await connection.execute(select(codes).where(columns.id == code_id))).one_or_none()
        if code is None or not self._is_good(code):
            return None
        return text.replace(PLACEHOLDER, self.digits(code_id))

    def digits(self, code_id: str) -> str:
        number = int.from_bytes(hmac.digest(self._key, code_id.encode(), sha256)[:8])
        return f"{number % 10**DIGITS:0{DIGITS}}"

    async def verdict(self, session: Session, purpose: str, typed: str) -> Verdict:
        """What the flow may know about typed digits. A wrong try counts once per session and turn."""
        if not FORMAT.fullmatch(typed):
            return Verdict("otp_format")
        async with self._store.begin() as connection:
            earlier = await kept.earlier_verdict(connection, session.id, session.turn)
            if earlier is not None:
                return _spoken(earlier.verdict, earlier.slots)
            verdict = await self.tried(connection, session.customer, purpose, typed, session.id)
            if verdict.name != "ok":
                await kept.noted(
                    connection, session_id=session.id, turn=session.turn, customer_id=session.customer,
                    verdict=verdict.name, slots=dict(verdict.slots), at=self._clock(),
                )  # fmt: skip
            return verdict

    async def tried(
        self, connection: AsyncConnection, customer_id: str, purpose: str, typed: str, session_id: str
    ) -> Verdict:
        """The same in the caller's unit of work, where each call is a try: whoever calls sees to it that a try comes
        once."""
        code = await _newest(connection, customer_id, purpose, lock=True)
        if code is None or not self._is_good(code):
            return _spoken("otp_over", {})
        if hmac.compare_digest(typed.encode(), self.digits(code.id).encode()):
            await _changed(connection, code.id, proved_in=session_id)
            return Verdict("ok")
        left = self._settings.code_tries - code.tries - 1
        await _changed(connection, code.id, tries=code.tries + 1)
        return _spoken("otp", {"tries": left}) if left else _spoken("otp_over", {})

    async def use(
        self, connection: AsyncConnection, customer_id: str, purpose: str, content: Mapping[str, Any], session_id: str
    ) -> None:
        """Use up the code that was proved in this session. Raises Rejected when there is none for just this."""
        code = await _newest(connection, customer_id, purpose, lock=True)
        proved = code is not None and code.used_at is None and code.proved_in == session_id
        if code is None or not proved or code.bound != bound_to(purpose, content):
            raise Rejected("no code was proved for this", "code")
        await _changed(connection, code.id, used_at=self._clock())

    def _is_good(self, code: Row[Any]) -> bool:
        untried = code.tries < self._settings.code_tries
        return bool(untried and code.used_at is None and code.expires_at > self._clock())


def bound_to(purpose: str, content: Mapping[str, Any]) -> str:
    """What a code is for, as one number."""
    return intent_hash(purpose, content)


async def _newest(
    connection: AsyncConnection, customer_id: str, purpose: str, *, lock: bool = False
) -> Row[Any] | None:
    query = select(codes).where(columns.customer_id == customer_id, columns.purpose == purpose)
    query = query.order_by(columns.created_at.desc(), columns.id).limit(1)
    return (await connection.execute(query.with_for_update() if lock else query)).one_or_none()


async def _changed(connection: AsyncConnection, code_id: str, **values: object) -> None:
    await connection.execute(update(codes).where(columns.id == code_id).values(**values))


def _spoken(name: str, slots: Mapping[str, Any]) -> Verdict:
    return Verdict(name, dict(slots), is_final=name == "otp_over")
