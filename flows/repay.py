"""Repay an own loan from the wallet, by M-PESA or from somebody else's phone; or somebody else's loan.

The M-PESA prompt goes out after the session ends and is protected by the M-PESA PIN, so a locked Nyota PIN
never stops a debt being paid; money leaving the wallet asks for the Nyota PIN. Whoever pays for another learns a
first name and an initial, never what is owed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from flows.amounts import up_to_shilling, whole_shillings
from flows.kit import Emit, Flow, Offer, Refusal, View, ask, choose, decide, end, secret
from flows.known import Debtor
from flows.linked import payer_intent, payer_phone, payers
from flows.loans import (
    LISTED_LABELS,
    chosen,
    chosen_slots,
    has_none,
    offered_loans,
    payment_under_way,
    wallet_covers,
)
from flows.numbers import has_no_lookups, looked_up
from flows.text import msisdn
from flows.wallet import is_closed
from menus.values import Ksh, MaskedPhone, ShortName

PART_MIN_CENTS = 50_00
MPESA_MAX_CENTS = 250_000_00
ANOTHER = "another"


def _offered(view: View) -> Iterable[Offer]:
    """The own loans, and after them somebody else's."""
    return (*offered_loans(view), Offer(ANOTHER, ANOTHER))


def _is_anothers(view: View) -> bool:
    return bool(view.answer == ANOTHER)


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


def _sources(view: View) -> Iterable[Offer]:
    """`2` is the own M-PESA and `3` another's, whether the wallet covers it or not; then the own other phones."""
    wallet = (Offer("wallet", digits="1"),) if wallet_covers(view, _picked_cents(view)) else ()
    lines = (replace(line, digits=str(number)) for number, line in enumerate(payers(view), start=4))
    return (*wallet, Offer("mpesa", digits="2"), Offer("phone", digits="3"), *lines)


def _source_slots(view: View) -> Mapping[str, object]:
    return {"amount": Ksh(view.data["amount"]), "phone": MaskedPhone(view.fact("customer").phone)}


def _wallet_slots(view: View) -> Mapping[str, object]:
    return {"amount": Ksh(view.data["amount"]), "loan": view.data["loan"], "fee": Ksh(0)}


def _asked_cents(view: View) -> int:
    """What the M-PESA prompt asks: whole shillings."""
    return up_to_shilling(view.data["amount"])


def _mpesa_slots(view: View) -> Mapping[str, object]:
    return {**_charged(view, _asked_cents(view)), "loan": view.data["loan"], "phone": payer_phone(view)}


def _charged(view: View, cents: int) -> Mapping[str, object]:
    """An amount by the own M-PESA, with what that costs."""
    return {
        "amount": Ksh(cents),
        "phone": MaskedPhone(view.fact("customer").phone),
        "charge": Ksh(view.fact("mpesa_charge", cents)),
        "fee": Ksh(0),
    }


def _from_wallet(view: View) -> Emit:
    return _payment(view, "repay.wallet", view.data["amount"])


def _by_mpesa(view: View) -> Emit | None:
    if view.answer != "pay":
        return None
    return _payment(view, "repay.stk", _asked_cents(view), **payer_intent(view))


def _by_other_phone(view: View) -> Emit:
    return _payment(view, "repay.other", _asked_cents(view), payer=view.answer)


def _payment(view: View, kind: str, cents: int, **more: str) -> Emit:
    """One open payment per loan, whichever way it is made."""
    loan = view.data["loan"]
    return Emit(kind, "PY", {"loan": loan, "amount_cents": cents, **more}, f"repay:{loan}")


def _wallet_end(view: View) -> Mapping[str, object]:
    return {**_wallet_slots(view), "reference": view.data["reference"]}


def _mpesa_end(view: View) -> Mapping[str, object]:
    return _prompted(view, _asked_cents(view))


def _prompted(view: View, cents: int) -> Mapping[str, object]:
    """What the prompt on the phone should show, to compare it with."""
    return {
        "amount": Ksh(cents),
        "organisation": view.fact("organisation").name.upper(),
        "reference": view.data["reference"],
    }


def _may_ask(view: View) -> bool:
    return bool(view.fact("other_phones_left") > 0)


def _other_phone(view: View, text: str) -> str | Refusal:
    """A line that is not the own one, as E.164."""
    number = msisdn(text)
    if number is None:
        return Refusal("phone")
    return Refusal("own_phone") if number == view.fact("customer").phone else number


def _shown_to_payer(view: View) -> Mapping[str, object]:
    """What the other phone will be told of the customer, and no more."""
    return {"amount": Ksh(_asked_cents(view)), "person": ShortName(view.session.name)}


def _payer_end(view: View) -> Mapping[str, object]:
    return {"amount": Ksh(_asked_cents(view)), "reference": view.data["reference"]}


def _whose(view: View, text: str) -> list[str] | Refusal:
    """Whose loan, by phone: id and short name. Nobody, when there is no loan to pay: neither is told from the other."""
    number = _other_phone(view, text)
    if isinstance(number, Refusal):
        return number
    debtor: Debtor | None = view.fact("debtor", number)
    return [debtor.id, debtor.name] if debtor else []


def _is_nobody(view: View) -> bool:
    return not view.answer


def _gift(view: View, text: str) -> int | Refusal:
    return whole_shillings(text, PART_MIN_CENTS, MPESA_MAX_CENTS)


def _person(view: View) -> Mapping[str, object]:
    return {"person": ShortName(view.data["whose"][1])}


def _gift_range(view: View) -> Mapping[str, object]:
    return {**_person(view), "min": Ksh(PART_MIN_CENTS), "max": Ksh(MPESA_MAX_CENTS)}


def _wallet_covers_gift(view: View) -> bool:
    return wallet_covers(view, view.data["gift"])


def _gift_sources(view: View) -> Mapping[str, object]:
    return {"amount": Ksh(view.data["gift"]), "phone": MaskedPhone(view.fact("customer").phone)}


def _gift_slots(view: View) -> Mapping[str, object]:
    return {**_person(view), "amount": Ksh(view.data["gift"]), "fee": Ksh(0)}


def _gift_mpesa_slots(view: View) -> Mapping[str, object]:
    return {**_person(view), **_charged(view, view.data["gift"])}


def _gift_from_wallet(view: View) -> Emit:
    return _present(view, "repay.for_wallet")


def _gift_by_mpesa(view: View) -> Emit | None:
    return _present(view, "repay.for_stk") if view.answer == "pay" else None


def _present(view: View, kind: str) -> Emit:
    """One open payment of one person for another."""
    person = view.data["whose"][0]
    intent = {"person": person, "amount_cents": view.data["gift"]}
    return Emit(kind, "PY", intent, f"for:{view.session.customer}:{person}")


def _gift_wallet_end(view: View) -> Mapping[str, object]:
    return {**_gift_slots(view), "reference": view.data["reference"]}


def _gift_mpesa_end(view: View) -> Mapping[str, object]:
    return _prompted(view, view.data["gift"])


flow = Flow(
    "repay",
    [
        decide("start", [(has_none, "none"), (None, "loan")]),
        choose(
            "loan",
            to=[(_is_anothers, "another"), (None, "opened")],
            saves="loan",
            offers=_offered,
            labels=(*LISTED_LABELS, ANOTHER),
        ),
        choose("none", to={ANOTHER: "another"}),
        decide("opened", [(payment_under_way, "resume:accepted"), (None, "amount")]),
        choose(
            "amount",
            to={"next": "from", "payoff": "from", "other": "other"},
            saves="choice",
            slots=chosen_slots,
            binds=_dues,
        ),
        ask("other", parse=_part, to="from", slots=_part_range, refuses=("amount",)),
        choose(
            "from",
            to={"wallet": "wallet", "mpesa": "stk", "phone": "asking", "*": "stk"},
            saves="source",
            labels=("wallet", "mpesa", "phone", "line"),
            slots=_source_slots,
            offers=_sources,
            binds=_pick_amount,
        ),
        secret("wallet", to="walletend", slots=_wallet_slots, emits=_from_wallet),
        choose(
            "stk",
            to={"pay": "stkend", "cancel": "cancelled"},
            slots=_mpesa_slots,
            binds=_pick_amount,
            emits=_by_mpesa,
            confirms=True,
        ),
        decide("asking", [(_may_ask, "payer"), (None, "enough")]),
        ask(
            "payer",
            parse=_other_phone,
            saves="",
            to="payerend",
            slots=_shown_to_payer,
            refuses=("phone", "own_phone"),
            emits=_by_other_phone,
        ),
        decide("another", [(has_no_lookups, "toomany"), (None, "whose")]),
        ask(
            "whose",
            parse=_whose,
            to=[(_is_nobody, "nobody"), (None, "gift")],
            refuses=("phone", "own_phone"),
            emits=looked_up,
        ),
        ask("gift", parse=_gift, to="giftsource", slots=_gift_range, refuses=("amount",)),
        decide("giftsource", [(_wallet_covers_gift, "giftfrom"), (None, "giftstk")]),
        choose("giftfrom", to={"wallet": "giftsafe", "mpesa": "giftstk"}, slots=_gift_sources),
        decide("giftsafe", [(is_closed, "wallet:safety"), (None, "giftwallet")]),
        secret("giftwallet", to="giftwalletend", slots=_gift_slots, emits=_gift_from_wallet),
        choose(
            "giftstk",
            to={"pay": "giftstkend", "cancel": "cancelled"},
            slots=_gift_mpesa_slots,
            emits=_gift_by_mpesa,
            confirms=True,
        ),
        end("walletend", slots=_wallet_end),
        end("stkend", slots=_mpesa_end),
        end("payerend", slots=_payer_end),
        end("enough"),
        end("giftwalletend", slots=_gift_wallet_end),
        end("giftstkend", slots=_gift_mpesa_end),
        end("nobody"),
        end("toomany"),
        end("cancelled"),
    ],
    resumable=True,
)
