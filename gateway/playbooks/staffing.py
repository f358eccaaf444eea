"""What officers do from their phones: look up, pause, reset, unlock, ask for a payment; a lost line, by two of them.

Each handler looks for itself whether whoever asks is on the staff: a menu only shows.
"""

import uuid

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation
from gateway.accounts import audit, lines
from gateway.accounts.audit import Deed
from gateway.accounts.staff import Ask, Staff
from gateway.approvals import decisions
from gateway.approvals.seconding import demand_another
from gateway.clock import HOUR_MS
from gateway.config import Accounts as Settings
from gateway.config import Staff as StaffSettings
from gateway.errors import BrokenInvariant, Rejected
from gateway.notices import values as say
from gateway.operations.outbox import NAMESPACE, Context, Instant, Outbox
from gateway.operations.outcome import Done, Outcome, Refused
from gateway.operations.playbook import Local, Playbook, Work
from gateway.playbooks.accounts import Accounts, told_moved
from gateway.playbooks.prompt_end import PromptEnd
from gateway.playbooks.telling import Teller
from gateway.store import customers

OFFICER = "officer"
DESK = "officers"
"""Who is asked about lost lines: any of the officers, in their own list."""
PROMPT = "PP"


class Staffing:
    """Instant handlers and playbooks."""

    def __init__(
        self, staff: Staff, accounts: Accounts, outbox: Outbox, teller: Teller, settings: Settings,
        limits: StaffSettings, *, rail: str,
    ) -> None:  # fmt: skip
        self._staff = staff
        self._accounts = accounts
        self._outbox = outbox
        self._teller = teller
        self._cool_ms = settings.cool_down_hours * HOUR_MS
        self._line_ms = limits.line_hours * HOUR_MS
        self._rail = rail

    def handlers(self) -> dict[str, Instant]:
        return {
            "staff.look_up": self.look_up,
            "staff.activate": self.activate,
            "staff.deactivate": self.deactivate,
            "staff.reset_pin": self.reset_pin,
            "staff.unlock": self.unlock,
            "staff.statement": self.statement,
            "staff.prompt": self.prompt,
            "line.decide": self.decide,
        }

    def playbooks(self) -> tuple[Playbook, ...]:
        lost = Playbook(
            kind="line.lost",
            steps=(
                Local("ask", self.ask), Local("decision", decisions.decision), Local("move", self.move),
            ),
            lane=lambda _, intent: f"line:{intent['customer']}",
            refused=Local("tell", self.tell_not_moved),
        )  # fmt: skip
        return lost, PromptEnd(self._rail).playbook()

    async def look_up(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        deed = await _deed(connection, operation, context)
        await self._staff.look_up(connection, deed, await _customer(connection, operation))

    async def activate(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        deed = await _deed(connection, operation, context)
        await self._staff.activate(connection, deed, operation.intent["customer"])

    async def deactivate(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        deed = await _deed(connection, operation, context)
        await self._staff.deactivate(connection, deed, operation.intent["customer"])

    async def reset_pin(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        deed = await _deed(connection, operation, context)
        await self._staff.reset_pin(connection, deed, operation.intent["customer"])

    async def unlock(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        deed = await _deed(connection, operation, context)
        await self._staff.unlock(connection, deed, operation.intent["customer"])

    async def statement(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        """To the customer's own line or verified address, never to whoever asks."""
        deed = await _deed(connection, operation, context)
        await self.sent_statement(connection, deed, operation.intent["customer"], operation.intent["by"])

    async def sent_statement(self, connection: AsyncConnection, deed: Deed, customer_id: str, by: str) -> None:
        customer = await customers.get(connection, customer_id)
        if by == "email":
            await self._accounts.mailed(connection, deed.operation_id, customer.id, "quarter", deed.now)
        else:
            values = await self._accounts.short_statement(connection, customer.id, deed.now)
            cause = f"{deed.operation_id}:statement"
            await self._outbox.tell(connection, cause, customer.id, customer.msisdn, "account.statement", values)
        await audit.noted(connection, deed, "statement", customer.id, {"by": by})

    async def prompt(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        """The payment has the letters of this request: what the officer saw is what the customer sees."""
        deed = await _deed(connection, operation, context)
        ask = Ask(operation.intent["about"], operation.intent["amount_cents"], PROMPT + operation.reference[2:])
        await self._staff.ask(connection, deed, operation.intent["customer"], ask)

    async def decide(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        """The second officer's word. Whoever asked, and whose account it is, have none."""
        deed = await _deed(connection, operation, context)
        await self.decided(connection, deed, operation.intent["approval"], operation.intent["state"])

    async def decided(self, connection: AsyncConnection, deed: Deed, approval_id: str, state: str) -> None:
        """Raises Rejected for somebody who may not say, or when it is answered already."""
        approval = await decisions.get(connection, approval_id)
        if approval is None or approval.approver_id != DESK:
            raise Rejected("nobody asked this", "unknown")
        asking = (approval.requester_id, approval.detail["by"], approval.detail["customer"])
        await demand_another(connection, deed.by, asking)
        if not await decisions.decided(
            connection, approval_id, by=deed.by[:36], state=state, reason=None, now=deed.now
        ):
            raise Rejected("it was answered already", "answered")
        await audit.noted(connection, deed, "line", approval.detail["customer"], {"state": state})

    async def ask(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """The first person's part: who, where to; nothing moves before the second one's."""
        intent = work.intent
        by = name = intent.get("by", "")
        if work.customer_id:
            officer = await _officer(connection, work.customer_id)
            by, name = officer.id, officer.name
        customer = await customers.get(connection, intent["customer"])
        if customer.id == work.customer_id or customer.state != "active":
            return Refused("state", "this account cannot be moved by that person")
        if not await lines.is_free(connection, intent["phone"]):
            return Refused("taken", "the line has an account")
        detail = {
            "customer": customer.id,
            "phone": customer.msisdn,
            "new_phone": intent["phone"],
            "by": by,
            "name": name,
        }
        question = decisions.Ask(approval_id(work.id), "line", DESK, 0, now + self._line_ms, detail)
        await decisions.asked(connection, work, question, now)
        await audit.noted(
            connection,
            Deed(by, name, intent.get("reason", "line lost"), work.id, now),
            "line",
            customer.id,
            {"state": "asked"},
        )
        return Done()

    async def move(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """The PIN stays what it is, so that a line alone opens nothing; no money leaves for some days."""
        try:
            before = await lines.moved(
                connection, work.intent["customer"], work.intent["phone"], why="lost", operation_id=work.id, now=now,
                cool_ms=self._cool_ms,
            )  # fmt: skip
        except Rejected as error:
            return Refused(error.code, str(error))
        await told_moved(connection, self._outbox, work.id, work.intent["customer"], before)
        return Done({"before": before})

    async def tell_not_moved(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """The officer who asked learns that it came to nothing; an operator sees it in the answer to a look."""
        if work.customer_id:
            customer = await customers.get(connection, work.intent["customer"])
            values = {"reference": work.reference, "person": say.short(customer.name)}
            await self._teller.tell(connection, work, "account.not_moved", values)
        return Done()


def approval_id(operation_id: str) -> str:
    return str(uuid.uuid5(NAMESPACE, f"{operation_id}:line"))


async def _officer(connection: AsyncConnection, customer_id: str) -> customers.Customer:
    """Raises BrokenInvariant for anybody else: screens offer none of this to them."""
    person = await customers.get(connection, customer_id)
    if person.role != OFFICER or person.state != "active":
        raise BrokenInvariant("not on the staff")
    return person


async def _deed(connection: AsyncConnection, operation: Operation, context: Context) -> Deed:
    person = await _officer(connection, operation.customer)
    return Deed(person.id, person.name, str(operation.intent.get("reason", "")), operation.id, context.now)


async def _customer(connection: AsyncConnection, operation: Operation) -> customers.Customer:
    return await customers.get(connection, operation.intent["customer"])
