"""`wallet.send`, `wallet.transfer`, `wallet.takeback`, `wallet.return`: money from wallet to wallet.

Both sides change in one unit of work, and both are told. A phone without an account is sent to only where that is
allowed: the money is kept until its owner joins, the sender takes it back, or its time is over. The row of
`transfers` decides which.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation, reference
from gateway.books import accounts as chart
from gateway.books.entry import Entry, Line
from gateway.books.errors import Overdraft
from gateway.books.ledger import Books
from gateway.clock import DAY_MS, MINUTE_MS, local_date
from gateway.notices import values as say
from gateway.operations.outbox import Outbox
from gateway.operations.outcome import Done, Later, Outcome, Refused
from gateway.operations.playbook import Local, Playbook, Work
from gateway.playbooks.autorepay import AutoRepay
from gateway.playbooks.safety import LineStep, Safety
from gateway.playbooks.telling import Teller
from gateway.store import customers
from gateway.store.customers import Customer
from gateway.wallet import transfers, usage
from gateway.wallet.claims import RETURN, Claims, return_of
from gateway.wallet.limits import Limits
from gateway.wallet.transfers import Transfer

SEND, TRANSFER, TAKE_BACK = "wallet.send", "wallet.transfer", "wallet.takeback"
LOOK_AGAIN_MS = MINUTE_MS


class TooFull(Exception):
    """The receiver's wallet would hold more than it may."""


class Sending:
    """The local steps. `claim_days` None: nothing is sent to phones without an account."""

    def __init__(
        self, books: Books, teller: Teller, outbox: Outbox, limits: Limits, safety: Safety, claims: Claims,
        auto: AutoRepay, *, claim_days: int | None,
    ) -> None:  # fmt: skip
        self._books = books
        self._teller = teller
        self._outbox = outbox
        self._limits = limits
        self._safety = safety
        self._claims = claims
        self._auto = auto
        self._claim_days = claim_days

    def sending(self, line: LineStep | None = None) -> Playbook:
        """`line` asks first whether the SIM is still theirs, where somebody knows."""
        post = Local("post", self.send)
        return Playbook(
            kind=SEND,
            steps=(line, post) if line else (post,),
            lane=lambda customer, _: f"wallet:{customer}",
            refused=Local("tell", self.tell_refused),
        )

    def transferring(self) -> Playbook:
        """An operator moves money between two customers."""
        return Playbook(
            kind=TRANSFER,
            steps=(Local("post", self.transfer),),
            lane=lambda customer, _: f"wallet:{customer}",
            refused=Local("end", self.end_refused),
        )

    def taking_back(self) -> Playbook:
        return Playbook(
            kind=TAKE_BACK,
            steps=(Local("post", self.take_back),),
            lane=lambda customer, _: f"wallet:{customer}",
            refused=Local("tell", self.tell_too_late),
        )

    def returning(self) -> Playbook:
        return Playbook(
            kind=RETURN, steps=(Local("wait", self.wait),), lane=lambda _, intent: f"return:{intent['transfer']}"
        )

    async def send(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Move it, if it may leave, the limits allow it, the wallet covers it and there is somebody to get it."""
        sender, receiver = await self._both(connection, work)
        if refusal := await self._safety.refusal(connection, sender, work, now):
            return refusal
        allowed = await self._limits.allowed(connection, sender, "send", now)
        if work.intent["amount_cents"] > allowed.most_cents:
            return Refused("limit", f"over the limit of the {allowed.bound}", data={"most": allowed.most_cents})
        if receiver is None and (work.intent["person"] or self._claim_days is None):
            return Refused("nobody", "no wallet takes it by now")
        outcome = await self._moved(connection, work, sender, receiver, now)
        if isinstance(outcome, Done):
            await usage.used(connection, work.id, sender.id, "out", work.intent["amount_cents"], now)
        return outcome

    async def transfer(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Moved by the staff: tiers and days do not bind it, an overdraft does."""
        _, receiver = await self._both(connection, work)
        if receiver is None:
            return Refused("nobody", "no wallet takes it by now")
        try:
            async with connection.begin_nested():
                await self._books.post(connection, self._entry(work, receiver.id), now)
        except Overdraft:
            return Refused("short", "the wallet has too little")
        await self._tell_moved(connection, work, receiver, now)
        return Done({"person": receiver.id})

    async def take_back(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """The sender has thought better of it, and nobody was faster."""
        transfer = await transfers.by_reference(connection, work.intent["transfer"])
        if transfer is None or transfer.sender_id != work.customer_id:
            return Refused("gone", "no such transfer of theirs")
        if await self._claims.give_back(connection, transfer, "taken_back", "send.taken_back", now):
            return Done()
        return Refused("gone", "it has ended before")

    async def wait(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Until somebody ends it, or its time is over.

        Somebody may have been joining in the moment in which it was sent; they get it when that shows.
        """
        transfer = await transfers.by_reference(connection, work.intent["transfer"])
        if transfer is None or transfer.state != "held":
            return Done(reason="it has ended")
        customer = await customers.on_line(connection, transfer.msisdn)
        if customer is not None and customer.state == "active":
            await self._claims.claim(connection, transfer, customer.id, now)
            return Done(reason="joined")
        if now >= transfer.expires_at:
            await self._claims.give_back(connection, transfer, "returned", "send.returned", now)
            return Done(reason="returned")
        fresh = now - transfer.created_at < LOOK_AGAIN_MS
        return Later(min(LOOK_AGAIN_MS, transfer.expires_at - now) if fresh else transfer.expires_at - now, "unclaimed")

    async def tell_refused(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Nothing left the wallet; said in the words of the reason."""
        template = {
            "short": "send.short",
            "limit": "send.limit",
            "safety": "wallet.safety",
            "full": "send.full",
        }.get(work.data["refusal"], "send.nobody")
        values = {
            **self._about(work),
            "fee": say.ksh(work.intent["fee_cents"]),
            "max": say.ksh(work.data.get("most", 0)),
            "at": say.clock(work.data.get("opens_at", now)),
        }
        await self._teller.tell(connection, work, template, values)
        return Done()

    async def tell_too_late(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        await self._teller.tell(connection, work, "send.too_late", {"reference": work.intent["transfer"]})
        return Done()

    async def end_refused(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """The operator who asked sees it; the customers were never told of it."""
        return Done()

    async def _both(self, connection: AsyncConnection, work: Work) -> tuple[Customer, Customer | None]:
        """Sender and receiver, locked: who closes their account in this moment waits, or gets nothing any more."""
        found = await self._receiver(connection, work)
        people = await customers.locked(connection, [work.customer_id, *([found.id] if found else [])])
        receiver = people.get(found.id) if found else None
        return people[work.customer_id], receiver if receiver is not None and receiver.state == "active" else None

    async def _receiver(self, connection: AsyncConnection, work: Work) -> Customer | None:
        """Whom the sender was shown; else whoever has joined on that line by now."""
        if person := work.intent["person"]:
            found = await customers.find(connection, person)
        else:
            found = await customers.on_line(connection, work.intent["to"])
        return found if found is not None and found.state == "active" else None

    async def _moved(
        self, connection: AsyncConnection, work: Work, sender: Customer, receiver: Customer | None, now: int
    ) -> Outcome:
        try:
            async with connection.begin_nested():
                if receiver is None:
                    transfer = self._transfer(work, now)
                    await self._claims.hold(connection, transfer, now)
                else:
                    await self._given(connection, work, receiver, now)
        except Overdraft:
            return Refused("short", "the wallet does not cover sum and fee")
        except TooFull:
            return Refused("full", "the receiver's wallet would hold too much")
        if receiver is None:
            await self._wait_for(connection, work, transfer, sender)
            return Done()
        await self._tell_sent(connection, work, receiver, now)
        await self._tell_received(connection, work, sender, receiver, now)
        return Done({"person": receiver.id})

    async def _given(self, connection: AsyncConnection, work: Work, receiver: Customer, now: int) -> None:
        """Raises Overdraft and TooFull; then nothing must be kept of it."""
        entry = self._entry(work, receiver.id)
        await self._auto.ready(connection, work, receiver.id, entry)
        await self._books.post(connection, entry, now)
        held = await self._books.balance(connection, chart.wallet(receiver.id))
        if held.posted_cents > self._limits.most_held_cents(receiver.tier):
            raise TooFull

    async def _wait_for(self, connection: AsyncConnection, work: Work, transfer: Transfer, sender: Customer) -> None:
        """Tell both phones until when, and come back then."""
        identity = return_of(work.id)
        wait = Operation(identity, RETURN, reference("RT", identity), sender.id, {"transfer": transfer.reference})
        await self._outbox.put(connection, wait, is_ours=True)
        day = say.day(local_date(transfer.expires_at))
        wallet = await self._books.balance(connection, chart.wallet(sender.id))
        kept = {
            **self._about(work),
            "day": day,
            "fee": say.ksh(transfer.fee_cents),
            "wallet": say.ksh(wallet.available_cents),
        }
        await self._teller.tell(connection, work, "send.kept", kept)
        claim = {
            "person": say.short(sender.name),
            "phone": "0" + sender.msisdn[4:],
            "amount": say.ksh(transfer.amount_cents),
            "day": day,
        }
        await self._teller.tell_line(connection, work, transfer.msisdn, "send.claim", claim, sender.language)

    def _transfer(self, work: Work, now: int) -> Transfer:
        intent, days = work.intent, self._claim_days or 0
        return Transfer(
            id=work.id, reference=work.reference, sender_id=work.customer_id, msisdn=intent["to"],
            amount_cents=intent["amount_cents"], fee_cents=intent["fee_cents"], state="held",
            expires_at=now + days * DAY_MS, created_at=now,
        )  # fmt: skip

    def _entry(self, work: Work, receiver_id: str) -> Entry:
        """The fee is a line of its own, so that a statement can name it."""
        cents, fee = work.intent["amount_cents"], work.intent.get("fee_cents", 0)
        lines = [Line(chart.wallet(work.customer_id), cents), Line(chart.wallet(receiver_id), -cents)]
        if fee:
            lines += [Line(chart.wallet(work.customer_id), fee), Line(chart.INCOME_FEES, -fee)]
        return Entry(work.id, "post", "Sent", tuple(lines))

    async def _tell_sent(self, connection: AsyncConnection, work: Work, receiver: Customer, now: int) -> None:
        wallet = await self._books.balance(connection, chart.wallet(work.customer_id))
        values = {
            **self._about(work),
            "person": say.short(receiver.name),
            "at": say.clock(now),
            "fee": say.ksh(work.intent["fee_cents"]),
            "wallet": say.ksh(wallet.available_cents),
        }
        await self._teller.tell(connection, work, "send.sent", values)

    async def _tell_received(
        self, connection: AsyncConnection, work: Work, sender: Customer, receiver: Customer, now: int
    ) -> None:
        """The receiver's agreed share goes on to what is due, and one message says both."""
        share = await self._auto.share(connection, work, receiver.id, work.intent["amount_cents"], now)
        wallet = await self._books.balance(connection, chart.wallet(receiver.id))
        values: dict[str, Any] = {
            "reference": work.reference,
            "amount": say.ksh(work.intent["amount_cents"]),
            "person": say.short(sender.name),
            "phone": "0" + sender.msisdn[4:],
            "at": say.clock(now),
            "wallet": say.ksh(wallet.available_cents),
        }
        template = "send.received"
        if share is not None:
            template, values = share.template("send.received_auto"), {**values, **share.values()}
        await self._teller.tell_other(connection, work, receiver.id, template, values)

    async def _tell_moved(self, connection: AsyncConnection, work: Work, receiver: Customer, now: int) -> None:
        sender = await customers.get(connection, work.customer_id)
        for person, other, template in ((sender, receiver, "send.moved_out"), (receiver, sender, "send.moved_in")):
            wallet = await self._books.balance(connection, chart.wallet(person.id))
            values = {
                "reference": work.reference,
                "amount": say.ksh(work.intent["amount_cents"]),
                "person": say.short(other.name),
                "at": say.clock(now),
                "wallet": say.ksh(wallet.available_cents),
            }
            await self._teller.tell_other(connection, work, person.id, template, values)

    def _about(self, work: Work) -> Mapping[str, Any]:
        return {
            "reference": work.reference,
            "amount": say.ksh(work.intent["amount_cents"]),
            "phone": "0" + work.intent["to"][4:],
        }
