"""The PIN of somebody who has joined by SMS, chosen on the phone the first time they dial; then the menu.

Until then SMS is all they use, and no PIN is asked for there. Nobody speaks, sends or chooses a PIN for somebody else.
"""

from flows.kit import HOME, Emit, Flow, View, secret


def _choose_pin(_: View) -> Emit:
    return Emit("pin.choose", "PN", {"first": True})


flow = Flow(
    "firstpin",
    [
        secret("new", kind="new", to="again", place="none"),
        secret("again", kind="again", to=HOME, emits=_choose_pin, place="none"),
    ],
)
