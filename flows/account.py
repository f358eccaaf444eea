"""F9: my account: a new PIN and the language; the other lines of the menu come with their features."""

from flows.kit import Emit, Flow, View, choose, end, secret
from flows.language import LANGUAGE


def _change_pin(_: View) -> Emit:
    return Emit("pin.change", "PN", {})


def _set_language(view: View) -> Emit:
    return Emit("language.set", "LG", {"language": view.answer})


flow = Flow(
    "account",
    [
        choose("menu", to={"pin": "old", "language": "language"}),
        secret("old", to="new"),
        secret("new", kind="new", to="again"),
        secret("again", kind="again", to="changed", emits=_change_pin),
        end("changed"),
        choose("language", to="spoken", emits=_set_language, **LANGUAGE),
        end("spoken"),
    ],
)
