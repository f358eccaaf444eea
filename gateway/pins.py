"""The Nyota PIN: checked, counted, locked, chosen. It is never kept, logged or handed on.

A PIN is put through HMAC-SHA256 with a pepper that lives outside the database, then Argon2id. Hashing runs in a
small pool of threads, so that it never blocks the loop. Wrong tries are counted once per session and turn, however
often the callback comes.
"""

import asyncio
import hmac
import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.engine import Verdict
from flows.kit import Secret
from flows.turn import Session
from gateway.clock import DAY_MS, MINUTE_MS, Clock, local
from gateway.config import Pins as PinSettings
from gateway.operations.outbox import Outbox
from gateway.store import customers
from gateway.store import pins as kept
from gateway.store.engine import Store
from menus.values import Clock as ClockTime

Answer = TypeVar("Answer")

FORMAT = re.compile(r"\d{4,6}")
FOREVER = 1 << 53
WEAK = frozenset({"2580", "0852", "1379", "1212", "2121", "6969", "112233", "123123", "121212", "159753"})


def is_weak(pin: str, *, phone: str = "", national_id: str = "") -> bool:
    """Whether a PIN is among the first a thief tries: repeats, runs, years, parts of phone or identity number."""
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    return (
        pin in WEAK
        or steps <= {0}
        or steps in ({1}, {9})
        or len(set(pin)) < 2
        or (len(pin) == 4 and 1900 <= int(pin) <= 2035)
        or pin in phone
        or pin in national_id
    )


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a wrong PIN leads to: failures counted so far, how often locked, locked until when (ms)."""

    failures: int
    locks: int
    locked_until: int


def ruled(failures: int, locks: int, last_lock: int, now: int, settings: PinSettings) -> Ruling:
    """One more wrong PIN. The second lock within a day stays until somebody opens it."""
    if failures + 1 < settings.tries:
        return Ruling(failures + 1, locks, 0)
    recent = locks if now - last_lock < DAY_MS else 0
    until = FOREVER if recent else now + settings.lock_minutes * MINUTE_MS
    return Ruling(0, recent + 1, until)


class Hashes:
    """Argon2id over a peppered HMAC, a few at a time, off the loop."""

    def __init__(self, settings: PinSettings) -> None:
        self._pepper = settings.pepper.get_secret_value().encode()
        self._hasher = PasswordHasher(settings.time_cost, settings.memory_kib, parallelism=1)
        self._threads = ThreadPoolExecutor(settings.threads, thread_name_prefix="pin")

    async def made(self, pin: str) -> str:
        return await self._off_loop(lambda: self._hasher.hash(self._peppered(pin)))

    async def matches(self, stored: str, pin: str) -> bool:
        def verified() -> bool:
            try:
                return self._hasher.verify(stored, self._peppered(pin))
            except VerifyMismatchError:
                return False

        return await self._off_loop(verified)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _peppered(self, pin: str) -> bytes:
        return hmac.digest(self._pepper, pin.encode(), sha256)

    async def _off_loop(self, work: Callable[[], Answer]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


class Pins:
    """Verdicts on secrets, for the shell. Raises Unavailable when the database cannot serve."""

    def __init__(self, store: Store, hashes: Hashes, outbox: Outbox, clock: Clock, settings: PinSettings) -> None:
        self._store = store
        self._hashes = hashes
        self._outbox = outbox
        self._clock = clock
        self._settings = settings

    async def verdict(self, session: Session, kind: Secret, pin: str, msisdn: str) -> Verdict:
        """What the flow may know about a typed secret: `ok`, or the screen that says why not."""
        if not FORMAT.fullmatch(pin):
            return Verdict("pin_format")
        if kind == "new":
            return await self._chosen(session, pin, msisdn)
        if kind == "again":
            return await self._repeated(session, pin)
        return await self._checked(session, pin)

    async def _checked(self, session: Session, pin: str) -> Verdict:
        async with self._store.read() as connection:
            customer = await customers.find(connection, session.customer)
            earlier = await kept.earlier_verdict(connection, session.id, session.turn)
        if earlier is not None:
            return self._spoken(earlier.verdict, earlier.slots)
        now = self._clock()
        if customer is None or customer.pin_hash is None:
            return self._locked(FOREVER)
        if customer.pin_locked_until > now:
            return self._locked(customer.pin_locked_until)
        if await self._hashes.matches(customer.pin_hash, pin):
            return await self._passed(session)
        return await self._missed(session)

    async def _passed(self, session: Session) -> Verdict:
        """The right PIN, unless wrong ones locked it while this one was checked: guesses sent together count too."""
        async with self._store.read() as connection:
            customer = await customers.get(connection, session.customer)
        if customer.pin_locked_until > self._clock():
            return self._locked(customer.pin_locked_until)
        if customer.pin_failures:
            await self._forgiven(customer.id)
        return Verdict("ok")

    async def _missed(self, session: Session) -> Verdict:
        """Count a wrong PIN, unless this very turn has been counted before."""
        now = self._clock()
        async with self._store.begin() as connection:
            customer = await customers.get(connection, session.customer, lock=True)
            earlier = await kept.earlier_verdict(connection, session.id, session.turn)
            if earlier is not None:
                return self._spoken(earlier.verdict, earlier.slots)
            if customer.pin_locked_until > now:
                return self._locked(customer.pin_locked_until)
            ruling = ruled(customer.pin_failures, customer.pin_locks, customer.pin_last_lock, now, self._settings)
            name, slots = self._named(ruling)
            await _counted(connection, customer.id, ruling, now)
            await kept.noted(
                connection,
                session_id=session.id,
                turn=session.turn,
                customer_id=customer.id,
                verdict=name,
                slots=slots,
                at=now,
            )
            if ruling.locked_until:
                notice = f"{session.id}:{session.turn}:pin.locked"
                await self._outbox.tell(connection, notice, customer.id, customer.msisdn, "pin.locked", {})
        return self._spoken(name, slots)

    def _named(self, ruling: Ruling) -> tuple[str, dict[str, int]]:
        if ruling.locked_until:
            return "locked", {"until": ruling.locked_until}
        left = self._settings.tries - ruling.failures
        return ("pin_last", {}) if left == 1 else ("pin", {"tries": left})

    def _spoken(self, name: str, slots: Mapping[str, int]) -> Verdict:
        return self._locked(slots["until"]) if name == "locked" else Verdict(name, dict(slots))

    def _locked(self, until: int) -> Verdict:
        if until >= FOREVER:
            return Verdict("locked_long", is_final=True)
        return Verdict("locked", {"until": ClockTime(local(until))}, is_final=True)

    async def _forgiven(self, customer_id: str) -> None:
        async with self._store.begin() as connection:
            await customers.changed(connection, customer_id, pin_failures=0)

    async def _chosen(self, session: Session, pin: str, msisdn: str) -> Verdict:
        """A new PIN, first entry: only a hash of it waits for the second, in SQL and not for long."""
        async with self._store.read() as connection:
            customer = await customers.find(connection, session.customer)
        national_id = str(session.data.get("id", "")) or (customer.national_id if customer else "") or ""
        if is_weak(pin, phone=msisdn, national_id=national_id):
            return Verdict("weak")
        if customer and customer.pin_hash and await self._hashes.matches(customer.pin_hash, pin):
            return Verdict("same")
        hashed, now = await self._hashes.made(pin), self._clock()
        async with self._store.begin() as connection:
            await kept.drafted(connection, session.id, hashed, now, DAY_MS)
        return Verdict("ok")

    async def _repeated(self, session: Session, pin: str) -> Verdict:
        async with self._store.read() as connection:
            draft = await kept.draft_of(connection, session.id)
        same = draft is not None and await self._hashes.matches(draft, pin)
        return Verdict("ok") if same else Verdict("mismatch")


async def _counted(connection: AsyncConnection, customer_id: str, ruling: Ruling, now: int) -> None:
    values = {"pin_failures": ruling.failures, "pin_locked_until": ruling.locked_until}
    if ruling.locked_until:
        values |= {"pin_locks": ruling.locks, "pin_last_lock": now}
    await customers.changed(connection, customer_id, **values)
