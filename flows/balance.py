"""What can be used now, what is owed, and what to pay next."""

from collections.abc import Mapping

from flows.kit import Flow, View, choose
from flows.known import Balances
from menus.values import Clock, Day, Ksh


def _balances(view: View) -> Balances:
    balances: Balances = view.fact("balances")
    return balances


def _words(view: View) -> str:
    """Old figures are shown with their age, once newer ones are on their way."""
    balances = _balances(view)
    if balances.as_at and view.fact("figures_asked_for"):
        return "old"
    return "show" if balances.next_due else "clear"


def _slots(view: View) -> Mapping[str, object]:
    balances = _balances(view)
    slots: dict[str, object] = {
        "wallet": Ksh(balances.wallet_cents),
        "savings": Ksh(balances.savings_cents),
        "loans": Ksh(balances.loans_cents),
    }
    if balances.next_due:
        slots |= {"next": Ksh(balances.next_cents), "due": Day(balances.next_due, view.facts.now.date())}
    if balances.as_at:
        slots["as_at"] = Clock(balances.as_at)
    return slots


flow = Flow(
    "balance",
    [
        choose(
            "show",
            to={"mini": "mini:wallet"},
            words=_words,
            variants=("show", "clear", "old"),
            slots=_slots,
        )
    ],
    private=True,
)
