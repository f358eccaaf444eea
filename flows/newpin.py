"""A new PIN in the place of one that staff have cleared: the first thing asked on that phone, and skipped with 00.

Nobody speaks, sends or chooses a PIN for somebody else.
"""

from flows.kit import Emit, Flow, View, end, secret


def _choose_pin(_: View) -> Emit:
    return Emit("pin.choose", "PN", {})


flow = Flow(
    "newpin",
    [
        secret("new", kind="new", to="again", place="home_only"),
        secret("again", kind="again", to="done", emits=_choose_pin, place="home_only"),
        end("done"),
    ],
)
