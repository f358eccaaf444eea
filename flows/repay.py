"""F5: repay an own loan from the wallet or by M-PESA.

The M-PESA prompt goes out after the session ends and is protected by the M-PESA PIN, so a locked Nyota PIN never
stops a debt being paid; money leaving the wallet asks for the Nyota PIN.
"""

from collections.abc import Mapping
from typing import Any

from flows.amounts import up_to_shilling, whole_shillings
from flows.kit import Emit, Flow, Refusal, View, ask, choose, decide, end, secret
from flows.loans import chosen, chosen_slots, loans, offered_loans, wallet_covers
from menus.values import Ksh, MaskedPhone

PART_MIN_CENTS = 50_00
MPESA_MAX_CENTS = 250_000_00


def _has_none(view: View) -> bool:
    return not loans(view)


def _under_way(view: View) -> bool:
    """A first try for the same loan is shown instead of a second one."""
    return any(request.about == view.data["loan"] for request in view.fact("customer").requests)


def _dues(view: View) -> Mapping[str, Any]:
    loan = chosen(view)
    return {"next": loan.next_cents, "payoff": loan.payoff_cents}


def _choice(view: View) -> str:
    choice: str = view.data["choice"]
    return choice


def _pick_amount(view: View) -> Mapping[str, Any]:
    """The amount as it was shown beside the choice, not as it would be now."""
    return {} if "choice" not in view.data else {"amount": view.data[_choice(view)]}


def _part(view: View, text: str) -> int | Refusal:
    least = min(PART_MIN_CENTS, up_to_shilling(view.data["payoff"]))
    return whole_shillings(text, least, MPESA_MAX_CENTS)


def _part_range(view: View) -> Mapping[str, object]:
    least = min(PART_MIN_CENTS, up_to_shilling(view.data["payoff"]))
    return {"loan": view.data["loan"], "min": Ksh(least), "max": Ksh(MPESA_MAX_CENTS)}


def amount_cents(view: View) -> int:
    """What was chosen to pay, in cents."""
    cents: int = view.data["amount"]
    return cents


def _wallet_covers(view: View) -> bool:
    return wallet_covers(view, view.data[_choice(view)])


def _wallet_slots(view: View) -> Mapping[str, object]:
    return {"amount": Ksh(amount_cents(view)), "loan": view.data["loan"], "fee": Ksh(0)}


def _mpesa_slots(view: View) -> Mapping[str, object]:
    asked = up_to_shilling(amount_cents(view))
    return {
        "amount": Ksh(asked),
        "loan": view.data["loan"],
        "phone": MaskedPhone(view.fact("customer").phone),
        "charge": Ksh(view.fact("mpesa_charge", asked)),
        "fee": Ksh(0),
    }


def _sources(view: View) -> Mapping[str, object]:
    return {
        "amount": Ksh(amount_cents(view)),
        "phone": MaskedPhone(view.fact("customer").phone),
    }


def _from_wallet(view: View) -> Emit:
    intent = {"loan": view.data["loan"], "amount_cents": amount_cents(view)}
    return Emit("repay.wallet", "PY", intent, f"repay:{view.data['loan']}")


def _by_mpesa(view: View) -> Emit | None:
    if view.answer != "pay":
        return None
    intent = {"loan": view.data["loan"], "amount_cents": up_to_shilling(amount_cents(view))}
    return Emit("repay.stk", "PY", intent, f"repay:{view.data['loan']}")


def _wallet_end(view: View) -> Mapping[str, object]:
    return {**_wallet_slots(view), "reference": view.data["reference"]}


def _mpesa_end(view: View) -> Mapping[str, object]:
    organisation = view.fact("organisation")
    return {
        "amount": Ksh(up_to_shilling(amount_cents(view))),
        "organisation": organisation.name.upper(),
        "reference": view.data["reference"],
    }


flow = Flow(
    "repay",
    [
        decide("start", [(_has_none, "none"), (None, "loan")]),
        choose("loan", to="opened", saves="loan", offers=offered_loans),
        decide("opened", [(_under_way, "resume:accepted"), (None, "amount")]),
        choose(
            "amount",
            to={"next": "source", "payoff": "source", "other": "other"},
            saves="choice",
            slots=chosen_slots,
            binds=_dues,
        ),
        ask("other", parse=_part, to="source", slots=_part_range),
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
