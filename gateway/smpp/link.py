"""A bound session that binds again when it is lost. The only module that knows the library.

The library keeps the window, numbers messages, answers and sends `enquire_link`, and notices a silent centre within a
minute. It acknowledges what comes in before we see it, so what is in hand when a process is killed is lost to us: a
message can be written again, a report is missed, a session on the phone runs out.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from importlib import import_module
from typing import Any

import structlog

from gateway.config import SmppLink
from gateway.errors import Misconfigured, Unavailable, Uncertain
from gateway.smpp.wire import MESSAGE_PAYLOAD, Deliver, Submit, Submitted

BINDS = {"transceiver": "TRX", "transmitter": "TX"}
FIRST_WAIT_SECONDS, WAIT_SECONDS_MAX = 0.25, 30.0
ALPHANUMERIC, NATIONAL, INTERNATIONAL, UNKNOWN = 5, 2, 1, 0
"""Types of number, 5.2.5."""

log = structlog.get_logger("smpp")


class Link:
    """One account at a centre. `submit` works while `heard` is being read."""

    def __init__(self, name: str, settings: SmppLink) -> None:
        self.name = name
        self._settings = settings
        self._library = _library(name)
        self._session: Any = None

    @property
    def is_bound(self) -> bool:
        return self._session is not None

    async def heard(self) -> AsyncGenerator[Deliver, None]:
        """All that comes in, for ever: a lost session is bound again, later and later while none lasts. Close it."""
        clock, wait = asyncio.get_running_loop().time, FIRST_WAIT_SECONDS
        while True:
            since = clock()
            async with aclosing(self._while_bound()) as messages:
                async for message in messages:
                    yield message
            has_lasted = clock() - since > WAIT_SECONDS_MAX
            wait = FIRST_WAIT_SECONDS if has_lasted else min(2 * wait, WAIT_SECONDS_MAX)
            log.warning("not_bound", link=self.name, again_in=round(wait, 1))
            await asyncio.sleep(wait * random.uniform(0.8, 1.2))

    async def _while_bound(self) -> AsyncGenerator[Deliver, None]:
        """One session, until it is lost; nothing when it cannot be bound."""
        client = self._client()
        try:
            session = await client.connect()
        except Exception as error:  # whatever the library raises, even a panic of its own, we bind again
            log.warning("refused", link=self.name, reason=str(error)[:200])
            return
        self._session = session
        log.info("bound", link=self.name)
        try:
            while (message := await self._next(session)) is not None:
                yield message
        finally:
            self._session = None
            await client.stop()

    async def submit(self, message: Submit) -> Submitted:
        """Raises Unavailable without a session, and Uncertain when its answer does not come."""
        session = self._session
        if session is None:
            raise Unavailable(f"{self.name}: not bound")
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                answer = await session.submit_sm(message.to, message.payload, **self._fields(message))
        except Exception as error:  # the library's own errors and its panics: it may have left
            raise Uncertain(f"{self.name}: no answer") from error
        return Submitted(answer.command_status, answer.message_id or "")

    def _client(self) -> Any:
        its = self._settings
        return self._library.Client(
            its.host, its.port, its.system_id, its.password.get_secret_value(), bind_type=BINDS[its.bind],
            system_type=its.system_type, tls=its.tls, window_size=its.window,
            connect_timeout_ms=round(its.timeout_seconds * 1000),
        )  # fmt: skip

    async def _next(self, session: Any) -> Deliver | None:
        """None once the session is lost."""
        try:
            event = await session.next()
        except Exception as error:  # a panic of the library ends the session, not the link
            log.warning("session_broken", link=self.name, reason=str(error)[:200])
            return None
        return None if isinstance(event, self._library.Disconnected) else _deliver(event)

    def _fields(self, message: Submit) -> Mapping[str, Any]:
        return {
            "source_addr": message.sender,
            "source_addr_ton": _type_of(message.sender),
            "source_addr_npi": int(message.sender.isdigit()),
            "dest_addr_ton": INTERNATIONAL,
            "dest_addr_npi": 1,
            "service_type": message.service_type,
            "esm_class": message.esm_class,
            "data_coding": message.coding,
            "registered_delivery": int(message.wants_receipt),
            "tlvs": [self._library.Tlv(tag, value) for tag, value in message.tlvs.items()],
        }


def _library(name: str) -> Any:
    try:
        return import_module("smpp34")
    except ImportError as error:
        raise Misconfigured(f"smpp.links.{name}: needs the extra: pip install 'nyota[smpp]'") from error


def _type_of(sender: str) -> int:
    """A name is alphanumeric; a short code has the network's own type."""
    if not sender.isdigit():
        return ALPHANUMERIC
    return INTERNATIONAL if len(sender) > 8 else UNKNOWN


def _deliver(event: Any) -> Deliver:
    tlvs = {tlv.tag: bytes(tlv.value) for tlv in event.tlvs}
    payload = bytes(event.short_message) or tlvs.get(MESSAGE_PAYLOAD, b"")
    return Deliver(
        event.source_addr, event.destination_addr, payload, event.data_coding, event.esm_class, tlvs,
    )  # fmt: skip
