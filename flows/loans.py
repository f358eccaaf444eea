"""F4: my loans: the list, one loan, its schedule page by page, and what paying it off today takes."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from flows.amounts import up_to_shilling
from flows.kit import Emit, Flow, Gone, Offer, View, choose, decide, end
from flows.known import Loan, Quote
from menus.values import Day, Ksh

LISTED_MAX = 20


def loans(view: View) -> tuple[Loan, ...]:
    """The customer's running loans: late ones first, then by due date."""
    found: tuple[Loan, ...] = view.fact("loans")
    return found[:LISTED_MAX]


def chosen(view: View) -> Loan:
    """The loan that was chosen. Raises Gone when it has been paid off meanwhile."""
    for loan in loans(view):
        if loan.reference == view.data["loan"]:
            return loan
    raise Gone(view.data["loan"])


def offered_loans(view: View) -> Iterable[Offer]:
    """The loans as choices; the choice is bound to the loan, not to its place in the list."""
    return (
        Offer(loan.reference, "late" if loan.days_late else "each", loan_slots(view, loan))
        for loan in loans(view)
    )


def loan_slots(view: View, loan: Loan) -> Mapping[str, object]:
    """The slots of every text that names a loan and what it owes."""
    return {
        "loan": loan.reference,
        "product": loan.product,
        "owed": Ksh(loan.owed_cents),
        "of": Ksh(loan.total_cents),
        "next": Ksh(loan.next_cents),
        "due": Day(loan.next_due, view.facts.now.date()),
        "days": loan.days_late,
        "penalty": Ksh(loan.penalty_cents),
        "payoff": Ksh(up_to_shilling(loan.payoff_cents)),
        "saved": Ksh(loan.owed_cents - loan.payoff_cents),
    }


def chosen_slots(view: View) -> Mapping[str, object]:
    return loan_slots(view, chosen(view))


def wallet_covers(view: View, cents: int) -> bool:
    """Whether the wallet could pay `cents` now. Says yes or no only: no balance is shown by it."""
    return bool(view.fact("balances").wallet_cents >= cents)


def _has_none(view: View) -> bool:
    return not loans(view)


def _detail_words(view: View) -> str:
    return "late" if chosen(view).days_late else "detail"


def _schedule(view: View) -> Iterable[Offer]:
    today = view.facts.now.date()
    loan = chosen(view)
    for due in loan.schedule:
        yield Offer(
            "", "paid" if due.is_paid else "due", {"due": Day(due.on, today), "amount": Ksh(due.cents)}
        )
    yield Offer("", "total", {"total": Ksh(loan.total_cents)})


def _terms_by_sms(view: View) -> Emit | None:
    if view.answer != "terms":
        return None
    loan = chosen(view)
    return Emit(
        "sms.notice", "SM", {"template": "borrow.terms", "loan": loan.reference, "quote": quoted(loan.terms)}
    )


def quoted(quote: Quote) -> dict[str, Any]:
    """A price as plain values, for a session or an intent."""
    return {**asdict(quote), "due": quote.due.isoformat()}


def _payoff_words(view: View) -> str:
    loan = chosen(view)
    return "payoff" if loan.payoff_cents < loan.owed_cents else "payoff_full"


def _payoff_sources(view: View) -> Iterable[Offer]:
    covered = wallet_covers(view, chosen(view).payoff_cents)
    return (*([Offer("wallet")] if covered else []), Offer("mpesa", digits="2"))


def _payoff_amount(view: View) -> Mapping[str, Any]:
    cents = chosen(view).payoff_cents
    return {"choice": "payoff", "payoff": cents, "amount": cents}


flow = Flow(
    "loans",
    [
        decide("start", [(_has_none, "none"), (None, "list")]),
        choose("list", to={"*": "detail"}, saves="loan", offers=offered_loans),
        choose(
            "detail",
            to={"repay": "repay:amount", "schedule": "schedule", "payoff": "payoff", "terms": "detail"},
            words=_detail_words,
            slots=chosen_slots,
            emits=_terms_by_sms,
        ),
        choose("schedule", to="detail", slots=chosen_slots, lines=_schedule, offers=lambda _: ()),
        choose(
            "payoff",
            to={"wallet": "repay:wallet", "mpesa": "repay:stk"},
            words=_payoff_words,
            slots=chosen_slots,
            offers=_payoff_sources,
            binds=_payoff_amount,
        ),
        end("none"),
    ],
    private=True,
)
