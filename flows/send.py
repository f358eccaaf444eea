"""Send money to a person by their phone number. The name comes before the amount, and again with the PIN.

A look-up is an operation of its own, so that it counts whatever happens next; the session keeps its reference and
never the number.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flows.kit import Emit, Flow, Refusal, View, ask, choose, decide, end, secret
from flows.known import Payee
from flows.numbers import KIND, PREFIX, has_no_lookups
from flows.text import msisdn
from flows.wallet import amount_of, covered, fee_cents, is_closed, is_reached, range_of
from menus.values import Clock, Day, Ksh, ShortName

STRANGER = "stranger"
REFUSED = {"closed": "payee_closed", "locked": "payee_locked"}


def payee_typed(view: View, text: str) -> Payee | Refusal:
    """Whoever is behind the number, if money may be sent there."""
    number = msisdn(text)
    if number is None:
        return Refusal("phone")
    if number == view.fact("customer").phone:
        return Refusal("own_phone")
    if has_no_lookups(view):
        return Refusal("lookups", alone=True)
    payee: Payee = view.fact("payee", number)
    return Refusal(REFUSED[payee.state]) if payee.state in REFUSED else payee


def look_up(view: View) -> Emit:
    """With the number, which the session does not keep."""
    return Emit(KIND, PREFIX, {"phone": view.answer.phone})


def _is_claimable(view: View) -> bool:
    return bool(view.answer.state == STRANGER and view.fact("claim_by"))


def is_nobody(view: View) -> bool:
    return bool(view.answer.state == STRANGER)


def looked_up(view: View) -> Mapping[str, Any]:
    """The newest look-up; its reference is the turn's own right after it, and kept from then on."""
    return {"lookup": view.data.get("reference") or view.data["lookup"]}


def found_payee(view: View) -> Payee:
    """Whom this turn has looked up; on later turns, whom the look-up that the session names was about."""
    now = [value for need, value in view.facts.values.items() if need.name == "payee"]
    payee: Payee = now[0] if now else view.fact("looked_up", looked_up(view)["lookup"])
    return payee


def payee_slots(view: View) -> Mapping[str, object]:
    """The person as the sender may know them; their number is the one that the sender has typed."""
    payee = found_payee(view)
    return {"person": ShortName(payee.name), "phone": "0" + payee.phone[4:]}


def _words(name: str) -> Any:
    """A name where there is one, and another sentence where there is none."""
    return lambda view: name if found_payee(view).name else f"{name}_unknown"


def _variants(name: str) -> dict[str, Any]:
    return {"words": _words(name), "variants": (name, f"{name}_unknown")}


def _claim(view: View) -> Mapping[str, object]:
    by: datetime = view.fact("claim_by") or view.facts.now
    return {**payee_slots(view), "day": Day(by.date(), view.facts.now.date())}


def _amount(view: View, text: str) -> int | Refusal:
    cents = amount_of(view, text, "send")
    return cents if isinstance(cents, Refusal) else covered(view, cents, "send")


def _range(view: View) -> Mapping[str, object]:
    return {**range_of(view, "send"), **payee_slots(view)}


def _before(view: View) -> datetime | None:
    """When the same sum went to the same person, if that was a moment ago."""
    moment: datetime | None = view.fact("sent_before", found_payee(view).phone, view.data["amount"])
    return moment


def _was_sent(view: View) -> bool:
    return _before(view) is not None


def _again(view: View) -> Mapping[str, object]:
    return {**payee_slots(view), "amount": Ksh(view.data["amount"]), "at": Clock(_before(view) or view.facts.now)}


def _fee(view: View) -> Mapping[str, Any]:
    return {"fee": fee_cents(view, "send", view.data["amount"])}


def _sum(view: View) -> Mapping[str, object]:
    return {**payee_slots(view), "amount": Ksh(view.data["amount"]), "fee": Ksh(view.data["fee"])}


def _send(view: View) -> Emit:
    """The fee is the one that was shown with the PIN. One open transfer to a person at a time."""
    payee = found_payee(view)
    intent = {
        "to": payee.phone,
        "person": payee.id,
        "amount_cents": view.data["amount"],
        "fee_cents": view.data["fee"],
    }
    return Emit("wallet.send", "SN", intent, f"send:{view.session.customer}:{payee.phone}")


def _ended(view: View) -> Mapping[str, object]:
    """The look-up is the one kept: the reference is the transfer's by now."""
    payee: Payee = view.fact("looked_up", view.data["lookup"])
    return {
        "person": ShortName(payee.name),
        "phone": "0" + payee.phone[4:],
        "amount": Ksh(view.data["amount"]),
        "reference": view.data["reference"],
    }


def _ended_words(view: View) -> str:
    return "end" if view.fact("looked_up", view.data["lookup"]).name else "end_unknown"


flow = Flow(
    "send",
    [
        decide(
            "start",
            [(is_closed, "wallet:safety"), (is_reached("send"), "wallet:reached"), (has_no_lookups, "enough"),
             (None, "phone")],
        ),
        ask(
            "phone",
            parse=payee_typed,
            saves="",
            to=[(_is_claimable, "unknown"), (is_nobody, "nobody"), (None, "amount")],
            refuses=("phone", "own_phone", "payee_closed", "payee_locked", "lookups"),
            emits=look_up,
        ),
        choose("unknown", to={"go": "amount", "other": "start"}, slots=_claim, binds=looked_up, confirms=True),
        choose("nobody", to={"other": "start"}, slots=payee_slots, confirms=True),
        ask(
            "amount",
            parse=_amount,
            to="checked",
            slots=_range,
            binds=looked_up,
            refuses=("amount", "amount_day", "wallet_short"),
            **_variants("amount"),
        ),
        decide("checked", [(_was_sent, "again"), (None, "pin")]),
        choose("again", to={"yes": "pin", "no": "cancelled"}, slots=_again, confirms=True, **_variants("again")),
        secret("pin", to="end", slots=_sum, binds=_fee, emits=_send, **_variants("pin")),
        end("end", slots=_ended, words=_ended_words, variants=("end", "end_unknown")),
        end("enough"),
        end("cancelled"),
    ],
    resumable=True,
)  # fmt: skip
