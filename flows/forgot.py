"""A forgotten PIN, chosen anew by whoever has the line, the ID number and the last amount moved with the old one.

Both are typed before they are judged together, so that nothing says which was wrong; then a code comes to this line. A
redial while it is good goes on there. Whoever cannot prove it so, or not any more today, gets a case and a call.
"""

from collections.abc import Mapping

from flows.amounts import whole_shillings
from flows.kit import Emit, Flow, Refusal, View, ask, decide, end, secret
from flows.known import Forgot
from flows.text import national_id
from menus.values import Clock

PURPOSE = "pin.forgot"
LEAST_CENTS, MOST_CENTS = 1_00, 999_999_00


def _forgot(view: View) -> Forgot:
    known: Forgot = view.fact("forgot")
    return known


def _is_pending(view: View) -> bool:
    return _forgot(view).is_pending


def _may_try(view: View) -> bool:
    return _forgot(view).tries_left > 0


def _id(_: View, text: str) -> str | Refusal:
    return national_id(text) or Refusal("id")


def _proof(view: View, text: str) -> bool | Refusal:
    """Whether the number typed before and this amount are theirs, both."""
    cents = whole_shillings(text, LEAST_CENTS, MOST_CENTS)
    return cents if isinstance(cents, Refusal) else bool(view.fact("forgot_matches", view.data["id"], cents))


def _is_proved(view: View) -> bool:
    return bool(view.answer)


def _judged(view: View) -> Emit:
    """The code, or a case; each counts."""
    return Emit("pin.code", "PC", {}) if view.answer else Emit("pin.miss", "CS", {"said": view.data["id"]})


def _recover(_: View) -> Emit:
    return Emit("pin.recover", "PN", {})


def _opened(view: View) -> Mapping[str, object]:
    return {"case": view.data["reference"], "answer_by": Clock(view.fact("answer_by"))}


flow = Flow(
    "forgot",
    [
        decide("start", [(_is_pending, "code"), (_may_try, "id"), (None, "help:forgot")]),
        ask("id", parse=_id, to="amount", refuses=("id",)),
        ask(
            "amount",
            parse=_proof,
            saves="",
            to=[(_is_proved, "code"), (None, "called")],
            refuses=("amount",),
            emits=_judged,
        ),
        secret("code", kind="code", purpose=PURPOSE, to="new"),
        secret("new", kind="new", to="again"),
        secret("again", kind="again", to="done", emits=_recover),
        end("done"),
        end("called", slots=_opened),
    ],
)
