"""The feature phone itself: a green screen, a place to type, and keys for fingers or mouse."""

from typing import Any

from textual.app import ComposeResult
from textual.containers import Grid, Horizontal, Vertical, VerticalScroll
from textual.events import Click
from textual.message import Message
from textual.widgets import Input, Static

from simulator.line import SERVICE_CODE
from simulator.phone.people import spaced
from simulator.phone.sign import Sign
from simulator.phone.sim import Face, Sim

KEYS = {
    "1": "",
    "2": "abc",
    "3": "def",
    "4": "ghi",
    "5": "jkl",
    "6": "mno",
    "7": "pqrs",
    "8": "tuv",
    "9": "wxyz",
    "*": "",
    "0": "+",
    "#": "",
}
NAMES = {"*": "star", "#": "hash"}
FLASH_SECONDS = 0.15


class Key(Static):
    """A key of the phone. Pressing it says so; what it means is the handset's business."""

    class Pressed(Message):
        """A key went down."""

        def __init__(self, label: str) -> None:
            self.label = label
            super().__init__()

    def __init__(self, label: str, small: str = "", *, key_id: str) -> None:
        self.label = label
        super().__init__(f"[b]{label}[/b]" + (f" [dim]{small}[/dim]" if small else ""), id=key_id)

    def on_click(self, event: Click) -> None:
        event.stop()
        self.flash()
        self.post_message(self.Pressed(self.label))

    def flash(self) -> None:
        """Light up for a moment, so that keys typed on a keyboard are seen to go down too."""
        self.add_class("down")
        self.set_timer(FLASH_SECONDS, lambda: self.remove_class("down"))


class Handset(Vertical):
    """The device. It shows a SIM and reports what its owner does; it talks to nobody."""

    class Called(Message):
        """The call key: dial, or send the answer."""

        def __init__(self, typed: str) -> None:
            self.typed = typed
            super().__init__()

    class QuickDialled(Message):
        """The key that dials Nyota, whatever is on the screen."""

    class Ended(Message):
        """The end key."""

    class Taken(Message):
        """Somebody reached for the device itself."""

        def __init__(self, handset: "Handset") -> None:
            self.handset = handset
            super().__init__()

    def __init__(self, **how: Any) -> None:
        super().__init__(**how)
        self.entry = Input(id="entry", compact=True, placeholder=SERVICE_CODE, select_on_focus=False)
        self._signal = Sign(id="signal")
        self._clock = Sign(id="clock")
        self._words = Sign(id="words", markup=False)
        self._hint = Sign(id="hint", markup=False)
        self._lcd = VerticalScroll(self._words, id="lcd", can_focus=False)

    def compose(self) -> ComposeResult:
        with Vertical(id="glass"):
            with Horizontal(id="bar"):
                yield self._signal
                yield self._clock
            yield self._lcd
            yield self._hint
            yield self.entry
        with Horizontal(id="soft"):
            yield Key("Call", "Enter", key_id="call")
            yield Key(SERVICE_CODE, "F1", key_id="quick")
            yield Key("End", "Esc", key_id="end")
        with Grid(id="pad"):
            for label, letters in KEYS.items():
                yield Key(label, letters, key_id=f"key-{NAMES.get(label, label)}")

    def show(self, sim: Sim, *, in_service: bool, new_messages: int) -> None:
        """Draw what this SIM has to show."""
        has_signal = in_service and sim.has_signal
        bars = "▂▄▆█ Nyota demo" if has_signal else "✕ No signal" if in_service else "✕ No service"
        envelope = f"  SMS {new_messages}" if new_messages else ""
        left = f"{sim.seconds_left // 60}:{sim.seconds_left % 60:02d}" if sim.in_call else ""
        self._signal.say(bars + envelope)
        self._clock.say(left)
        self._clock.set_class(sim.in_call and sim.seconds_left <= 15, "ending")
        self._words.say(_words(sim, in_service=in_service))
        self._hint.say(sim.hint)
        self.set_class(not has_signal or sim.face is Face.FAILED, "away")
        self.set_class(sim.face is Face.IDLE, "idle")
        self.entry.placeholder = "Your answer" if sim.face is Face.ASKING else SERVICE_CODE

    def type(self, text: str) -> None:
        """Put text where the cursor is, as if typed."""
        self.entry.insert_text_at_cursor(text)
        self.entry.focus()

    def clear(self) -> None:
        """Empty the typing line and go to the top of the screen."""
        self.entry.clear()
        self._lcd.scroll_home(animate=False)

    def on_click(self, event: Click) -> None:
        event.stop()
        self.post_message(self.Taken(self))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._call()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        last = event.value[-1:]
        if last in KEYS:
            self.query_one(f"#key-{NAMES.get(last, last)}", Key).flash()

    def on_key_pressed(self, event: Key.Pressed) -> None:
        event.stop()
        if event.label == "Call":
            self._call()
        elif event.label == "End":
            self.post_message(self.Ended())
        elif event.label == SERVICE_CODE:
            self.post_message(self.QuickDialled())
        else:
            self.type(event.label)

    def _call(self) -> None:
        self.post_message(self.Called(self.entry.value.strip()))


def _words(sim: Sim, *, in_service: bool) -> str:
    if sim.face is Face.IDLE:
        below = "" if in_service else "\n\nNo service\nIs Nyota running?"
        return f"\n★  N Y O T A  ★\n\n{sim.person.name}\n{spaced(sim.msisdn)}{below}"
    if sim.face is Face.WAITING:
        return "\n\nUSSD code running..."
    return f"{sim.text}\n\n({sim.trouble})" if sim.trouble else sim.text
