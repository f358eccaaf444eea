"""Asking a person for a loan: who, how much, what is added, until when; the PIN screen says it all once more.

Nothing is owed before that person has agreed. Whoever cannot be asked is told from nobody, whatever the reason.
"""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from flows.amounts import whole_shillings
from flows.days import example, typed_day
from flows.kit import Emit, Flow, Refusal, View, ask, decide, end, secret
from flows.known import Lender, PeerTerms, Quote
from flows.loans import quoted
from flows.numbers import has_no_lookups, looked_up
from flows.text import msisdn
from menus.values import Day, Days, Ksh, ShortName

EXAMPLE_DAYS = 30


def _terms(view: View) -> PeerTerms:
    terms: PeerTerms = view.fact("peer_terms")
    return terms


def _lender(view: View, text: str) -> list[str] | Refusal:
    """Id, short name and number of whoever may be asked; nothing when nobody may be."""
    number = msisdn(text)
    if number is None:
        return Refusal("phone")
    if number == view.fact("customer").phone:
        return Refusal("own_phone")
    if has_no_lookups(view):
        return []
    lender: Lender | None = view.fact("lender", number)
    return [lender.id, lender.name, number] if lender else []


def _is_nobody(view: View) -> bool:
    return not view.answer


def _amount(view: View, text: str) -> int | Refusal:
    terms = _terms(view)
    return whole_shillings(text, terms.least_cents, terms.most_cents)


def _range(view: View) -> Mapping[str, object]:
    terms = _terms(view)
    return {"person": ShortName(view.data["lender"][1]), "min": Ksh(terms.least_cents), "max": Ksh(terms.most_cents)}


def _nothing_is_added(view: View) -> bool:
    """Where people may not lend each other for interest, nobody is asked how much."""
    return not _terms(view).added_percent_max


def _added(view: View, text: str) -> int | Refusal:
    """Percent on top: whole numbers, with or without the sign."""
    most = _terms(view).added_percent_max
    match = re.fullmatch(r"(\d{1,3})\s*%?", text.strip(), re.ASCII)
    if match is None or int(match[1]) > most:
        return Refusal("percent", {"least": 0, "most": most})
    return int(match[1])


def _percents(view: View) -> Mapping[str, object]:
    return {"most": _terms(view).added_percent_max, "amount": Ksh(view.data["amount"])}


def _due(view: View, text: str) -> str | Refusal:
    today, most = view.facts.now.date(), _terms(view).days_max
    day = typed_day(text, today)
    if day is None or not 1 <= (day - today).days <= most:
        return Refusal("day", _days(view))
    return day.isoformat()


def _days(view: View) -> Mapping[str, object]:
    most = _terms(view).days_max
    return {"days": Days(most), "most": most, "day": example(view.facts.now.date(), min(EXAMPLE_DAYS, most))}


def _bind_quote(view: View) -> Mapping[str, Any]:
    """What is shown is what is asked: the price, and the day by which to answer, before it would be due."""
    data, today = view.data, view.facts.now.date()
    quote: Quote = view.fact("peer_quote", data["amount"], data.get("added", 0), data["due"])
    answer_by = min(today + timedelta(days=_terms(view).answer_days), quote.due - timedelta(days=1))
    return {"quote": quoted(quote), "answer_by": answer_by.isoformat()}


def _price(view: View) -> Mapping[str, object]:
    quote, lender = view.data["quote"], view.data["lender"]
    return {
        "person": ShortName(lender[1]),
        "phone": "0" + lender[2][4:],
        "principal": Ksh(quote["principal_cents"]),
        "total": Ksh(quote["total_cents"]),
        "due": Day(date.fromisoformat(quote["due"]), view.facts.now.date()),
        "fee": Ksh(quote["fee_cents"]),
    }


def _request(view: View) -> Emit:
    """One open request from one person to another."""
    data = view.data
    lender_id, name, _ = data["lender"]
    intent = {
        "lender": lender_id,
        "person": name,
        "percent": data.get("added", 0),
        "quote": data["quote"],
        "answer_by": data["answer_by"],
    }
    return Emit("peer.ask", "RQ", intent, f"peer:{view.session.customer}:{lender_id}")


def _sent(view: View) -> Mapping[str, object]:
    answer_by = date.fromisoformat(view.data["answer_by"])
    return {
        "reference": view.data["reference"],
        "person": ShortName(view.data["lender"][1]),
        "day": Day(answer_by, view.facts.now.date()),
    }


flow = Flow(
    "peer",
    [
        ask(
            "phone",
            parse=_lender,
            saves="lender",
            to=[(_is_nobody, "nobody"), (None, "amount")],
            refuses=("phone", "own_phone"),
            emits=looked_up,
        ),
        ask("amount", parse=_amount, to="adding", slots=_range, refuses=("amount",)),
        decide("adding", [(_nothing_is_added, "day"), (None, "added")]),
        ask("added", parse=_added, to="day", slots=_percents, refuses=("percent",)),
        ask("day", parse=_due, saves="due", to="pin", slots=_days, refuses=("day",)),
        secret("pin", to="sent", slots=_price, binds=_bind_quote, emits=_request),
        end("sent", slots=_sent),
        end("nobody"),
    ],
    resumable=True,
)
