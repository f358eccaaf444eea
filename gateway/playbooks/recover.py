"""`pin.code`, `pin.miss` and `pin.recover`: a forgotten PIN, by its owner's own hand.

The code goes out in a step of its own, because whoever knows about SIM changes is not asked while a screen waits: to a
line that has just got another SIM none is sent, and a person answers instead.
"""

import uuid

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.forgot import PURPOSE
from flows.turn import Operation, reference
from gateway.accounts.codes import PLACEHOLDER, Codes
from gateway.clock import DAY_MS, HOUR_MS, local_date
from gateway.config import Accounts as Settings
from gateway.errors import BrokenInvariant
from gateway.facts.recovery import MISS, bound
from gateway.notices import values as say
from gateway.operations.outbox import NAMESPACE, Context, Instant, Outbox
from gateway.operations.outcome import Done, Outcome, Refused
from gateway.operations.playbook import Local, Playbook, Work
from gateway.playbooks.safety import LineStep
from gateway.playbooks.telling import Teller
from gateway.store import cases, customers, pins

KIND, RECOVER = "pin.code", "pin.recover"
TOPIC = "forgotten PIN"


class Recovery:
    """The steps of a code, and what takes effect with its turn. A case is answered within `answer_hours`."""

    def __init__(self, outbox: Outbox, teller: Teller, codes: Codes, settings: Settings, *, answer_hours: int) -> None:
        self._outbox = outbox
        self._teller = teller
        self._codes = codes
        self._settings = settings
        self._answer_ms = answer_hours * HOUR_MS

    def handlers(self) -> dict[str, Instant]:
        return {MISS: self.missed, RECOVER: self.recover}

    def playbook(self, line: LineStep | None = None) -> Playbook:
        """`line` asks first whether the SIM is still theirs, where somebody knows."""
        send = Local("send", self.send_code)
        return Playbook(
            kind=KIND,
            steps=(line, send) if line else (send,),
            lane=lambda customer, _: f"recover:{customer}",
            refused=Local("case", self.open_case),
        )

    async def send_code(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """To the line as it is, good for this line only."""
        customer = await customers.get(connection, work.customer_id, lock=True)
        changed_at = work.data.get("sim_changed_at")
        if changed_at and now < changed_at + self._settings.forgot_sim_days * DAY_MS:
            return Refused("sim", "the line has just got another SIM")
        if customer.state != "active" or not await self._codes.left(connection, customer.id, PURPOSE):
            return Refused("enough", "no code goes to this line any more today")
        minutes = self._settings.code_minutes
        code = await self._codes.issued(connection, customer.id, PURPOSE, bound(customer.msisdn), minutes=minutes)
        values = {"by": say.clock(code.expires_at), "code": PLACEHOLDER}
        intent = {"template": "pin.code", "to": customer.msisdn, "values": values, "language": "", "code": code.id}
        identity = str(uuid.uuid5(NAMESPACE, f"{code.id}:sms"))
        message = Operation(identity, "sms.send", reference("SM", identity), customer.id, intent)
        await self._outbox.put(connection, message, is_ours=True)
        return Done()

    async def open_case(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """No code: a person answers, and the customer knows."""
        identity = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{work.id}:case"))
        answer_by = now + self._answer_ms
        case = await cases.opened(
            connection, identity, reference("CS", identity), TOPIC, evidence={"refused": work.data["refusal"]},
            customer_id=work.customer_id, operation_id=work.id, answer_by=answer_by, now=now,
        )  # fmt: skip
        await self._teller.tell(connection, work, "pin.case", {"case": case, "by": say.clock(answer_by)})
        return Done()

    async def missed(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        """ID number and amount were not both right. The row counts, and a person answers."""
        await cases.opened(
            connection, operation.id, operation.reference, TOPIC, evidence={"said": operation.intent["said"]},
            customer_id=operation.customer, answer_by=context.now + self._answer_ms, now=context.now,
        )  # fmt: skip

    async def recover(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        """The PIN typed twice is theirs, any lock is open, and for some days no money leaves.

        Raises Rejected without the code that was proved in this session, BrokenInvariant without a PIN.
        """
        hashed = await pins.draft_of(connection, context.session_id)
        if hashed is None:
            raise BrokenInvariant("no PIN was chosen in this session")
        await self._codes.use(connection, operation.customer, PURPOSE, bound(context.msisdn), context.session_id)
        await pins.draft_used(connection, context.session_id)
        customer = await customers.get(connection, operation.customer, lock=True)
        opens = max(customer.outgoing_from, context.now + self._settings.cool_down_hours * HOUR_MS)
        await customers.changed(
            connection, customer.id, pin_hash=hashed, pin_failures=0, pin_locks=0, pin_locked_until=0,
            outgoing_from=opens,
        )  # fmt: skip
        told = {"opens": say.day(local_date(opens))}
        await self._outbox.tell(
            connection, f"{operation.id}:pin.recovered", customer.id, context.msisdn, "pin.recovered", told
        )
