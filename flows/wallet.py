"""The wallet: money in by M-PESA, out to the own line, and what was sent and nobody has claimed yet.

Nothing here shows a balance, so no PIN is asked to look; the PIN comes with what leaves.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from flows.again import Again
from flows.amounts import whole_shillings
from flows.kit import Emit, Flow, Gone, Guard, Offer, Refusal, View, ask, choose, decide, end, secret
from flows.known import Allowed, Unclaimed
from flows.linked import OWN, linked_lines, payer_intent, payer_phone, payers
from menus.values import Clock, Day, Ksh, MaskedPhone

LIMITED = ("amount", "amount_day", "amount_room")
REACHED = {"transaction": "reached_day", "day": "reached_day", "room": "reached_room"}
BOUNDS = {"transaction": "amount", "day": "amount_day", "room": "amount_room"}
LISTED_MAX = 9
WITHDRAWN = Again("wallet.withdraw", lambda view: view.data["amount"])


def allowed(view: View, kind: str) -> Allowed:
    """How much of a kind (deposit, withdraw, send) may move now."""
    known: Allowed = view.fact("wallet_allowed", kind)
    return known


def amount_of(view: View, text: str, kind: str) -> int | Refusal:
    """What was typed, if it may move; else the nearest that may, and why not more."""
    known = allowed(view, kind)
    cents = whole_shillings(text, known.least_cents, known.most_cents)
    above = whole_shillings(text, known.most_cents + 1, 10**12)
    if isinstance(cents, Refusal) and not isinstance(above, Refusal):
        return Refusal(BOUNDS[known.bound], cents.slots)
    return cents


def range_of(view: View, kind: str) -> Mapping[str, object]:
    known = allowed(view, kind)
    return {"min": Ksh(known.least_cents), "max": Ksh(known.most_cents)}


def is_reached(kind: str) -> Guard:
    """Whether not even the least may move."""

    def reached(view: View) -> bool:
        known = allowed(view, kind)
        return known.most_cents < known.least_cents

    return reached


def fee_cents(view: View, kind: str, cents: int) -> int:
    fee: int = view.fact("wallet_fee", kind, cents)
    return fee


def covered(view: View, cents: int, kind: str) -> int | Refusal:
    """The amount, if the wallet has it and the fee: says yes or no, shows no balance."""
    fee = fee_cents(view, kind, cents)
    if view.fact("balances").wallet_cents < cents + fee:
        return Refusal("wallet_short", {"amount": Ksh(cents), "fee": Ksh(fee)})
    return cents


def is_closed(view: View) -> bool:
    """Whether no money may leave for some days."""
    return view.fact("outgoing_from") is not None


def opens(view: View) -> Mapping[str, object]:
    moment: datetime = view.fact("outgoing_from") or view.facts.now
    return {"day": Day(moment.date(), view.facts.now.date())}


def _own_phone(view: View) -> MaskedPhone:
    return MaskedPhone(view.fact("customer").phone)


def _unclaimed(view: View) -> tuple[Unclaimed, ...]:
    found: tuple[Unclaimed, ...] = view.fact("unclaimed")
    return found[:LISTED_MAX]


def _offered(view: View) -> Iterable[Offer]:
    """Taking back is offered only while there is something to take back."""
    offers = (Offer("deposit"), Offer("withdraw"), Offer("send"), Offer("mini"), Offer("schedule", digits="6"))
    return (*offers, Offer("unclaimed")) if _unclaimed(view) else offers


def _deposit(view: View, text: str) -> int | Refusal:
    return amount_of(view, text, "deposit")


def _deposit_range(view: View) -> Mapping[str, object]:
    return {**range_of(view, "deposit"), "phone": _own_phone(view)}


def _deposit_slots(view: View) -> Mapping[str, object]:
    cents = view.data["amount"]
    return {
        "amount": Ksh(cents),
        "phone": payer_phone(view),
        "charge": Ksh(view.fact("mpesa_charge", cents)),
        "fee": Ksh(0),
    }


def _by_mpesa(view: View) -> Emit | None:
    """One open deposit at a time."""
    if view.answer != "pay":
        return None
    intent = {"amount_cents": view.data["amount"], **payer_intent(view)}
    return Emit("wallet.deposit", "DP", intent, f"deposit:{view.session.customer}")


def _sources(view: View) -> Iterable[Offer]:
    return (Offer(OWN), *payers(view))


def _has_other_phones(view: View) -> bool:
    return bool(linked_lines(view))


def _source_slots(view: View) -> Mapping[str, object]:
    return {"amount": Ksh(view.data["amount"]), "phone": _own_phone(view)}


def _deposit_end(view: View) -> Mapping[str, object]:
    """What the prompt on the phone should show, to compare it with."""
    return {
        "amount": Ksh(view.data["amount"]),
        "organisation": view.fact("organisation").name.upper(),
        "reference": view.data["reference"],
    }


def _reached_words(kind: str) -> Any:
    return lambda view: REACHED[allowed(view, kind).bound]


def _withdrawal(view: View, text: str) -> int | Refusal:
    cents = amount_of(view, text, "withdraw")
    return cents if isinstance(cents, Refusal) else covered(view, cents, "withdraw")


def _withdraw_range(view: View) -> Mapping[str, object]:
    return {**range_of(view, "withdraw"), "phone": _own_phone(view)}


def _again(view: View) -> Mapping[str, object]:
    before = WITHDRAWN.before(view)
    return {"amount": Ksh(view.data["amount"]), "at": Clock(before.at if before else view.facts.now)}


def _fee(view: View) -> Mapping[str, Any]:
    return {"fee": fee_cents(view, "withdraw", view.data["amount"])}


def _withdraw_slots(view: View) -> Mapping[str, object]:
    return {"amount": Ksh(view.data["amount"]), "phone": _own_phone(view), "fee": Ksh(view.data["fee"])}


def _to_mpesa(view: View) -> Emit:
    """The fee is the one that was shown with the PIN, `again` what was meant again. One open withdrawal at a time."""
    intent = {"amount_cents": view.data["amount"], "fee_cents": view.data["fee"]}
    if "again" in view.data:
        intent["again"] = view.data["again"]
    return Emit("wallet.withdraw", "WD", intent, f"withdraw:{view.session.customer}")


def _withdraw_end(view: View) -> Mapping[str, object]:
    return {"amount": Ksh(view.data["amount"]), "phone": _own_phone(view), "reference": view.data["reference"]}


def _waiting(view: View) -> Iterable[Offer]:
    for each in _unclaimed(view):
        yield Offer(each.reference, "each", _unclaimed_slots(each))


def _unclaimed_slots(each: Unclaimed) -> Mapping[str, object]:
    return {"amount": Ksh(each.amount_cents), "phone": MaskedPhone(each.phone), "reference": each.reference}


def _chosen(view: View) -> Mapping[str, object]:
    for each in _unclaimed(view):
        if each.reference == view.data["transfer"]:
            return _unclaimed_slots(each)
    raise Gone(view.data["transfer"])


def _take_back(view: View) -> Emit:
    transfer = view.data["transfer"]
    return Emit("wallet.takeback", "TB", {"transfer": transfer}, f"takeback:{transfer}")


flow = Flow(
    "wallet",
    [
        choose(
            "menu",
            to={
                "deposit": "deposit",
                "withdraw": "withdraw",
                "send": "send:",
                "mini": "mini:wallet",
                "unclaimed": "unclaimed",
                "schedule": "schedule:",
            },
            offers=_offered,
        ),
        decide("deposit", [(is_reached("deposit"), "full"), (None, "depositing")]),
        ask("depositing", parse=_deposit, to="whose", saves="amount", slots=_deposit_range, refuses=LIMITED),
        decide("whose", [(_has_other_phones, "source"), (None, "stk")]),
        choose("source", to="stk", saves="source", slots=_source_slots, offers=_sources, labels=(OWN, "line")),
        choose(
            "stk",
            to={"pay": "depositend", "cancel": "cancelled"},
            slots=_deposit_slots,
            emits=_by_mpesa,
            confirms=True,
        ),
        end("depositend", slots=_deposit_end),
        end(
            "full",
            words=_reached_words("deposit"),
            variants=("reached_day", "reached_room"),
            slots=lambda view: range_of(view, "deposit"),
        ),
        decide("withdraw", [(is_closed, "safety"), (is_reached("withdraw"), "reached"), (None, "withdrawing")]),
        ask(
            "withdrawing",
            parse=_withdrawal,
            to="withdrawn",
            saves="amount",
            slots=_withdraw_range,
            refuses=("amount", "amount_day", "wallet_short"),
        ),
        decide("withdrawn", [(WITHDRAWN.was_paid, "again"), (None, "withdrawpin")]),
        choose(
            "again", to={"yes": "withdrawpin", "no": "cancelled"}, slots=_again, binds=WITHDRAWN.bind, confirms=True
        ),
        secret("withdrawpin", to="withdrawend", slots=_withdraw_slots, binds=_fee, emits=_to_mpesa),
        end("withdrawend", slots=_withdraw_end),
        end("safety", slots=opens),
        end("reached"),
        choose("unclaimed", to={"*": "takeback"}, saves="transfer", offers=_waiting, labels=("each",)),
        secret("takeback", to="takebackend", slots=_chosen, emits=_take_back),
        end("takebackend", slots=_chosen),
        end("cancelled"),
    ],
    resumable=True,
)
