"""Auto-repay: the share of incoming money that repays loans by itself, agreed to here and stopped here.

Stopping asks for the PIN and nothing else: no reason, and it works while a loan is late.
"""

import re
from collections.abc import Mapping

from flows.kit import Emit, Flow, Refusal, View, ask, choose, decide, end, secret
from flows.known import AutoRepay

_PERCENT = re.compile(r"(\d{1,3})\s*%?")


def _auto_repay(view: View) -> AutoRepay:
    known: AutoRepay = view.fact("auto_repay")
    return known


def _is_on(view: View) -> bool:
    return _auto_repay(view).percent > 0


def _range(view: View) -> Mapping[str, object]:
    known = _auto_repay(view)
    return {"least": known.least_percent, "most": known.most_percent}


def _percent(view: View, text: str) -> int | Refusal:
    """A whole number of percent within what is allowed; it never rounds by itself."""
    known, match = _auto_repay(view), _PERCENT.fullmatch(text.strip())
    if match is None or not known.least_percent <= int(match[1]) <= known.most_percent:
        return Refusal("percent", _range(view))
    return int(match[1])


def _present(view: View) -> Mapping[str, object]:
    return {"percent": _auto_repay(view).percent}


def _agreed(view: View) -> Mapping[str, object]:
    return {"percent": view.data["percent"]}


def _switch_on(view: View) -> Emit:
    return _set(view, view.data["percent"])


def _switch_off(view: View) -> Emit:
    return _set(view, 0)


def _set(view: View, percent: int) -> Emit:
    """With what makes the consent: which wording, in which language."""
    version = view.fact("organisation").terms_version
    return Emit("auto_repay.set", "AR", {"percent": percent, "version": version, "language": view.session.language})


def _done(view: View) -> Mapping[str, object]:
    return {**_agreed(view), "reference": view.data["reference"]}


flow = Flow(
    "auto",
    [
        decide("start", [(_is_on, "on"), (None, "ask")]),
        choose("on", to={"change": "ask", "stop": "stop"}, slots=_present),
        ask("ask", parse=_percent, saves="percent", to="pin", slots=_range, refuses=("percent",)),
        secret("pin", to="done", slots=_agreed, emits=_switch_on),
        end("done", slots=_done),
        secret("stop", to="stopped", slots=_present, emits=_switch_off),
        end("stopped", slots=lambda view: {"reference": view.data["reference"]}),
    ],
)
