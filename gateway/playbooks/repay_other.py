"""`repay.other`: an own loan repaid from somebody else's phone.

That phone first gets a message that names who asks and how much, a moment later the prompt. Whoever it belongs to
may let it pass; they learn neither of the loan nor of what is owed.
"""

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.clock import day_start
from gateway.notices import values as say
from gateway.operations import queue
from gateway.operations.outcome import Done, Later, Outcome, Refused
from gateway.operations.playbook import Local, Playbook, Work
from gateway.playbooks.repay import TRY_AGAIN_MS, Repayments
from gateway.playbooks.telling import Teller
from gateway.rails.steps import UNSENT, CollectStep
from gateway.store import customers

KIND = "repay.other"


class AskedOthers:
    """The local steps. `a_day` is how often a customer may ask another phone, `notice_ms` how long before the prompt
    the message goes out."""

    def __init__(self, repayments: Repayments, teller: Teller, *, a_day: int, notice_ms: int) -> None:
        self._repayments = repayments
        self._teller = teller
        self._a_day = a_day
        self._notice_ms = notice_ms

    def playbook(self, prompt: CollectStep) -> Playbook:
        return Playbook(
            kind=KIND,
            steps=(Local("announce", self.announce), Local("pause", self.pause), prompt, Local("post", self.post)),
            lane=lambda _, intent: f"repay:{intent['loan']}",
            refused=Local("tell", self.tell_unpaid),
        )

    async def left(self, connection: AsyncConnection, customer_id: str, now: int) -> int:
        """How often the customer may still ask another phone today."""
        return max(0, self._a_day - await queue.asked(connection, customer_id, KIND, since=day_start(now)))

    async def announce(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Tell the other phone who asks and how much, unless the customer has asked too often today."""
        since = day_start(work.created_at)
        if await queue.asked(connection, work.customer_id, KIND, since=since, before=work.number) >= self._a_day:
            return Refused("limit", "other phones were asked often enough today")
        asker = await customers.get(connection, work.customer_id)
        values = {
            "reference": work.reference,
            "person": say.short(asker.name),
            "amount": say.ksh(work.intent["amount_cents"]),
        }
        payer = work.intent["payer"]
        await self._teller.tell_phone(connection, work, payer, "repay.asked", values, language=asker.language)
        return Done({"msisdn": payer})

    async def pause(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Time for the message to arrive before the prompt."""
        left_ms = work.created_at + self._notice_ms - now
        return Later(left_ms, "the message goes first") if left_ms > 0 else Done()

    async def post(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Booked as any repayment; the payer gets a receipt of their own, without the debt. Where it waits for people
        they have been told so."""
        outcome = await self._repayments.post_prompted(connection, work, now)
        if isinstance(outcome, Done) and "account" not in outcome.data:
            asker = await customers.get(connection, work.customer_id)
            values = {
                "reference": work.reference,
                "amount": say.ksh(work.data["paid_cents"]),
                "person": say.short(asker.name),
                "at": say.clock(work.data["paid_at"]),
                "receipt": work.data["receipt"] or "-",
            }
            payer = work.intent["payer"]
            await self._teller.tell_phone(connection, work, payer, "repay.thanks", values, language=asker.language)
        return outcome

    async def tell_unpaid(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """The other did not pay, or could not be asked: said to the customer only."""
        asker = await customers.get(connection, work.customer_id)
        template = "repay.other_limit" if work.data["refusal"] == "limit" else "repay.other_unpaid"
        values = {
            "reference": work.reference,
            "amount": say.ksh(work.intent["amount_cents"]),
            "phone": say.phone(work.intent["payer"]),
            "account": "0" + asker.msisdn[4:],
        }
        await self._teller.tell(connection, work, template, values)
        return Done()

    async def slow(self, connection: AsyncConnection, work: Work, now: int) -> None:
        """Nobody knows yet whether the other paid, or they could not even be asked; each said once."""
        values = {
            "reference": work.reference,
            "amount": say.ksh(work.intent["amount_cents"]),
            "phone": say.phone(work.intent["payer"]),
            "by": say.clock(now + 2 * TRY_AGAIN_MS),
        }
        template = "repay.other_unsent" if work.data.get(UNSENT) else "repay.other_uncertain"
        await self._teller.tell(connection, work, template, values)
