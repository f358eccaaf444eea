"""Mini-statements of wallet and savings: what moved lately, the newest first, in words that people know."""

from collections.abc import Iterable
from typing import Any

from flows.kit import HOME, Flow, Offer, View, choose
from flows.known import Movement, Statement
from menus.values import Change, Day, Ksh, MaskedPhone, ShortName

ABOVE_BALANCE = 3
"""So many movements come before the balance; the older ones after it."""
ABOUT_LETTERS = 15
LABELS = ("balance", "person", "phone", "loan", "mpesa", "wallet", "savings", "fee", "interest", "opening", "other")
EMPTY = "none"


def _statement(view: View, account: str) -> Statement:
    found: Statement = view.fact("movements", account)
    return found


def _lines(view: View, account: str) -> Iterable[Offer]:
    statement = _statement(view, account)
    lines = [_line(view, each) for each in statement.movements] or [Offer("", EMPTY)]
    balance = Offer("", "balance", {"wallet": Ksh(statement.balance_cents)})
    return [*lines[:ABOVE_BALANCE], balance, *lines[ABOVE_BALANCE:]]


def _line(view: View, movement: Movement) -> Offer:
    slots: dict[str, object] = {
        "day": Day(movement.on, view.facts.now.date()),
        "change": Change(movement.cents),
        "person": ShortName(movement.about),
        "phone": MaskedPhone(movement.about),
        "loan": movement.about,
        "about": movement.about[:ABOUT_LETTERS],
    }
    return Offer("", movement.label if movement.label in LABELS else "other", slots)


def _account(name: str) -> dict[str, Any]:
    return {
        "lines": lambda view: _lines(view, name),
        "labels": (*LABELS, EMPTY),
        "offers": lambda _: (),
    }


flow = Flow(
    "mini",
    [
        choose("wallet", to=HOME, **_account("wallet")),
        choose("savings", to=HOME, **_account("savings")),
    ],
    private=True,
)
