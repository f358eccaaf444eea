"""Which phone to pick up: the people of the demo, or any number."""

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Label, OptionList
from textual.widgets.option_list import Option

from simulator.numbers import e164
from simulator.phone.people import PEOPLE, Person, spaced


class PhonePicker(ModalScreen[str | None]):
    """Answers with the number that was picked, None when the phone in hand stays."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "keep", "Keep this phone")]

    def __init__(self, state_of: Callable[[str], str]) -> None:
        """`state_of` says what goes on at a number, such as a session that is still open."""
        self._state_of = state_of
        super().__init__()

    def compose(self) -> ComposeResult:
        with Vertical(id="drawer"):
            yield Label("Whose phone?", id="drawer-title")
            yield OptionList(
                *[Option(_row(one, self._state_of(one.msisdn)), id=one.msisdn) for one in PEOPLE], id="people"
            )
            yield Label("or another number, then Enter", classes="quiet")
            yield Input(id="other", placeholder="0711 000 004", compact=True)
            yield Label("", id="drawer-note")

    def action_keep(self) -> None:
        self.dismiss(None)

    @on(OptionList.OptionSelected)
    def pick_person(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(event.option.id)

    @on(Input.Submitted)
    def pick_number(self, event: Input.Submitted) -> None:
        event.stop()
        try:
            self.dismiss(e164(event.value))
        except ValueError:
            self.query_one("#drawer-note", Label).update("Not a Kenyan number. Example: 0711 000 004")


def _row(one: Person, state: str) -> Content:
    return Content.assemble(
        (one.name, "bold"),
        f"  {spaced(one.msisdn)}\n",
        (one.about, "dim"),
        (f"  {state}" if state else "", "bold"),
    )
