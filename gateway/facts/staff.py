"""What officers see on their phones. Every reader first looks whether whoever asks is one."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.known import LineRequest, Member, Prompted, StaffLeft
from gateway.accounts import audit, prompts
from gateway.accounts.staff import Staff
from gateway.approvals import decisions
from gateway.clock import Clock, day_start
from gateway.config import Staff as Settings
from gateway.errors import BrokenInvariant
from gateway.facts.loans import LoanFacts
from gateway.facts.source import Reader, customer_on
from gateway.operations import queue
from gateway.operations.outbox import Outbox
from gateway.playbooks.staffing import DESK, OFFICER
from gateway.store import customers
from gateway.store.customers import Customer

LISTED = 8


class StaffFacts:
    """As of now, for officers only: raises BrokenInvariant for others, who come to no such screen."""

    def __init__(self, loans: LoanFacts, staff: Staff, outbox: Outbox, settings: Settings, clock: Clock) -> None:
        self._loans = loans
        self._staff = staff
        self._outbox = outbox
        self._settings = settings
        self._clock = clock

    def readers(self) -> Mapping[str, Reader]:
        return {
            "member": self.member,
            "member_of_id": self.member_of_id,
            "is_id_of": self.is_id_of,
            "staff_left": self.staff_left,
            "prompted": self.prompted,
            "lines_waiting": self.lines_waiting,
        }

    async def member(self, connection: AsyncConnection, msisdn: str, phone: str) -> Member | None:
        """Whoever is on a line; nobody for a line that is only on the members' list."""
        officer = await _officer_on(connection, msisdn)
        return await self._member(connection, officer, await customers.on_line(connection, phone))

    async def member_of_id(self, connection: AsyncConnection, msisdn: str, number: str) -> Member | None:
        officer = await _officer_on(connection, msisdn)
        return await self._member(connection, officer, await customers.with_national_id(connection, number))

    async def is_id_of(self, connection: AsyncConnection, msisdn: str, phone: str, number: str) -> bool:
        """Whether a customer has named their own identity number; the number itself is shown to nobody."""
        await _officer_on(connection, msisdn)
        customer = await customers.on_line(connection, phone)
        return customer is not None and customer.national_id == number

    async def staff_left(self, connection: AsyncConnection, msisdn: str) -> StaffLeft:
        officer = await _officer_on(connection, msisdn)
        today = day_start(self._clock())
        looked = await audit.done(connection, officer.id, "look_up", since=today)
        asked = await prompts.asked_by(connection, officer.id, since=today)
        return StaffLeft(max(0, self._settings.look_ups_a_day - looked), max(0, self._settings.prompts_a_day - asked))

    async def prompted(self, connection: AsyncConnection, msisdn: str) -> tuple[Prompted, ...]:
        """What an officer has asked for, the newest first."""
        officer = await _officer_on(connection, msisdn)
        rows = await prompts.newest(connection, by=officer.id, limit=LISTED)
        return tuple(
            Prompted(row.reference, row.customer_name, row.amount_cents, prompts.state_of(row)) for row in rows
        )

    async def lines_waiting(self, connection: AsyncConnection, msisdn: str) -> tuple[LineRequest, ...]:
        """Lost lines that this officer may decide: asked by another one, and not their own."""
        officer = await _officer_on(connection, msisdn)
        found = await decisions.waiting_for(connection, DESK, is_staff=False, now=self._clock())
        waiting = []
        for row in found:
            if officer.id in {row.requester_id, row.detail["customer"]}:
                continue
            customer = await customers.get(connection, row.detail["customer"])
            waiting.append(
                LineRequest(
                    id=row.id,
                    reference=row.reference,
                    person=customer.name,
                    phone=row.detail["phone"],
                    new_phone=row.detail["new_phone"],
                    asked_by=row.detail["name"],
                    id_end=(customer.national_id or "")[-3:],
                )
            )
        return tuple(waiting)

    async def _member(self, connection: AsyncConnection, officer: Customer, person: Customer | None) -> Member | None:
        if person is None or person.state not in {"active", "inactive"}:
            return None
        now = self._clock()
        rows = await queue.with_requests(connection, person.msisdn)
        return Member(
            id=person.id,
            name=person.name,
            phone=person.msisdn,
            tier=person.tier,
            role=person.role,
            is_paused=person.state == "inactive",
            is_locked=person.pin_locked_until > now,
            has_pin=person.pin_hash is not None,
            has_email=bool(person.email and person.email_verified_at),
            loans=await self._loans.loans(connection, person.msisdn),
            paying=tuple(row.request_intent["loan"] for row in rows if "loan" in (row.request_intent or {})),
            takes_deposits=self._outbox.knows("wallet.deposit"),
            prompts_left=await self._staff.prompts_left(connection, officer.id, person.id, now),
        )


async def _officer_on(connection: AsyncConnection, msisdn: str) -> Customer:
    officer = await customer_on(connection, msisdn)
    if officer.role != OFFICER or officer.state != "active":
        raise BrokenInvariant("not on the staff")
    return officer
