"""The M-PESA question that appears over everything: pay this, to them, with your M-PESA PIN?"""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label, Static

from simulator.outside import Prompt
from simulator.phone.people import spaced

PIN_DIGITS = 4
NO_NAME = "NYOTA"


class StkPrompt(ModalScreen[str | None]):
    """Asks and answers with `pay`, `cancel`, `wrong-pin`, `insufficient` or `ignore`; None when it went away.

    Any four digits pay: the M-PESA PIN is between the customer and Safaricom and never reaches Nyota.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "answer('cancel')", "Cancel"),
        Binding("f6", "answer('wrong-pin')", "Wrong PIN"),
        Binding("f7", "answer('insufficient')", "No money"),
        Binding("f8", "answer('ignore')", "Ignore"),
    ]

    def __init__(self, prompt: Prompt) -> None:
        self.prompt = prompt
        super().__init__()

    def compose(self) -> ComposeResult:
        prompt = self.prompt
        with Vertical(id="sheet"):
            yield Label(f"M-PESA   {spaced(prompt.phone)}", id="sheet-title")
            yield Label("Do you want to pay", classes="quiet")
            yield Label(shillings(prompt.amount_cents), id="sheet-amount")
            yield Static(
                f"to {prompt.business_name or NO_NAME}\naccount {prompt.account_reference}",
                id="sheet-payee",
                markup=False,
            )
            yield Input(
                id="mpesa-pin",
                password=True,
                max_length=PIN_DIGITS,
                restrict=r"\d*",
                placeholder="M-PESA PIN",
            )
            yield Label("Any 4 digits will do. Not your Nyota PIN.", id="sheet-note", classes="quiet")
            with Horizontal(classes="choices"):
                yield Button("Pay Enter", id="pay", variant="success", compact=True)
                yield Button("Cancel Esc", id="cancel", variant="error", compact=True)
            with Horizontal(classes="choices"):
                yield Button("Wrong PIN F6", id="wrong-pin", compact=True)
                yield Button("No money F7", id="insufficient", compact=True)
                yield Button("Ignore F8", id="ignore", compact=True)

    def action_answer(self, answer: str) -> None:
        self.dismiss(answer)

    @on(Button.Pressed)
    def answer_by_button(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "pay":
            self._pay()
        else:
            self.dismiss(event.button.id)

    @on(Input.Submitted)
    def answer_by_pin(self, event: Input.Submitted) -> None:
        event.stop()
        self._pay()

    def _pay(self) -> None:
        if len(self.query_one("#mpesa-pin", Input).value) == PIN_DIGITS:
            self.dismiss("pay")
        else:
            self.query_one("#sheet-note", Label).update("First the 4 digits of an M-PESA PIN.")


def shillings(amount_cents: int) -> str:
    """An amount as screens show it: `Ksh 2,160`, with cents only where there are some."""
    whole, rest = divmod(amount_cents, 100)
    return f"Ksh {whole:,}" + (f".{rest:02d}" if rest else "")
