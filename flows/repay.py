"""F5: repay an own loan from the wallet or by M-PESA.

The M-PESA prompt goes out after the session ends and is protected by the M-PESA PIN, so a locked Nyota PIN
never stops a debt being paid; money leaving the wallet asks for the Nyota PIN.
"""

from collections.abc import Mapping
from typing import Any

from flows.amounts import up_to_shilling, whole_shillings
from flows.kit import Emit, Flow, Refusal, View, ask, choose, decide, end, secret
from flows.loans import (
    LISTED_LABELS,
    chosen,
    chosen_slots,
    has_none,
    offered_loans,
    payment_under_way,
    wallet_covers,
)
from menus.values import Ksh, MaskedPhone

PART_MIN_CENTS = 50_00
MPESA_MAX_CENTS = 250_000_00


def _dues(view: View) -> Mapping[str, Any]:
    loan = chosen(view)
    return {"next": loan.next_cents, "payoff": loan.payoff_cents}


def _picked_cents(view: View) -> int:
    """The amount as it was shown beside the choice, not as it would be now."""
    cents: int = view.data[view.data["choice"]]
    return cents


def _pick_amount(view: View) -> Mapping[str, Any]:
    return {"amount": _picked_cents(view)}


def _least_cents(view: View) -> int:
    return min(PART_MIN_CENTS, up_to_shilling(view.data["payoff"]))


def _part(view: View, text: str) -> int | Refusal:
    return whole_shillings(text, _least_cents(view), MPESA_MAX_CENTS)


def _part_range(view: View) -> Mapping[str, object]:
    return {"loan": view.data["loan"], "min": Ksh(_least_cents(view)), "max": Ksh(MPESA_MAX_CENTS)}


def _wallet_covers(view: View) -> bool:
    return wallet_covers(view, _picked_cents(view))


def _sources(view: View) -> Mapping[str, object]:
    return {"amount": Ksh(view.data["amount"]), "phone": MaskedPhone(view.fact("customer").phone)}


def _wallet_slots(view: View) -> Mapping[str, object]:
    return {"amount": Ksh(view.data["amount"]), "loan": view.data["loan"], "fee": Ksh(0)}


def _asked_cents(view: View) -> int:
    """What the M-PESA prompt asks: whole shillings."""
    return up_to_shilling(view.data["amount"])


def _mpesa_slots(view: View) -> Mapping[str, object]:
    asked = _asked_cents(view)
    return {
        "amount": Ksh(asked),
        "loan": view.data["loan"],
        "phone": MaskedPhone(view.fact("customer").phone),
        "charge": Ksh(view.fact("mpesa_charge", asked)),
        "fee": Ksh(0),
    }


def _from_wallet(view: View) -> Emit:
    return _payment(view, "repay.wallet", view.data["amount"])


def _by_mpesa(view: View) -> Emit | None:
    return _payment(view, "repay.stk", _asked_cents(view)) if view.answer == "pay" else None


def _payment(view: View, kind: str, cents: int) -> Emit:
    """One open payment per loan, whichever way it is made."""
    loan = view.data["loan"]
    return Emit(kind, "PY", {"loan": loan, "amount_cents": cents}, f"repay:{loan}")


def _wallet_end(view: View) -> Mapping[str, object]:
    return {**_wallet_slots(view), "reference": view.data["reference"]}


def _mpesa_end(view: View) -> Mapping[str, object]:
    return {
        "amount": Ksh(_asked_cents(view)),
        "organisation": view.fact("organisation").name.upper(),
        "reference": view.data["reference"],
    }


flow = Flow(
    "repay",
    [
        decide("start", [(has_none, "none"), (None, "loan")]),
        choose("loan", to="opened", saves="loan", offers=offered_loans, labels=LISTED_LABELS),
        decide("opened", [(payment_under_way, "resume:accepted"), (None, "amount")]),
        choose(
            "amount",
            to={"next": "source", "payoff": "source", "other": "other"},
            saves="choice",
            slots=chosen_slots,
            binds=_dues,
        ),
        ask("other", parse=_part, to="source", slots=_part_range, refuses=("amount",)),
        decide("source", [(_wallet_covers, "from"), (None, "stk")]),
        choose("from", to={"wallet": "wallet", "mpesa": "stk"}, slots=_sources, binds=_pick_amount),
        secret("wallet", to="walletend", slots=_wallet_slots, emits=_from_wallet),
        choose(
            "stk",
            to={"pay": "stkend", "cancel": "cancelled"},
            slots=_mpesa_slots,
            binds=_pick_amount,
            emits=_by_mpesa,
            confirms=True,
        ),
        end("walletend", slots=_wallet_end),
        end("stkend", slots=_mpesa_end),
        end("cancelled"),
        end("none"),
    ],
    resumable=True,
)
