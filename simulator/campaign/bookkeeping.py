"""Proofs about the books as a whole: they sum to zero, equal the rail to the cent, and explain every wallet."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from simulator.campaign.facts import Difference, Facts
from simulator.campaign.ledger import COLLECTION, PAYOUT, TRANSIT, Ledger

INTO = frozenset({"stk", "c2b"})


def proofs(facts: Facts) -> Iterable[Difference]:
    ledger = Ledger(facts)
    yield from _balanced(facts)
    yield from _totals(facts)
    yield from _wallets(ledger)
    for finding in facts.books_findings:
        yield Difference("the books prove themselves", "nyota books check", finding)


def _balanced(facts: Facts) -> Iterable[Difference]:
    for journal in facts.journals:
        if total := sum(cents for _, cents in journal.lines):
            yield Difference("a journal sums to zero", journal.id, f"{journal.operation_id} {journal.step}: {total}")


def _totals(facts: Facts) -> Iterable[Difference]:
    """What came in and went out at the rail is what our accounts of it show; nothing stays on its way."""
    posted: Counter[str] = Counter()
    for journal in facts.journals:
        if journal.is_posted:
            for account, cents in journal.lines:
                posted[account] += cents
    came_in = sum(moved.amount_cents for moved in facts.moved if moved.kind in INTO)
    went_out = sum(moved.amount_cents for moved in facts.moved if moved.kind not in INTO)
    for account, expected in ((COLLECTION, came_in), (PAYOUT, -went_out), (TRANSIT, 0)):
        if posted[account] != expected:
            detail = f"the rail says {expected}, the books {posted[account]} cents"
            yield Difference("books and rail agree to the cent", account, detail)
    for balance in facts.balances:
        if balance.held_cents and not any(operation.is_unfinished for operation in facts.operations):
            yield Difference("nothing is held for ever", balance.account, f"{balance.held_cents} cents")


def _wallets(ledger: Ledger) -> Iterable[Difference]:
    """A wallet holds what its owner paid in beyond what the loans took; whoever started with nothing has no more."""
    facts = ledger.facts
    late = ledger.penalties()
    withdrawals = defaultdict(list)
    for operation in facts.operations:
        if operation.kind == "wallet.withdraw":
            withdrawals[operation.customer_id].append(operation)
    dialled = {heard.phone for heard in facts.heard}
    for customer in facts.customers:
        if customer.phone not in dialled:
            continue
        paid = sum(moved.amount_cents for moved in facts.moved if moved.phone == customer.phone and moved.kind in INTO)
        loans = [loan for loan in facts.loans if loan.customer_id == customer.id and loan.state in {"active", "closed"}]
        taken = sum(loan.total_cents - ledger.owed_cents(loan) for loan in loans) + late[customer.id]
        wallet = f"wallet:{customer.id}"
        left = sum(cents for operation in withdrawals[customer.id] for cents in ledger.booked(operation, wallet))
        held = ledger.balance_cents(wallet)
        if held != paid - taken - left:
            detail = f"paid in {paid}, loans took {taken}, withdrawn {left}, wallet {held} cents"
            yield Difference("a wallet is explained by its dialogues", customer.phone, detail)
