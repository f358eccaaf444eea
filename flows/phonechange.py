"""The account moves to another phone: a code to each line, both typed here, then the PIN.

Whoever drops while waiting for an SMS finds the place again in the same line of the account's menu, as long as the
codes are good.
"""

from collections.abc import Mapping

from flows.kit import HOME, Emit, Flow, Refusal, View, ask, choose, decide, end, secret
from flows.text import msisdn
from menus.values import MaskedPhone

OLD, NEW = "line.old", "line.new"


def _is_pending(view: View) -> bool:
    return bool(view.fact("pending_line"))


def _has_codes(view: View) -> bool:
    return bool(view.fact("codes_left", OLD))


def _new_line(view: View, text: str) -> str | Refusal:
    number = msisdn(text)
    if number is None:
        return Refusal("phone")
    if number == view.fact("customer").phone:
        return Refusal("own_phone")
    return number if view.fact("line_free", number) else Refusal("line_taken")


def _number(view: View) -> str:
    """The number that was typed, or that the codes on their way are for."""
    return str(view.data.get("phone") or view.fact("pending_line"))


def _kept(view: View) -> Mapping[str, object]:
    return {"phone": _number(view)}


def _lines(view: View) -> Mapping[str, object]:
    return {"phone": MaskedPhone(view.fact("customer").phone), "new_phone": MaskedPhone(_number(view))}


def _send_codes(view: View) -> Emit | None:
    return Emit("line.codes", "LC", {"phone": view.data["phone"]}) if view.answer == "yes" else None


def _change(view: View) -> Emit:
    return Emit("line.change", "PH", {"phone": view.data["phone"]})


flow = Flow(
    "phonechange",
    [
        decide("start", [(_is_pending, "old"), (_has_codes, "phone"), (None, "enough")]),
        ask("phone", parse=_new_line, to="codes", refuses=("phone", "own_phone", "line_taken")),
        choose("codes", to={"yes": "old", "no": HOME}, slots=_lines, emits=_send_codes, confirms=True),
        secret("old", kind="code", purpose=OLD, to="new", slots=_lines, binds=_kept),
        secret("new", kind="code", purpose=NEW, to="pin", slots=_lines),
        secret("pin", to="done", slots=_lines, emits=_change),
        end("done", slots=_lines),
        end("enough"),
    ],
)
