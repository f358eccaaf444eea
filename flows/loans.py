"""My loans: the list, one loan, its schedule page by page, and what paying it off today takes."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import date, timedelta
from typing import Any

from flows.kit import Emit, Flow, Gone, Offer, View, choose, decide, end
from flows.known import Loan, Quote
from menus.values import Day, Days, Ksh

LISTED_MAX = 20
PRICE = tuple(field.name for field in fields(Quote))
LISTED_LABELS = ("each", "late")


def loans(view: View) -> tuple[Loan, ...]:
    """The customer's running loans: late ones first, then by due date."""
    found: tuple[Loan, ...] = view.fact("loans")
    return found[:LISTED_MAX]


def has_none(view: View) -> bool:
    return not loans(view)


def chosen(view: View) -> Loan:
    """The loan that was chosen. Raises Gone when it has been paid off meanwhile."""
    for loan in loans(view):
        if loan.reference == view.data["loan"]:
            return loan
    raise Gone(view.data["loan"])


def payment_under_way(view: View) -> bool:
    """A first try for the chosen loan is shown instead of a second one."""
    return any(request.about == view.data["loan"] for request in view.fact("customer").requests)


def offered_loans(view: View) -> Iterable[Offer]:
    """The loans as choices; the choice is bound to the loan, not to its place in the list."""
    return (Offer(loan.reference, "late" if loan.days_late else "each", loan_slots(view, loan)) for loan in loans(view))


def loan_slots(view: View, loan: Loan) -> Mapping[str, object]:
    """The slots of every text that names a loan and what it owes."""
    return {
        "loan": loan.reference,
        "product": loan.product,
        "owed": Ksh(loan.owed_cents),
        "of": Ksh(loan.total_cents),
        "next": Ksh(loan.next_cents),
        "due": Day(loan.next_due, view.facts.now.date()),
        "days": Days(loan.days_late),
        "penalty": Ksh(loan.penalty_cents),
        "payoff": Ksh(loan.payoff_cents),
        "saved": Ksh(loan.owed_cents - loan.payoff_cents),
    }


def chosen_slots(view: View) -> Mapping[str, object]:
    return loan_slots(view, chosen(view))


def wallet_covers(view: View, cents: int) -> bool:
    """Whether the wallet could pay `cents` now. Says yes or no only: no balance is shown by it."""
    return bool(view.fact("balances").wallet_cents >= cents)


def quoted(quote: Quote) -> dict[str, Any]:
    """A price as plain values, for a session or an intent."""
    first = quote.first_due.isoformat() if quote.first_due else None
    return {**{name: getattr(quote, name) for name in PRICE}, "due": quote.due.isoformat(), "first_due": first}


def priced(template: str, quote: Mapping[str, Any]) -> str:
    """The message that names a duty, where there is one on top of the charges."""
    return f"{template}_duty" if quote.get("duty_cents") else template


def is_capped(view: View) -> bool:
    return chosen(view).is_capped


def is_late(view: View) -> bool:
    return chosen(view).days_late > 0


def _detail_offers(view: View) -> Iterable[Offer]:
    offers = (Offer("repay"), Offer("schedule"), Offer("payoff"))
    return (*offers, Offer("terms")) if chosen(view).terms else offers


def _time(view: View) -> tuple[Offer, ...]:
    """A promise is made to the house; another person who lent is asked in person."""
    return (Offer("time"),) if chosen(view).promise_days else ()


def _late_offers(view: View) -> Iterable[Offer]:
    return (Offer("repay"), Offer("schedule"), *_time(view))


def _capped_offers(view: View) -> Iterable[Offer]:
    return (Offer("repay"), *_time(view))


def has_promised(view: View) -> bool:
    """One promise for a loan at a time."""
    return chosen(view).promised is not None


def _days_to_promise(view: View) -> Iterable[Offer]:
    """From tomorrow on; the choice is bound to the day itself."""
    today = view.facts.now.date()
    days = (today + timedelta(days=ahead) for ahead in range(1, chosen(view).promise_days + 1))
    return (Offer(day.isoformat(), "each", {"day": Day(day, today)}) for day in days)


def _promise(view: View) -> Emit:
    return Emit("loan.promise", "PM", {"loan": view.data["loan"], "pay_on": view.answer})


def _promised_slots(view: View) -> Mapping[str, object]:
    today = view.facts.now.date()
    return {**chosen_slots(view), "day": Day(date.fromisoformat(view.data["pay_on"]), today)}


def _promised_before_slots(view: View) -> Mapping[str, object]:
    promised = chosen(view).promised
    return {**chosen_slots(view), "day": Day(promised, view.facts.now.date())} if promised else chosen_slots(view)


def _terms_by_sms(view: View) -> Emit | None:
    loan = chosen(view)
    if view.answer != "terms" or loan.terms is None:
        return None
    quote = quoted(loan.terms)
    intent = {"template": priced("borrow.terms", quote), "loan": loan.reference, "quote": quote}
    return Emit("sms.notice", "SM", intent)


def _schedule(view: View) -> Iterable[Offer]:
    today = view.facts.now.date()
    loan = chosen(view)
    for due in loan.schedule:
        slots = {"due": Day(due.on, today), "amount": Ksh(due.cents)}
        yield Offer("", "paid" if due.is_paid else "due", slots)
    yield Offer("", "total", {"total": Ksh(loan.total_cents)})


def _payoff_words(view: View) -> str:
    loan = chosen(view)
    return "payoff" if loan.payoff_cents < loan.owed_cents else "payoff_full"


def _payoff_sources(view: View) -> Iterable[Offer]:
    """`2` is M-PESA whether the wallet covers it or not."""
    wallet = (Offer("wallet"),) if wallet_covers(view, chosen(view).payoff_cents) else ()
    return (*wallet, Offer("mpesa", digits="2"))


def _payoff_amount(view: View) -> Mapping[str, Any]:
    cents = chosen(view).payoff_cents
    return {"choice": "payoff", "payoff": cents, "amount": cents}


flow = Flow(
    "loans",
    [
        decide("start", [(has_none, "none"), (None, "list")]),
        choose("list", to="one", saves="loan", offers=offered_loans, labels=LISTED_LABELS),
        decide("one", [(is_capped, "capped"), (is_late, "late"), (None, "detail")]),
        choose(
            "late",
            to={"repay": "repay:opened", "schedule": "schedule", "time": "asking"},
            slots=chosen_slots,
            offers=_late_offers,
        ),
        choose("capped", to={"repay": "repay:opened", "time": "asking"}, slots=chosen_slots, offers=_capped_offers),
        choose(
            "detail",
            to={"repay": "repay:opened", "schedule": "schedule", "payoff": "closing", "terms": "detail"},
            slots=chosen_slots,
            offers=_detail_offers,
            emits=_terms_by_sms,
        ),
        choose(
            "schedule",
            to="detail",
            slots=chosen_slots,
            lines=_schedule,
            labels=("due", "paid", "total"),
            offers=lambda _: (),
        ),
        decide("closing", [(payment_under_way, "resume:accepted"), (None, "payoff")]),
        choose(
            "payoff",
            to={"wallet": "repay:wallet", "mpesa": "repay:stk"},
            words=_payoff_words,
            variants=("payoff", "payoff_full"),
            slots=chosen_slots,
            offers=_payoff_sources,
            binds=_payoff_amount,
        ),
        decide("asking", [(has_promised, "promised_before"), (None, "time")]),
        choose(
            "time",
            to="promised",
            saves="pay_on",
            slots=chosen_slots,
            offers=_days_to_promise,
            labels=("each",),
            emits=_promise,
        ),
        end("promised", slots=_promised_slots),
        end("promised_before", slots=_promised_before_slots),
        end("none"),
    ],
    private=True,
)
