"""Savings. Wallet to savings and back, what is free, what it earns, and a goal with its progress."""

from collections.abc import Iterable, Mapping
from typing import Any

from flows.amounts import whole_shillings
from flows.kit import HOME, Emit, Flow, Offer, Refusal, View, ask, choose, decide, end, secret
from flows.known import Savings
from menus.values import Ksh

GOAL_MAX_CENTS = 9_999_999_00
MENU = ("balance", "save", "move", "mini", "goal", "schedule")


def _savings(view: View) -> Savings:
    savings: Savings = view.fact("savings")
    return savings


def _slots(view: View) -> Mapping[str, object]:
    savings = _savings(view)
    return {
        "savings": Ksh(savings.saved_cents),
        "free": Ksh(savings.free_cents),
        "held": Ksh(savings.held_cents),
        "interest": Ksh(savings.interest_cents),
        "goal": Ksh(savings.goal_cents),
        "percent": savings.percent,
    }


def _lines(view: View) -> Iterable[Offer]:
    """Only what there is: nothing held, no interest and no goal are not named."""
    savings, slots = _savings(view), _slots(view)
    if savings.held_cents:
        yield Offer("", "held", slots)
    if savings.interest_cents:
        yield Offer("", "interest", slots)
    if savings.goal_cents:
        yield Offer("", "goal", slots)


def _most_saved_cents(view: View) -> int:
    """What the wallet can give, in whole shillings."""
    return _savings(view).wallet_cents // 100 * 100


def _most_moved_cents(view: View) -> int:
    return _savings(view).free_cents // 100 * 100


def _can_save(view: View) -> bool:
    return _savings(view).may_save and _most_saved_cents(view) >= _savings(view).least_cents


def _may_save(view: View) -> bool:
    return _savings(view).may_save


def _is_shut(view: View) -> bool:
    """Whether savings are not taken here and there are none to see."""
    return not _may_save(view) and not _savings(view).saved_cents


def _is_closed(view: View) -> bool:
    return not _may_save(view)


def _offered(view: View) -> Iterable[Offer]:
    """Where savings are not taken, what is there is shown and may be moved out, under the digits it always had."""
    kept = MENU if _may_save(view) else ("balance", "move", "mini")
    return (Offer(name, digits=str(MENU.index(name) + 1)) for name in kept)


def _can_move(view: View) -> bool:
    return _most_moved_cents(view) >= _savings(view).least_cents


def _range(most_cents: int, view: View) -> Mapping[str, object]:
    return {"min": Ksh(_savings(view).least_cents), "max": Ksh(most_cents)}


def _saved(view: View, text: str) -> int | Refusal:
    return whole_shillings(text, _savings(view).least_cents, _most_saved_cents(view))


def _moved(view: View, text: str) -> int | Refusal:
    """Too much because part of it secures a loan is said as such."""
    savings = _savings(view)
    cents = whole_shillings(text, savings.least_cents, savings.saved_cents // 100 * 100)
    if isinstance(cents, Refusal):
        return whole_shillings(text, savings.least_cents, _most_moved_cents(view))
    return cents if cents <= _most_moved_cents(view) else Refusal("savings_held", alone=True)


def _has_goal(view: View) -> bool:
    return bool(_savings(view).goal_cents)


def _goal(view: View, text: str) -> int | Refusal:
    return whole_shillings(text, _savings(view).least_cents, GOAL_MAX_CENTS)


def _amount(view: View) -> Mapping[str, object]:
    return {"amount": Ksh(view.data["amount"]), "fee": Ksh(0)}


def _ended(view: View) -> Mapping[str, object]:
    return {**_amount(view), "reference": view.data["reference"]}


def _asks(kind: str) -> Any:
    """One movement of savings at a time."""

    def emit(view: View) -> Emit:
        return Emit(kind, "SV", {"amount_cents": view.data["amount"]}, f"savings:{view.session.customer}")

    return emit


def _set_goal(view: View) -> Emit:
    return Emit("savings.goal", "SG", {"target_cents": view.answer})


def _drop_goal(view: View) -> Emit | None:
    return Emit("savings.goal", "SG", {"target_cents": 0}) if view.answer == "none" else None


def _target(view: View) -> Mapping[str, object]:
    return {"goal": Ksh(view.data["target"])}


flow = Flow(
    "savings",
    [
        decide("start", [(_is_shut, "closed"), (None, "menu")]),
        choose(
            "menu",
            to={
                "balance": "balance",
                "save": "saving",
                "move": "moving",
                "mini": "mini:savings",
                "goal": "goals",
                "schedule": "schedule:saving",
            },
            offers=_offered,
        ),
        choose(
            "balance",
            to=HOME,
            slots=_slots,
            lines=_lines,
            labels=("held", "interest", "goal"),
            offers=lambda _: (),
        ),
        decide("saving", [(_can_save, "save"), (_may_save, "short"), (None, "closed")]),
        ask(
            "save",
            parse=_saved,
            to="pin",
            saves="amount",
            slots=lambda view: _range(_most_saved_cents(view), view),
            refuses=("amount",),
        ),
        secret("pin", to="end", slots=_amount, emits=_asks("savings.save")),
        end("end", slots=_ended),
        decide("moving", [(_can_move, "move"), (None, "none")]),
        ask(
            "move",
            parse=_moved,
            to="movepin",
            saves="amount",
            slots=lambda view: _range(_most_moved_cents(view), view),
            refuses=("amount", "savings_held"),
        ),
        secret("movepin", to="moveend", slots=_amount, emits=_asks("savings.move")),
        end("moveend", slots=_ended),
        decide("goals", [(_is_closed, "closed"), (_has_goal, "goal"), (None, "target")]),
        choose("goal", to={"change": "target", "none": "goalgone"}, slots=_slots, emits=_drop_goal),
        ask("target", parse=_goal, to="goalset", emits=_set_goal, refuses=("amount",)),
        end("goalset", slots=_target),
        end("goalgone"),
        end("short"),
        end("none"),
        end("closed"),
    ],
    private=True,
)
