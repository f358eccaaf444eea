"""What comes in at two processes of one house."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import func, select

from gateway.config import Texting
from gateway.errors import NyotaError
from gateway.operations.outbox import Outbox
from gateway.providers.contract import IncomingSms
from gateway.store.engine import Store
from gateway.texting import inbox
from gateway.texting.inbox import Inbox
from gateway.texting.tables import inbound
from tests.gateway.operations.desk import Hands
from tests.gateway.rails_flow.office import words

WRITTEN = [IncomingSms("africastalking", f"in-{n}", f"+2547110{n:05d}", "383", "BALANCE") for n in range(80)]


def inbox_on(store: Store) -> Inbox:
    clock, menus = Hands(), cast("Any", SimpleNamespace(catalogue=words()))
    outbox = Outbox(store, {"sms.in": cast("Any", PLAYBOOK)}, {}, clock, recall_ms=1)
    return Inbox(inbox.Tools(store, outbox, cast("Any", None), menus, clock, Texting(), b"key"))


PLAYBOOK = SimpleNamespace(
    lane=lambda _customer, _intent: "",
    priority_of=lambda _intent: 1,
    steps=[SimpleNamespace(name="answer")],
    delay_ms=0,
)


class TestProcesses:
    async def test_a_carrier_that_repeats_a_burst_elsewhere_is_answered_by_both(self, fresh_postgres: str) -> None:
        """In whatever order it does: each message is kept once, and none of the hand-overs is sent away."""
        store = Store(fresh_postgres, busy_seconds=30)
        first, second = inbox_on(store), inbox_on(store)

        answers = await asyncio.gather(
            *(first.received(sms) for sms in WRITTEN), *(second.received(sms) for sms in reversed(WRITTEN)),
            return_exceptions=True,
        )  # fmt: skip
        async with store.read() as connection:
            kept = await connection.scalar(select(func.count()).select_from(inbound))
        await store.close()

        assert [each for each in answers if isinstance(each, NyotaError)] == []
        assert answers == [None] * len(answers)
        assert kept == len(WRITTEN)
