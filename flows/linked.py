"""Another phone of one's own that pays: what it sends to the paybill counts as theirs. Nothing is paid out to it.

It is linked with a code sent to it and the PIN. A line that is a member's own is never linked.
"""

from collections.abc import Iterable, Mapping

from flows.kit import HOME, Emit, Flow, Gone, Offer, Refusal, View, ask, choose, decide, end, secret
from flows.known import LinkedLine
from flows.text import msisdn
from menus.values import MaskedPhone

PURPOSE = "line.link"
NEW = "new"
OWN = "mpesa"
"""The own M-PESA, where one is asked for money."""


def linked_lines(view: View) -> tuple[LinkedLine, ...]:
    """Those that pay for this customer, the oldest first."""
    found: tuple[LinkedLine, ...] = view.fact("linked")
    return found


def payers(view: View) -> Iterable[Offer]:
    """They, as phones to be asked for money."""
    return (Offer(line.reference, "line", {"phone": MaskedPhone(line.phone)}) for line in linked_lines(view))


def payer(view: View) -> LinkedLine | None:
    """The one that was chosen to be asked; None for the own phone. Raises Gone when it is linked no more."""
    chosen = view.data.get("source", OWN)
    if chosen == OWN:
        return None
    for line in linked_lines(view):
        if line.reference == chosen:
            return line
    raise Gone(chosen)


def payer_phone(view: View) -> MaskedPhone:
    """The phone that is asked for money."""
    line = payer(view)
    return MaskedPhone(line.phone if line else view.fact("customer").phone)


def payer_intent(view: View) -> dict[str, str]:
    """What an intent says of it; nothing for the own phone."""
    line = payer(view)
    return {"line": line.reference} if line else {}


def _is_pending(view: View) -> bool:
    return bool(view.fact("pending_linked"))


def _has_none(view: View) -> bool:
    return not linked_lines(view)


def _has_no_codes(view: View) -> bool:
    return not view.fact("codes_left", PURPOSE)


def _listed(view: View) -> Iterable[Offer]:
    """Those there are, and room for another where there is any."""
    offers = [Offer(line.reference, "each", {"phone": MaskedPhone(line.phone)}) for line in linked_lines(view)]
    return [*offers, Offer(NEW)] if view.fact("linked_left") > 0 else offers


def _is_new(view: View) -> bool:
    return bool(view.answer == NEW)


def _chosen(view: View) -> Mapping[str, object]:
    """Raises Gone when it is linked no more."""
    for line in linked_lines(view):
        if line.reference == view.data["line"]:
            return {"phone": MaskedPhone(line.phone)}
    raise Gone(view.data["line"])


def _remove(view: View) -> Emit | None:
    return Emit("line.unlink", "LL", {"line": view.data["line"]}) if view.answer == "remove" else None


def _other_line(view: View, text: str) -> str | Refusal:
    number = msisdn(text)
    if number is None:
        return Refusal("phone")
    if number == view.fact("customer").phone:
        return Refusal("own_phone")
    return number if view.fact("line_linkable", number) else Refusal("line_taken")


def _number(view: View) -> str:
    """The number that was typed, or that the code on its way is for."""
    return str(view.data.get("phone") or view.fact("pending_linked"))


def _kept(view: View) -> Mapping[str, object]:
    return {"phone": _number(view)}


def _phone(view: View) -> Mapping[str, object]:
    return {"phone": MaskedPhone(_number(view))}


def _send_code(view: View) -> Emit | None:
    return Emit("line.ask", "LK", {"phone": view.data["phone"]}) if view.answer == "yes" else None


def _link(view: View) -> Emit:
    return Emit("line.link", "LK", {"phone": view.data["phone"]})


flow = Flow(
    "linked",
    [
        decide("start", [(_is_pending, "code"), (_has_none, "why"), (None, "list")]),
        choose("why", to={NEW: "asking"}),
        choose("list", to=[(_is_new, "asking"), (None, "one")], saves="line", offers=_listed, labels=("each", NEW)),
        choose("one", to={"remove": "removed", "keep": HOME}, slots=_chosen, emits=_remove, confirms=True),
        end("removed"),
        decide("asking", [(_has_no_codes, "phonechange:enough"), (None, "phone")]),
        ask("phone", parse=_other_line, to="send", refuses=("phone", "own_phone", "line_taken")),
        choose("send", to={"yes": "code", "no": HOME}, slots=_phone, emits=_send_code, confirms=True),
        secret("code", kind="code", purpose=PURPOSE, to="pin", slots=_phone, binds=_kept),
        secret("pin", to="done", slots=_phone, emits=_link),
        end("done", slots=_phone),
    ],
)
