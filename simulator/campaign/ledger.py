"""Facts put in order for the judge: which movement belongs to which operation, what is booked for it, who was told."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from simulator.campaign import words
from simulator.campaign.facts import Balance, Customer, Facts, Journal, Loan, Moved, Operation, Sms

COLLECTION, PAYOUT, TRANSIT = "mpesa.collection", "mpesa.payout", "transit.payout"
PENALTIES = "income.penalties"
MOVES = {"loan.disburse": "b2c", "repay.stk": "stk", "wallet.deposit": "stk", "wallet.withdraw": "b2c"}
"""The kind of movement each kind of operation is allowed, once."""
MONEY_KINDS = (*MOVES, "repay.wallet")

SAME = "same"
"""The step of a journal that takes back what was booked of one payment twice, or told with another sum."""

Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Told:
    """One SMS that said what became of an operation."""

    tone: words.Tone
    sms: Sms


class Ledger:
    """The facts by their references. Reads only."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.operations: Mapping[str, Operation] = {operation.reference: operation for operation in facts.operations}
        self.customers: Mapping[str, Customer] = {customer.id: customer for customer in facts.customers}
        self.loans: Mapping[str, Loan] = {loan.reference: loan for loan in facts.loans}
        self.balances: Mapping[str, Balance] = {balance.account: balance for balance in facts.balances}
        self._ids = {operation.id: operation for operation in facts.operations}
        self._moved = _grouped((self._meant(moved), moved) for moved in facts.moved)
        self._journals = _grouped((journal.operation_id, journal) for journal in facts.journals if journal.is_posted)
        self._received = {
            str(operation.intent.get("receipt")): operation
            for operation in facts.operations
            if operation.kind == "payment.received"
        }
        self._told = _grouped(_notices(facts.sms))

    def money_operations(self) -> Iterable[Operation]:
        return (operation for operation in self.facts.operations if operation.kind in MONEY_KINDS)

    def operation_of(self, moved: Moved) -> Operation | None:
        """The operation a movement names; None when it names none of ours."""
        operation = self._ids.get(self._meant(moved))
        return operation if operation and MOVES.get(operation.kind) == moved.kind else None

    def moved(self, operation: Operation) -> Sequence[Moved]:
        """What the rail moved for an operation."""
        return self._moved.get(operation.id, ())

    def posted(self, operation: Operation) -> Sequence[Journal]:
        return self._journals.get(operation.id, ())

    def booked(self, operation: Operation, account: str) -> Sequence[int]:
        """What was posted to an account for an operation, one sum per journal that touches it.

        Money booked as a payment nobody was asked for counts for the operation it was meant for. Where our books have
        found out themselves that two are one, what is left of them is one sum.
        """
        journals = list(self.posted(operation))
        for moved in self.moved(operation):
            if (received := self._received.get(moved.receipt)) is not None:
                journals += self.posted(received)
        touched = ([cents for key, cents in journal.lines if key == account] for journal in journals)
        sums = [sum(amounts) for amounts in touched if amounts]
        return [sum(sums)] if any(journal.step == SAME for journal in journals) else sums

    def told(self, reference: str) -> Sequence[Told]:
        """What was said about a reference, in the order in which it arrived."""
        return sorted(self._told.get(reference, ()), key=lambda told: told.sms.at)

    def phone(self, operation: Operation) -> str:
        customer = self.customers.get(operation.customer_id)
        return customer.phone if customer else ""

    def owed_cents(self, loan: Loan) -> int:
        """What our books still claim of a loan."""
        return sum(self.balance_cents(f"loan.{part}:{loan.id}") for part in ("principal", "interest"))

    def penalties(self) -> Counter[str]:
        """What each customer has paid for being late, in cents by their id: more than was agreed to be repaid."""
        paid: Counter[str] = Counter()
        for journal in self.facts.journals:
            cents = -sum(cents for account, cents in journal.lines if account == PENALTIES)
            if cents and journal.is_posted:
                paid[self._payer_of(journal)] += cents
        return paid

    def _payer_of(self, journal: Journal) -> str:
        """Whose operation it is; of a payment that came by itself, whose loan it touches, or whose phone sent it."""
        operation = self._ids[journal.operation_id]
        touched = {key.rpartition(":")[2] for key, _ in journal.lines if key.startswith("loan.")}
        by_loan = (loan.customer_id for loan in self.facts.loans if loan.id in touched)
        payer = operation.intent.get("payer")
        by_phone = (customer.id for customer in self.facts.customers if customer.phone == payer)
        return operation.customer_id or next(by_loan, "") or next(by_phone, "")

    def balance_cents(self, account: str) -> int:
        balance = self.balances.get(account)
        return balance.posted_cents if balance else 0

    def _meant(self, moved: Moved) -> str:
        if moved.kind == "b2c":
            return self.facts.requests.get(moved.reference, "")
        operation = self.operations.get(moved.reference)
        return operation.id if operation else ""


def expected_cents(operation: Operation) -> int:
    """What the customer agreed to move."""
    intent = operation.intent
    return int(intent["quote"]["net_cents"] if "quote" in intent else intent["amount_cents"])


def _notices(messages: Iterable[Sms]) -> Iterable[tuple[str, Told]]:
    for sms in messages:
        tone, reference = words.notice(sms.text)
        if tone != "neutral":
            yield reference, Told(tone, sms)


def _grouped(pairs: Iterable[tuple[Key, Value]]) -> Mapping[Key, Sequence[Value]]:
    groups: dict[Key, list[Value]] = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    return groups
