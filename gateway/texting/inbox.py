"""What people write, kept before it is answered: once per message, parts put together, no PIN and no code in it.

A code that somebody replies is compared in the unit of work that keeps the message, so that its digits are nowhere:
the operation that answers knows only whether they were right.
"""

import hmac
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.texting import message
from flows.turn import Operation, reference
from gateway.accounts.codes import Codes
from gateway.clock import HOUR_MS, MINUTE_MS, Clock, day_start
from gateway.config import Texting
from gateway.live import LiveMenus
from gateway.operations.outbox import Outbox
from gateway.providers.contract import IncomingSms
from gateway.store import customers
from gateway.store.engine import Store, insert_into
from gateway.store.gathering import Gathering
from gateway.texting import applicants, requests, stops
from gateway.texting.tables import inbound
from gateway.texting.understanding import keepable, understood
from gateway.texting.walk import session_of

KIND = "sms.in"
PREFIX = "IN"
TIDY, TIDY_PREFIX = "texting.tidy", "TY"
LATER_MS = 1000
PURPOSE = "texting"
NAMESPACE = uuid.UUID("6f0c8f1d-9f0b-5c5f-8d7f-74657874696e")
RECENT_MS = HOUR_MS
"""For so long a wrong or late code is told from a PIN sent by mistake."""
MARK_CHARACTERS_MAX = 128
CODE_DIGITS = 6
STOP = "stop"
AT_ONCE = 40
"""Messages in one unit of work: no phone that waits for a commit of its own must wait for a crowd."""

columns = inbound.c


@dataclass(frozen=True, slots=True)
class Tools:
    """What an inbox is made of."""

    store: Store
    outbox: Outbox
    codes: Codes
    menus: LiveMenus
    clock: Clock
    settings: Texting
    key: bytes


class Inbox:
    """`received` keeps a message and queues its answer."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._settings = tools.settings
        self._whole: Gathering[tuple[IncomingSms, int], None] = Gathering(tools.store, self._messages, at_once=AT_ONCE)

    async def received(self, sms: IncomingSms, at: int | None = None) -> None:
        """Keep it, and queue what answers it; one that has come before changes nothing. `at` is when it came, where
        that was not just now. Raises Unavailable."""
        at = self._tools.clock() if at is None else at
        if sms.parts > 1:
            await self._part(sms, at)
        else:
            await self._whole.done((sms, at))
        self._tools.outbox.news.set()

    def may_wait(self, sms: IncomingSms) -> bool:
        """Whether it may be kept as it came until it can be read: nothing in it may be a PIN, a code or an identity
        number, or a piece of one."""
        if sms.parts > 1:
            return not _has_digits(sms.text)
        return self._keepable(sms.text) == message.plain(sms.text)

    async def _messages(self, connection: AsyncConnection, some: Sequence[tuple[IncomingSms, int]]) -> Sequence[None]:
        """Each line's in the order in which they came, and the lines in one order for everybody: a carrier may hand the
        same messages to two processes at once."""
        for sms, at in sorted(some, key=lambda each: each[0].msisdn):
            await self._message(connection, sms, at)
        return [None] * len(some)

    async def _message(self, connection: AsyncConnection, sms: IncomingSms, now: int) -> None:
        if await self._is_repeat(connection, sms, now):
            return
        number = await self._kept(connection, sms, self._keepable(sms.text), now)
        if number is not None:
            await self._answered(connection, sms, sms.text, self._identity(sms, self._bucket(sms, now)), [number], now)

    async def _part(self, sms: IncomingSms, now: int) -> None:
        """Keep it first: of two that come at one moment, the second look then sees both. A part is kept as it came
        until all of them are here, or their time is over."""
        async with self._tools.store.begin() as connection:
            if not await self._is_repeat(connection, sms, now):
                await self._kept(connection, sms, _storable(sms.text), now)
                if _has_digits(sms.text):
                    await self._forgotten_later(connection, sms, now)
        async with self._tools.store.begin() as connection:
            rows = await self._parts(connection, sms, now)
            found = {row.part: row for row in rows}
            if len(found) < sms.parts:
                return
            text = "".join(found[part].text for part in sorted(found))
            is_personal = self._keepable(text) != message.plain(text)  # a number may be cut in two
            for row in rows:  # a part that has come twice goes with them, and is no beginning of another message
                await _changed(connection, [row.id], text=message.hidden(row.text, is_personal=is_personal))
            identity = f"{sms.msisdn}:{sms.joined}:{found[1].id}"
            await self._answered(connection, sms, text, identity, [row.id for row in rows], now)

    async def _answered(
        self, connection: AsyncConnection, sms: IncomingSms, text: str, identity: str, numbers: list[int], now: int
    ) -> None:
        """Queue what answers it. A line that has had more answers today than anybody needs gets none; STOP holds all
        the same."""
        if await self._is_too_much(connection, sms.msisdn, now):
            if understood(text, self._tools.menus.catalogue.keywords).get("keyword") == STOP:
                await stops.stopped(connection, sms.msisdn, stops.WORD, now)
            return
        operation = await self._operation(connection, sms, text, identity, now)
        if await self._tools.outbox.put(connection, operation, is_ours=True):
            await _changed(connection, numbers, operation_id=operation.id)

    async def _forgotten_later(self, connection: AsyncConnection, sms: IncomingSms, now: int) -> None:
        """Once for parts that come together: should the others not be there by then."""
        cause = f"forget:{sms.provider}:{sms.msisdn}:{sms.joined}:{now // LATER_MS}"
        identity = str(uuid.uuid5(NAMESPACE, cause))
        operation = Operation(identity, TIDY, reference(TIDY_PREFIX, identity), "", {"parts_since": now - LATER_MS})
        delay_ms = (self._settings.parts_seconds + 1) * 1000 + LATER_MS
        await self._tools.outbox.put(connection, operation, delay_ms=delay_ms, is_ours=True)

    def _identity(self, sms: IncomingSms, bucket: int) -> str:
        """The carrier's own id; else one made of the content and the time, under a key, for it may hold a PIN."""
        part = f":{sms.joined}:{sms.part}" if sms.parts > 1 else ""
        part = message.plain(part)
        if own := message.plain(sms.provider_id):
            return f"{own[: 128 - len(part)]}{part}"
        marks = (message.plain(sms.mark)[:MARK_CHARACTERS_MAX],) if sms.mark else ()
        content = "\0".join((sms.msisdn, sms.short_code, sms.text, part, *marks))
        return f"content:{hmac.new(self._tools.key, content.encode('utf-8', 'replace'), sha256).hexdigest()}:{bucket}"

    def _bucket(self, sms: IncomingSms, now: int) -> int:
        return now // self._window_ms(sms)

    def _window_ms(self, sms: IncomingSms) -> int:
        """For how long the same words are a repeat: whoever writes them once more by hand gets another number."""
        if sms.mark or sms.joined:
            return self._settings.marked_minutes * MINUTE_MS
        return self._settings.window_seconds * 1000

    async def _is_repeat(self, connection: AsyncConnection, sms: IncomingSms, now: int) -> bool:
        """Without an id: the same words shortly before, even if that was in the last window; or after, where this
        one had to wait."""
        if sms.provider_id:
            return False
        bucket, window_ms = self._bucket(sms, now), self._window_ms(sms)
        query = select(columns.id).where(
            columns.provider == sms.provider,
            columns.provider_id.in_([self._identity(sms, bucket - 1), self._identity(sms, bucket + 1)]),
            columns.received_at.between(now - window_ms + 1, now + window_ms - 1),
        )
        return await connection.scalar(query) is not None

    async def _kept(self, connection: AsyncConnection, sms: IncomingSms, text: str, now: int) -> int | None:
        """The message's number; None when it is here already."""
        row = insert_into(connection, inbound).values(
            provider=sms.provider,
            provider_id=self._identity(sms, self._bucket(sms, now)),
            msisdn=sms.msisdn,
            short_code=message.plain(sms.short_code)[:20],
            link_id=message.plain(sms.link_id)[:128],
            network=message.plain(sms.network)[:20],
            text=text,
            joined=message.plain(sms.joined)[:40],
            part=sms.part,
            parts=sms.parts,
            received_at=now,
        )
        number: int | None = await connection.scalar(row.on_conflict_do_nothing().returning(columns.id))
        return number

    async def _parts(self, connection: AsyncConnection, sms: IncomingSms, now: int) -> list[Row[Any]]:
        """Those that wait for each other; what was answered is over, for carriers use their references again."""
        query = (
            select(inbound)
            .where(
                columns.provider == sms.provider,
                columns.msisdn == sms.msisdn,
                columns.joined == message.plain(sms.joined)[:40],
                columns.parts == sms.parts,
                columns.operation_id.is_(None),
                columns.received_at > now - self._settings.parts_seconds * 1000,
            )
            .order_by(columns.id)
        )
        return list(await connection.execute(query))

    async def _is_too_much(self, connection: AsyncConnection, msisdn: str, now: int) -> bool:
        query = select(func.count(columns.operation_id.distinct())).where(
            columns.msisdn == msisdn, columns.received_at >= day_start(now), columns.operation_id.is_not(None)
        )
        return int(await connection.scalar(query) or 0) >= self._settings.answers_a_day

    async def _operation(
        self, connection: AsyncConnection, sms: IncomingSms, text: str, identity: str, now: int
    ) -> Operation:
        identity = str(uuid.uuid5(NAMESPACE, f"{sms.provider}:{identity}"))
        customer = await customers.on_line(connection, sms.msisdn)
        customer_id = customer.id if customer else ""
        session_id = session_of(identity)
        found = await self._understood(connection, customer, sms.msisdn, text, session_id, now)
        written_to = {"short_code": message.plain(sms.short_code)[:20], "link_id": message.plain(sms.link_id)[:128]}
        came = {name: value for name, value in written_to.items() if value}
        intent = {"msisdn": sms.msisdn, "provider": sms.provider, **came, **found}
        return Operation(identity, KIND, reference(PREFIX, identity), customer_id, intent)

    def _keepable(self, text: str) -> str:
        return keepable(text, self._tools.menus.catalogue.keywords)

    async def _understood(
        self, connection: AsyncConnection, customer: customers.Customer | None, line: str, text: str, session_id: str,
        now: int,
    ) -> Mapping[str, Any]:  # fmt: skip
        """What it says, as plain values without its digits."""
        if digits := message.lone_digits(text):
            return await self._code(connection, customer, line, digits, now)
        found = understood(text, self._tools.menus.catalogue.keywords)
        if "id" not in found.get("given", {}):
            return found
        return await self._applied(connection, customer, line, found, session_id, now)

    async def _applied(
        self, connection: AsyncConnection, customer: customers.Customer | None, line: str, found: Mapping[str, Any],
        session_id: str, now: int,
    ) -> Mapping[str, Any]:  # fmt: skip
        """Who wants to join is kept where it is forgotten again; the operation only names the place."""
        given, without = found["given"], {**found, "given": {}}
        if customer is not None and customer.state in applicants.MEMBER_STATES:
            return without
        applicant = applicants.Applicant(given["name"], given["id"], found["language"])
        await applicants.noted(connection, line, session_id, applicant, now)
        return {**without, "request": session_id}

    async def _code(
        self, connection: AsyncConnection, customer: customers.Customer | None, line: str, digits: str, now: int
    ) -> Mapping[str, Any]:
        """Digits alone: the code of the request that waits, or somebody's PIN."""
        holder, purpose = customer.id if customer else "", PURPOSE
        request = await requests.newest(connection, holder, now - RECENT_MS) if holder else None
        if request is None:
            holder, purpose = applicants.holder_of(line), applicants.PURPOSE
            request = await requests.newest(connection, holder, now - RECENT_MS)
        if request is None or len(digits) != CODE_DIGITS:
            return {"read": "secret"}
        verdict = await self._tools.codes.tried(connection, holder, purpose, digits, request.session_id)
        said = {"ok": "ok", "otp": "wrong"}.get(verdict.name, "over")
        found = {"read": "code", "request": request.session_id, "verdict": said}
        language = requests.session_of(request).data.get("language", "") if request.answer == purpose else ""
        return {**found, "tries": verdict.slots.get("tries", 0), "language": language}


def _has_digits(text: str) -> bool:
    return any(character.isdecimal() for character in text)


def _storable(text: str) -> str:
    """As it came, without what no database takes."""
    return text[: message.KEPT_CHARACTERS_MAX].replace("\0", "").encode("utf-8", "ignore").decode()


async def _changed(connection: AsyncConnection, numbers: list[int], **values: object) -> None:
    await connection.execute(update(inbound).where(columns.id.in_(numbers)).values(**values))


async def tidied(connection: AsyncConnection, before: int) -> None:
    """Forget what is old."""
    await connection.execute(delete(inbound).where(columns.received_at < before))


async def parts_tidied(connection: AsyncConnection, *, since: int, before: int) -> None:
    """Of parts whose others never came, keep no digits at all: some may be a piece of a PIN."""
    waiting = select(inbound).where(
        columns.parts > 1,
        columns.operation_id.is_(None),
        columns.received_at.between(since, before - 1),
    )
    for row in (await connection.execute(waiting)).all():
        hidden = message.hidden(row.text, is_personal=True)
        if row.text != hidden:
            await _changed(connection, [row.id], text=hidden)
