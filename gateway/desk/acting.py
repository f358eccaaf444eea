"""The operators' hand on operations. Each act is judged by `gateway.operations.acts` under lock, done in one unit of
work with its record in the staff log, and never sends anything itself: the worker goes on from what it finds."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.accounts import audit
from gateway.accounts.audit import Deed
from gateway.approvals import decisions
from gateway.approvals.seconding import demand_another
from gateway.clock import DAY_MS
from gateway.desk import doubts, proposals, standing
from gateway.desk.proposals import Evidence
from gateway.desk.standing import is_contradicted, rail_step_of, situation_of, work_of
from gateway.errors import Rejected
from gateway.operations import queue
from gateway.operations.acts import ACTS, Act, Situation, Verdict, judged
from gateway.operations.outbox import Outbox
from gateway.operations.outcome import BY_STAFF
from gateway.operations.playbook import Playbook
from gateway.rails import requests
from gateway.rails.callbacks import RailCallbacks, received_id
from gateway.rails.contract import Result, Words
from gateway.rails.matching import NEAR_CENTS, SLACK_MS, agrees, shows
from gateway.rails.requests import RailRequest
from gateway.store import customers, messages, payments

ACTION = "operation"
DOOR = requests.PERSON
"""By whose word a request is settled, and under which code, when people have said it."""
DECLINED = "declined"
"""The same where it waited for somebody's yes: every playbook that asks has words for a no."""
WORDS: Mapping[str, Words] = {"stk": "timeout", "b2c": "checked", "reversal": "refused"}
"""How the customer is told that there was no payment."""

Resolution = Literal["paid", "unpaid"]


@dataclass(frozen=True, slots=True)
class Found:
    """An operation under lock, and what is known of its money."""

    row: Row[Any]
    request: RailRequest | None
    playbook: Playbook | None
    situation: Situation


class Acting:
    """All methods run in the caller's unit of work, raise Rejected with a code for what may not be done, and answer in
    a word what was done.

    `answer_ms`: so long a second person has to agree. `ripe_ms`: after so long without an answer of the rail people
    may say that there was no payment. `kinds` of operations customers are told of, whoever asks for them.
    """

    def __init__(
        self, outbox: Outbox, callbacks: RailCallbacks, *, shortcode: str, answer_ms: int, ripe_ms: int,
        kinds: Collection[str],
    ) -> None:  # fmt: skip
        self._kinds = frozenset(kinds)
        self._outbox = outbox
        self._callbacks = callbacks
        self._shortcode = shortcode
        self._answer_ms = answer_ms
        self._ripe_ms = ripe_ms

    async def may(self, connection: AsyncConnection, operation_id: str, now: int) -> Mapping[Act, Verdict]:
        """What could be done to it now."""
        found = await self._found(connection, operation_id, now, lock=False)
        return {act: judged(found.situation, act) for act in ACTS}

    async def retry(self, connection: AsyncConnection, deed: Deed, operation_id: str) -> str:
        """The same step again, now: it asks first about what it had sent."""
        found = await self._allowed(connection, operation_id, "retry", deed.now)
        asks = found.situation.money == "asked" and found.situation.step in {"prompt", "disburse"}
        await queue.again(connection, found.row.id, state="uncertain" if asks else "queued", now=deed.now)
        await self._noted(connection, deed, found, {"act": "retry"})
        return "retried"

    async def cancel(self, connection: AsyncConnection, deed: Deed, operation_id: str) -> str:
        """End what has moved nothing. Whatever it holds is given back, and its customer is told.

        What waits for a decision was proposed, and that may have taken something already.
        """
        found = await self._allowed(connection, operation_id, "cancel", deed.now)
        row, playbook = found.row, found.playbook
        step = rail_step_of(playbook, row.step)
        if step is not None and not await requests.called_off(
            connection, work_of(row), step.wanted(work_of(row)), deed.now
        ):
            raise Rejected("it was sent in this very moment", "in-doubt")
        await decisions.withdrawn(connection, row.id, deed.now)
        is_begun = found.situation.step == "decision" or (playbook is not None and row.step != playbook.steps[0].name)
        if is_begun and playbook and playbook.refused:
            why = DECLINED if found.situation.step == "decision" else BY_STAFF
            data = {**row.data, "refusal": why}
            await queue.reopen(connection, row.id, step=playbook.refused.name, data=data, now=deed.now)
        else:
            await self._ended(connection, deed, found)
        await self._noted(connection, deed, found, {"act": "cancel"})
        return "cancelled"

    async def propose(
        self, connection: AsyncConnection, deed: Deed, operation_id: str, resolution: Resolution, evidence: Evidence
    ) -> str:
        """Say what became of the money: the name under which a second person agrees."""
        found = await self._allowed(connection, operation_id, resolution, deed.now)
        await self._evident(connection, found, resolution, evidence)
        if await proposals.open_of(connection, found.row.id, deed.now) is not None:
            raise Rejected("somebody has said something of it that waits for a second person", "proposed")
        named = await proposals.put(
            connection, found.row.id, resolution, evidence, deed, until=deed.now + self._answer_ms
        )
        detail = {"act": resolution, "proposal": named, "receipt": evidence.receipt, "evidence": evidence.said}
        await self._noted(connection, deed, found, detail)
        return named

    async def confirm(self, connection: AsyncConnection, deed: Deed, named: str) -> str:
        """A second person agrees: it is so from now on, if it still can be. Payments that arrive meanwhile wait."""
        await payments.vouching(connection)
        asked = await self._asked(connection, deed, named)
        found = await self._allowed(connection, asked.operation_id, asked.act, deed.now)
        await demand_another(connection, deed.by, (asked.by, found.row.customer_id))
        await self._evident(connection, found, asked.act, Evidence(asked.evidence, asked.receipt))
        if not await proposals.ended(connection, asked.id, proposals.DONE, deed):
            raise Rejected("somebody was faster", "answered")
        assert found.request is not None
        result = _result(found.request, asked.act, asked.receipt)
        verdict = await self._callbacks.vouched(connection, found.request, result, DOOR)
        detail = {"act": asked.act, "proposal": named, "receipt": asked.receipt, "verdict": verdict}
        await self._noted(connection, deed, found, detail)
        return "resolved"

    async def decline(self, connection: AsyncConnection, deed: Deed, named: str) -> str:
        """Anybody may say no, whoever proposed it too."""
        asked = await self._asked(connection, deed, named)
        if not await proposals.ended(connection, asked.id, proposals.DECLINED, deed):
            raise Rejected("somebody was faster", "answered")
        row = await queue.find(connection, asked.operation_id)
        detail = {"act": asked.act, "proposal": named, "state": "declined", "reference": row.reference}
        await audit.noted(connection, _about(deed, row), ACTION, row.customer_id or None, detail)
        return "declined"

    async def _found(self, connection: AsyncConnection, operation_id: str, now: int, *, lock: bool = True) -> Found:
        row, request = await standing.found(connection, operation_id, lock=lock)
        playbook = self._outbox.playbook(row.kind)
        situation = await situation_of(connection, row, request, playbook, now, ripe_ms=self._ripe_ms)
        return Found(row, request, playbook, situation)

    async def _allowed(self, connection: AsyncConnection, operation_id: str, act: Act, now: int) -> Found:
        found = await self._found(connection, operation_id, now)
        verdict = judged(found.situation, act)
        if verdict.answer == "refused":
            raise Rejected(verdict.words, verdict.name)
        return found

    async def _evident(
        self, connection: AsyncConnection, found: Found, resolution: Resolution, evidence: Evidence
    ) -> None:
        """A receipt stands for one payment: nobody else's here, and not of one that moved nothing."""
        if resolution == "unpaid":
            if evidence.receipt:
                raise Rejected("what was not paid has no receipt", "receipt")
            return
        if not evidence.receipt:
            raise Rejected("what was paid has a receipt", "receipt")
        other = await requests.with_receipt(connection, evidence.receipt)
        if other is not None and other != found.row.id:
            raise Rejected("that receipt is another operation's", "receipt-taken")
        is_coming = await queue.with_id(connection, received_id(self._shortcode, evidence.receipt)) is not None
        if is_coming or await payments.is_known(connection, self._shortcode, evidence.receipt):
            raise Rejected("that receipt is booked already", "receipt-taken")
        assert found.request is not None
        if await is_contradicted(connection, evidence.receipt, found.request.amount_cents):
            raise Rejected("the rail's statement has another amount under that receipt", "amount")
        await self._is_another(connection, found.request, evidence)

    async def _is_another(self, connection: AsyncConnection, request: RailRequest, evidence: Evidence) -> None:
        """A prompt nobody answered for is often paid by hand, and that payment is booked. With a receipt that is typed
        wrongly it would be booked twice; so whoever says that there are two names the one that we know."""
        if request.kind != "stk":
            return
        sent, cents = request.sent_at or request.created_at, request.amount_cents
        alike = await payments.by_themselves(
            connection, (cents - NEAR_CENTS, cents + NEAR_CENTS), (sent - SLACK_MS, sent + DAY_MS)
        )
        for each in alike:
            payer = each.get("payer") or each.get("shown", "")
            if shows(payer) and agrees(payer, request.msisdn) and each["receipt"] not in evidence.said.upper():
                why = "the same phone, amount and day; if there are two payments, name it in the evidence"
                raise Rejected(f"{each['receipt']} is booked: {why}", "looks-booked")

    async def _asked(self, connection: AsyncConnection, deed: Deed, named: str) -> Row[Any]:
        asked = await proposals.named_so(connection, named)
        if asked is None:
            raise Rejected("nobody has proposed this", "unknown")
        if asked.state != proposals.OPEN or asked.expires_at <= deed.now:
            state = asked.state if asked.state != proposals.OPEN else proposals.EXPIRED
            raise Rejected(f"it is {state}", "answered")
        return asked

    async def _ended(self, connection: AsyncConnection, deed: Deed, found: Found) -> None:
        """Nothing was begun that had to be undone."""
        row = found.row
        await queue.cancelled(connection, row.id, reason=f"cancelled: {deed.reason}"[:200], now=deed.now)
        if found.situation.step == "message":
            await messages.noted(connection, row.id, state="failed", reason="cancelled", updated_at=deed.now)
        elif row.customer_id and doubts.is_theirs(row, self._kinds):
            customer = await customers.get(connection, row.customer_id)
            await self._outbox.tell(
                connection, f"{row.id}:{BY_STAFF}", customer.id, customer.msisdn, "desk.cancelled",
                {"reference": row.reference},
            )  # fmt: skip

    async def _noted(self, connection: AsyncConnection, deed: Deed, found: Found, detail: Mapping[str, Any]) -> None:
        row = found.row
        told = {"reference": row.reference, "kind": row.kind, "state": row.state, "step": row.step, **detail}
        await audit.noted(connection, _about(deed, row), ACTION, row.customer_id or None, told)


def _about(deed: Deed, row: Row[Any]) -> Deed:
    """On the record of the operation that it was done to."""
    return replace(deed, operation_id=row.id)


def _result(request: RailRequest, resolution: Resolution, receipt: str | None) -> Result:
    """What people found out, in the words in which the rail would have said it."""
    if resolution == "paid":
        return Result("done", DOOR, "paid", "said by two people", receipt=receipt, amount_cents=request.amount_cents)
    return Result("refused", DOOR, WORDS[request.kind], "said by two people")
