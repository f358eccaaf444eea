"""Writing an SMS to Nyota: keywords such as BAL or LOANS, or the code that confirms a payment."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label

from simulator.phone.people import spaced


class SmsWriter(ModalScreen[str | None]):
    """Answers with the text to send, None when nothing is to be sent."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Do not send")]

    def __init__(self, msisdn: str) -> None:
        self._msisdn = msisdn
        super().__init__()

    def compose(self) -> ComposeResult:
        with Vertical(id="letter"):
            yield Label(f"SMS to Nyota from {spaced(self._msisdn)}", id="letter-title")
            yield Input(id="letter-text", placeholder="BAL, LOANS, HELP ...", compact=True)
            yield Label("Enter sends, Escape does not. Never send a PIN.", classes="quiet")

    def action_leave(self) -> None:
        self.dismiss(None)

    @on(Input.Submitted)
    def send(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip():
            self.dismiss(event.value.strip())
