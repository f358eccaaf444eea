"""`payment.received`: money that reaches the paybill by itself, to whom or what its account names.

People type accounts as they like: a loan's number in any case, with spaces or dashes in it, or a phone in any form.
"""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.accounts import linked
from gateway.books import accounts as chart
from gateway.books.entry import Entry, Line
from gateway.books.ledger import Books
from gateway.clock import local_date
from gateway.desk import cases
from gateway.lending.portfolio import RUNNING_STATES, Portfolio
from gateway.lending.standings import LoanRecord
from gateway.notices import values as say
from gateway.operations import queue
from gateway.operations.outcome import Done, Later, Outcome
from gateway.operations.playbook import Local, Playbook, RemoteStep, Work
from gateway.playbooks.autorepay import AutoRepay
from gateway.playbooks.collected import Collected
from gateway.playbooks.deposit import deposited
from gateway.playbooks.receipts import Receipts
from gateway.playbooks.repaying import Money, Repaying
from gateway.playbooks.telling import Teller
from gateway.playbooks.unowned import Unowned
from gateway.rails import paybill, requests
from gateway.rails.callbacks import unclear_case
from gateway.rails.requests import RailRequest
from gateway.store import customers, payments


@dataclass(frozen=True, slots=True)
class Meant:
    """What a paybill account names: a running loan, or a customer; nothing we know when both are empty."""

    loan: LoanRecord | None = None
    customer_id: str | None = None


class Received:
    """The one step of money that nobody was asked for."""

    def __init__(
        self, books: Books, portfolio: Portfolio, teller: Teller, *, shortcode: str, language: str, again_ms: int
    ) -> None:  # fmt: skip
        """`language` is what a payer is told in whose language we do not know. `again_ms`: after how long it is looked
        again whether a prompt has its answer."""
        self._books = books
        self._portfolio = portfolio
        self._teller = teller
        self._language = language
        self._again_ms = again_ms
        self._shortcode = shortcode
        self._unowned = Unowned(books, teller, shortcode=shortcode)
        self._collected = Collected(books, shortcode)
        self._repaying = Repaying(books, portfolio)
        self._receipts = Receipts(books, teller)
        self._auto = AutoRepay(books, portfolio)

    def playbook(self, listed: RemoteStep) -> Playbook:
        """`listed` asks the rail about what was told in doubt."""
        return Playbook(
            kind=payments.RECEIVED,
            steps=(listed, Local("post", self.post)),
            lane=lambda _, intent: f"received:{intent['receipt']}",
        )

    async def post(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """To the loan its account names or the person's oldest due one, else to their wallet.

        Where the account says nothing we know: to whom the payer's phone pays for, else to suspense. There too what
        somebody would get who has closed their account: it could never leave again.

        There too what may be booked already, as the operation that `doubt` in the intent names. What may be the payment
        of a prompt, though it does not fit it or fits others too, waits until the rail has said what paid that.
        """
        intent = work.intent
        cents = work.data.get("listed_cents", intent["amount_cents"])
        money = Money(cents, chart.COLLECTION, intent["receipt"], intent["at"])
        prompts = [await self._prompt(connection, each) for each in sorted(intent.get("asked", ()))]
        if any(prompt.receipt == money.receipt for prompt in prompts):
            case, said = unclear_case(self._shortcode, intent["receipt"]), "it is what a prompt was paid with"
            await cases.settled(connection, case, said, now)
            return Done(reason=said)
        for prompt in prompts:
            if not prompt.is_settled and not await self._is_left_to_people(connection, prompt):
                return Later(self._again_ms, "the prompt that it may be has no answer yet")
        if not await self._collected.is_new(connection, work, money, payments.UNASKED):
            return Done(reason="credited before")
        if "doubt" in intent or any(prompt.may_be_paid for prompt in prompts):
            return await self._held(connection, work, money, now, is_told=False)
        meant = await self._meant(connection, intent["account"], now)
        if meant == Meant():
            meant = await self._linked(connection, intent.get("payer") or intent.get("shown", ""), now)
        if meant == Meant() or not await self.is_taken(connection, meant):
            return await self._held(connection, work, money, now, is_told=True)
        return await self.credited(connection, work, money, meant, now)

    async def is_taken(self, connection: AsyncConnection, meant: Meant) -> bool:
        """Whether there is a loan or an open account that takes it. The owner is locked: closing waits, or is seen."""
        if meant.loan is not None:
            return True
        assert meant.customer_id is not None
        return bool((await customers.get(connection, meant.customer_id, lock=True)).state != "closed")

    async def credited(self, connection: AsyncConnection, work: Work, money: Money, meant: Meant, now: int) -> Done:
        """To the loan, else to the wallet, and its owner is told. A `payer` in the intent is named, masked."""
        if meant.loan is not None:
            repaid = await self._repaying.apply(connection, work, meant.loan, money, now)
            await self._receipts.paid(connection, work, money, repaid)
            return Done({"loan": meant.loan.reference})
        assert meant.customer_id is not None
        return await self._to_wallet(connection, work, money, meant.customer_id, now)

    async def _to_wallet(
        self, connection: AsyncConnection, work: Work, money: Money, customer_id: str, now: int
    ) -> Done:
        """Their wallet; an agreed share goes on to what is due, and one message says both."""
        account = chart.wallet(customer_id)
        entry = _entry(work, money, account)
        await self._auto.ready(connection, work, customer_id, entry)
        await self._books.post(connection, entry, now)
        share = await self._auto.share(connection, work, customer_id, money.cents, now)
        wallet = await self._books.balance(connection, account)
        values = deposited(work, money, wallet.available_cents)
        template = share.template("auto.receipt") if share else "paybill.received"
        if share is not None:
            values |= share.values()
        elif payer := work.intent.get("payer"):
            template, values = "wallet.deposited", {**values, "phone": say.phone(payer)}
        await self._teller.tell_other(connection, work, customer_id, template, values)
        return Done({"account": account})

    async def _prompt(self, connection: AsyncConnection, identity: str) -> RailRequest:
        found = await requests.by_id(connection, identity, lock=True)
        assert found is not None
        return found

    async def _is_left_to_people(self, connection: AsyncConnection, prompt: RailRequest) -> bool:
        """Whether nothing asks the rail about it any more."""
        row = await queue.find(connection, prompt.operation_id)
        return row.state == "parked" or not row.is_open

    async def _held(
        self, connection: AsyncConnection, work: Work, money: Money, now: int, *, is_told: bool
    ) -> Outcome:  # fmt: skip
        """Kept in suspense until somebody says whose it is. The payer is told, where the rail names them plainly; not
        of what may be the money that they are told of otherwise."""
        intent = work.intent
        payer = intent.get("payer", "")
        return await self._unowned.hold(
            connection, work, money, now, account=intent["account"], payer=payer or intent.get("shown", ""),
            told=payer if is_told else "", language=self._language,
        )  # fmt: skip

    async def _meant(self, connection: AsyncConnection, account: str, now: int) -> Meant:
        """A loan's number: that loan, or its owner when it is over. A phone: the oldest due loan, or the person."""
        loan = await self._named(connection, account)
        if loan is not None:
            return Meant(loan if loan.state in RUNNING_STATES else None, loan.customer_id)
        line = paybill.phone(account)
        customer = await customers.on_line(connection, line) if line else None
        if customer is None or customer.state != "active":
            return Meant()
        return await self._of(connection, customer.id, now)

    async def _linked(self, connection: AsyncConnection, payer: str, now: int) -> Meant:
        """Whom a phone pays for that is linked to somebody's account, where the rail shows all of it."""
        owner = await linked.owner_of(connection, payer) if payer else None
        return await self._of(connection, owner, now) if owner else Meant()

    async def _of(self, connection: AsyncConnection, customer_id: str, now: int) -> Meant:
        """Somebody's oldest due loan, or they themselves."""
        running = await self._portfolio.active(connection, customer_id, local_date(now))
        return Meant(running[0].record if running else None, customer_id)

    async def _named(self, connection: AsyncConnection, account: str) -> LoanRecord | None:
        """By its number as it is written, else by the only loan that it can be read as."""
        literal, *others = paybill.numbers(account) or ("",)
        if loan := await self._portfolio.by_reference(connection, literal):
            return loan
        found = [loan for other in others if (loan := await self._portfolio.by_reference(connection, other))]
        return found[0] if len(found) == 1 else None


def _entry(work: Work, money: Money, account: str) -> Entry:
    lines = (Line(money.account, money.cents), Line(account, -money.cents))
    return Entry(work.id, "post", f"Received {money.receipt}", lines)
