"""Borrow. Product, amount, what it is for, over how long; then the whole price and all dates before the PIN.

The PIN is the yes. What an officer decides is answered by SMS.
"""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from msgspec import convert

from flows import guarantors
from flows.again import Again
from flows.amounts import whole_shillings
from flows.kit import Emit, Flow, Gone, Offer, Refusal, View, ask, choose, decide, end, secret
from flows.known import Borrowing, Credit, Due, Product, Quote
from flows.loans import priced, quoted
from flows.price import cost_words, dates_words, quote_slots, total_words
from flows.reasons import REASONS, reason_offers
from flows.wallet import is_closed
from menus.values import Clock, Day, Days, Ksh, MaskedPhone

PERSON = "person"
TERMS = tuple(field.name for field in fields(Product))
PURPOSES = ("business", "farm", "school", "hospital", "home", "other")
LENT = Again("loan.disburse", lambda view: view.data["quote"]["net_cents"])


def _borrowing(view: View) -> Borrowing:
    borrowing: Borrowing = view.fact("borrowing")
    return borrowing


def _bind_shown(view: View) -> Mapping[str, Any]:
    """What was shown as allowed stays so until the price is agreed to; the reservation checks it once more."""
    borrowing = _borrowing(view)
    return {
        "limits": [borrowing.limit_cents, borrowing.used_cents, borrowing.available_cents],
        "products": [[getattr(product, name) for name in TERMS] for product in borrowing.products],
    }


def _bind_needs(view: View) -> Mapping[str, Any]:
    """How many people have to be named for the chosen product."""
    return {"guarantors_needed": _product(view).guarantors}


def _product(view: View) -> Product:
    """The product that was chosen, as it was shown. Raises Gone when it is not among those shown."""
    for shown in view.data.get("products", ()):
        key, *_ = shown
        if key == view.data["product"]:
            return convert(dict(zip(TERMS, shown, strict=True)), Product)
    raise Gone(view.data.get("product"))


def _under_way(view: View) -> bool:
    return any(request.kind == "loan.disburse" for request in _borrowing(view).requests)


def _late(view: View) -> bool:
    return _borrowing(view).late is not None


def _full(view: View) -> bool:
    borrowing = _borrowing(view)
    return not borrowing.products and borrowing.used_cents > 0 and borrowing.limit_cents > 0


def _none(view: View) -> bool:
    return not _borrowing(view).products and not _borrowing(view).may_ask


def _asks_person(view: View) -> bool:
    return bool(view.answer == PERSON)


def _asks_purpose(view: View) -> bool:
    return _product(view).asks_purpose


def _asks_bureau(view: View) -> bool:
    return _product(view).asks_bureau


def _has_one_term(view: View) -> bool:
    return len(_product(view).terms) == 1


def _is_secured(view: View) -> bool:
    return bool(_product(view).secured_percent)


def _needs_guarantors(view: View) -> bool:
    return bool(view.data.get("guarantors_needed"))


def _secured_slots(view: View) -> Mapping[str, object]:
    """The part of the amount that is set aside, in whole shillings at least."""
    cents = -(-view.data["amount"] * _product(view).secured_percent // 100)
    return {"held": Ksh(cents), "principal": Ksh(view.data["amount"])}


def _limit_slots(limit_cents: int, used_cents: int, available_cents: int) -> dict[str, object]:
    return {"limit": Ksh(limit_cents), "used": Ksh(used_cents), "available": Ksh(available_cents)}


def _limits(view: View) -> Mapping[str, object]:
    borrowing = _borrowing(view)
    slots = _limit_slots(borrowing.limit_cents, borrowing.used_cents, borrowing.available_cents)
    if borrowing.late:
        late = borrowing.late
        slots |= {"loan": late.reference, "days": Days(late.days_late), "amount": Ksh(late.next_cents)}
    return slots


def _late_loan(view: View) -> Mapping[str, Any]:
    late = _borrowing(view).late
    return {"loan": late.reference} if late else {}


def _products(view: View) -> Iterable[Offer]:
    for product in _borrowing(view).products:
        if product.days:
            yield Offer(product.key, "each", {"product": product.name, "days": Days(product.days)})
        else:
            months = {"least": min(product.terms), "most": max(product.terms)}
            yield Offer(product.key, "monthly", {"product": product.name, **months})
    if _borrowing(view).may_ask:
        yield Offer(PERSON, "person")


def _most_cents(view: View) -> int:
    """The most of this product that the limit still leaves, in whole shillings."""
    available_cents: int = view.data["limits"][2]
    return min(_product(view).max_cents, available_cents // 100 * 100)


def _range(view: View) -> Mapping[str, object]:
    product = _product(view)
    return {"product": product.name, "min": Ksh(product.min_cents), "max": Ksh(_most_cents(view))}


def _amount(view: View, text: str) -> int | Refusal:
    """More than the product gives is refused with the range, more than the limit leaves with the limit."""
    product = _product(view)
    cents = whole_shillings(text, product.min_cents, product.max_cents)
    if isinstance(cents, Refusal):
        return whole_shillings(text, product.min_cents, _most_cents(view))
    if cents > _most_cents(view):
        return Refusal("over_limit", _limit_slots(*view.data["limits"]), alone=True)
    return cents


def _quote(view: View, repayments: int) -> Quote:
    quote: Quote = view.fact("quote", view.data["product"], view.data["amount"], repayments)
    return quote


def _chosen_term(view: View) -> int:
    return int(view.data["term"]) if not _has_one_term(view) else _product(view).terms[0]


def _terms(view: View) -> Iterable[Offer]:
    """Each number of months, with what a month then costs."""
    for months in _product(view).terms:
        yield Offer(str(months), "months", {"months": months, "amount": Ksh(_quote(view, months).each_cents)})


def _term_slots(view: View) -> Mapping[str, object]:
    return {"product": _product(view).name, "principal": Ksh(view.data["amount"])}


def _bind_quote(view: View) -> Mapping[str, Any]:
    """The price shown is the price taken: it travels in the session, not re-read at the PIN."""
    return {"quote": quoted(_quote(view, _chosen_term(view))), "reviewed": _product(view).reviewed}


def _dues(view: View) -> Iterable[Offer]:
    quote, today = view.data["quote"], view.facts.now.date()
    dues: tuple[Due, ...] = view.fact("dues", view.data["product"], view.data["amount"], quote["repayments"])
    return (Offer("", "row", {"due": Day(due.on, today), "amount": Ksh(due.cents)}) for due in dues)


def _price(view: View) -> Mapping[str, object]:
    return quote_slots(view.data["quote"], view.facts.now.date())


def _terms_by_sms(view: View) -> Emit | None:
    if view.answer != "terms":
        return None
    quote = view.data["quote"]
    return Emit("sms.notice", "SM", {"template": priced("borrow.offer", quote), "quote": quote})


def _again(view: View) -> Mapping[str, object]:
    before = LENT.before(view)
    shown = {"loan": before.reference, "at": Clock(before.at)} if before else {"loan": "", "at": Clock(view.facts.now)}
    return {"net": Ksh(view.data["quote"]["net_cents"]), **shown}


def _request(view: View) -> Emit:
    """What was agreed to on the way is sealed by the PIN."""
    intent = {"product": view.data["product"], "quote": view.data["quote"]}
    if "again" in view.data:
        intent["again"] = view.data["again"]
    if "purpose" in view.data:
        intent["purpose"] = view.data["purpose"]
    if _needs_guarantors(view):
        intent["guarantors"] = [person for person, _ in view.data["guarantors"]]
    if view.data.get("bureau") == "agree":
        wording = view.fact("organisation").terms_version
        intent["bureau"] = {"version": wording, "language": view.session.language}
    return Emit("loan.disburse", "LN", intent, f"loan:{view.session.customer}")


def _accepted(view: View) -> Mapping[str, object]:
    return {
        "reference": view.data["reference"],
        "net": Ksh(view.data["quote"]["net_cents"]),
        "phone": MaskedPhone(view.fact("customer").phone),
    }


def _is_reviewed(view: View) -> bool:
    return bool(view.data["reviewed"])


def _review_slots(view: View) -> Mapping[str, object]:
    return {"reference": view.data["reference"], "answer_by": Clock(view.fact("answer_by"))}


def _credit(view: View) -> Credit:
    credit: Credit = view.fact("credit")
    return credit


def _credit_lines(view: View) -> Iterable[Offer]:
    return reason_offers((reason.code, reason.value) for reason in _credit(view).reasons)


def _credit_offers(view: View) -> Iterable[Offer]:
    return (Offer("pay"),) if _late(view) else ()


def _credit_slots(view: View) -> Mapping[str, object]:
    return {"limit": Ksh(_credit(view).limit_cents)}


def _pin_words(view: View) -> str:
    return "pin" if view.data["quote"]["penalty_cents"] else "pin_no_penalty"


flow = Flow(
    "borrow",
    [
        decide(
            "start",
            [
                (_under_way, "resume:lending"),
                (_late, "late"),
                (_full, "full"),
                (_none, "none"),
                (None, "product"),
            ],
        ),
        choose(
            "product",
            to=[(_asks_person, "peer:"), (is_closed, "wallet:safety"), (None, "amount")],
            saves="product",
            offers=_products,
            labels=("each", "monthly", PERSON),
            slots=_limits,
            binds=_bind_shown,
        ),
        ask("amount", parse=_amount, to="why", slots=_range, binds=_bind_needs, refuses=("amount", "over_limit")),
        decide("why", [(_asks_purpose, "purpose"), (None, "checked")]),
        choose("purpose", to={"*": "checked"}, saves="purpose", labels=PURPOSES),
        decide("checked", [(_asks_bureau, "bureau"), (None, "length")]),
        choose("bureau", to={"agree": "length", "no": "unchecked"}, saves="bureau"),
        decide("length", [(_has_one_term, "securing"), (None, "term")]),
        choose("term", to={"*": "securing"}, saves="term", offers=_terms, labels=("months",), slots=_term_slots),
        decide("securing", [(_is_secured, "secured"), (None, "guarding")]),
        choose("secured", to={"agree": "guarding", "no": "unsecured"}, slots=_secured_slots, confirms=True),
        decide("guarding", [(_needs_guarantors, "guarantors"), (None, "pricing")]),
        *guarantors.steps(to="pricing"),
        decide("pricing", [(_has_one_term, "cost"), (None, "total")]),
        choose(
            "total",
            to={"dates": "dates"},
            words=lambda view: total_words(view.data["quote"]),
            variants=("total", "total_fee", "total_duty"),
            slots=_price,
            binds=_bind_quote,
        ),
        choose(
            "dates",
            to={"accept": "accepting", "terms": "dates", "all": "rows"},
            words=lambda view: dates_words(view.data["quote"]),
            variants=("dates", "dates_no_penalty", "dates_uneven", "dates_uneven_no_penalty"),
            slots=_price,
            emits=_terms_by_sms,
            confirms=True,
        ),
        choose("rows", to="dates", slots=_price, lines=_dues, labels=("row",), offers=lambda _: ()),
        choose(
            "cost",
            to={"accept": "accepting", "terms": "cost"},
            words=lambda view: cost_words(view.data["quote"]),
            variants=("cost", "cost_no_fee", "cost_duty"),
            slots=_price,
            binds=_bind_quote,
            emits=_terms_by_sms,
            confirms=True,
        ),
        decide("accepting", [(LENT.was_paid, "again"), (None, "pin")]),
        choose("again", to={"yes": "pin", "no": "wallet:cancelled"}, slots=_again, binds=LENT.bind, confirms=True),
        secret(
            "pin",
            to="sent",
            words=_pin_words,
            variants=("pin", "pin_no_penalty"),
            slots=_price,
            emits=_request,
        ),
        decide("sent", [(_needs_guarantors, "guaranteed"), (_is_reviewed, "review"), (None, "accepted")]),
        end("guaranteed", slots=_accepted),
        end("review", slots=_review_slots),
        end("unchecked"),
        end("unsecured"),
        end("accepted", slots=_accepted),
        choose("late", to={"pay": "repay:opened", "limits": "limits"}, slots=_limits, binds=_late_loan, confirms=True),
        choose("full", to={"repay": "repay:", "limits": "limits"}, slots=_limits, confirms=True),
        choose("none", to={"limits": "limits", "help": "help:"}, confirms=True),
        choose(
            "limits",
            to={"pay": "repay:opened"},
            slots=_credit_slots,
            lines=_credit_lines,
            offers=_credit_offers,
            labels=("pay", *REASONS),
            binds=_late_loan,
        ),
    ],
    resumable=True,
)
