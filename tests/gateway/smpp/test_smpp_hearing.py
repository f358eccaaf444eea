"""What came in over a link and was acknowledged is kept, whatever the database does meanwhile."""

from collections.abc import AsyncGenerator
from typing import cast

import pytest

from gateway.clock import system
from gateway.config import SmppLink
from gateway.conversation import Conversation
from gateway.endings import Endings
from gateway.errors import NyotaError, Unavailable, Uncertain
from gateway.providers.contract import IncomingSms
from gateway.smpp import hearing
from gateway.smpp.hearing import Hearing
from gateway.smpp.link import Link
from gateway.smpp.wire import Deliver
from gateway.store.engine import Store


class OneMessage:
    """A link on which one message comes."""

    name = "safaricom"

    async def heard(self) -> AsyncGenerator[Deliver, None]:
        yield Deliver("254711000001", "383", b"BAL")


class Inbox:
    """Keeps what comes, once it does not fail any more."""

    def __init__(self, failure: NyotaError) -> None:
        self.failures = [failure]
        self.kept: list[str] = []

    async def received(self, sms: IncomingSms) -> None:
        if self.failures:
            raise self.failures.pop()
        self.kept.append(sms.text)


class TestKeeping:
    @pytest.mark.parametrize("failure", [Unavailable("away"), Uncertain("broke while committing")], ids=type)
    async def test_an_outage_loses_nothing(self, failure: NyotaError, monkeypatch: pytest.MonkeyPatch) -> None:
        """The centre will not send it again; keeping it twice is keeping it once."""
        monkeypatch.setattr(hearing, "FIRST_WAIT_SECONDS", 0.0)
        inbox = Inbox(failure)
        settings = SmppLink(host="127.0.0.1", port=2775, system_id="nyota")
        hears = Hearing(
            cast("Link", OneMessage()), settings, ("*383#",), inbox, cast("Store", None), system
        )  # fmt: skip

        await hears.run(cast("Conversation", None), cast("Endings", None))

        assert inbox.kept == ["BAL"]
