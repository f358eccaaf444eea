"""Payments that go out of the wallet by themselves: to savings, to a person or to an own loan, every week,
every month or once. What is agreed to here is paid later without a PIN, so it is agreed to with one.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from flows.amounts import whole_shillings
from flows.days import example, typed_day
from flows.kit import Emit, Flow, Gone, Offer, Refusal, Step, View, ask, choose, decide, end, secret
from flows.known import Allowed, Scheduled
from flows.loans import LISTED_LABELS, offered_loans
from flows.loans import has_none as has_no_loans
from flows.numbers import has_no_lookups
from flows.rhythm import MONTH_DAYS_MAX, ONCE, Rhythm
from flows.send import is_nobody, look_up, looked_up, payee_slots, payee_typed
from flows.wallet import fee_cents, is_closed
from menus.values import Day, Ksh, ShortName

SAVE, SEND, REPAY = "save", "send", "repay"
KINDS = (SAVE, SEND, REPAY)
RHYTHMS = ("week", "month", "once")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
NEW = "new"
AHEAD_DAYS_MAX = 365
EXAMPLE_DAYS = 7


def _scheduled(view: View) -> tuple[Scheduled, ...]:
    found: tuple[Scheduled, ...] = view.fact("scheduled")
    return found


def _has_none(view: View) -> bool:
    return not _scheduled(view)


def _is_full(view: View) -> bool:
    return bool(view.fact("schedules_left") <= 0)


def _slots(view: View, one: Scheduled) -> Mapping[str, object]:
    return {
        "schedule": one.reference,
        "amount": Ksh(one.amount_cents),
        "person": ShortName(one.person),
        "loan": one.loan,
        "on_day": one.day,
        "day": Day(one.next_on, view.facts.now.date()),
    }


def _listed(view: View) -> Iterable[Offer]:
    """What there is, and room for more where there is any."""
    offers = [Offer(one.reference, one.kind, _slots(view, one)) for one in _scheduled(view)]
    return offers if _is_full(view) else [*offers, Offer(NEW)]


def _is_new(view: View) -> bool:
    return bool(view.answer == NEW)


def _chosen(view: View) -> Scheduled:
    """Raises Gone when it is over by now."""
    for one in _scheduled(view):
        if one.reference == view.data["schedule"]:
            return one
    raise Gone(view.data["schedule"])


def _chosen_slots(view: View) -> Mapping[str, object]:
    return _slots(view, _chosen(view))


def _details(view: View) -> Iterable[Offer]:
    one, slots = _chosen(view), _chosen_slots(view)
    return (Offer("", one.kind, slots), Offer("", one.every, slots), Offer("", "next", slots))


def _stop(view: View) -> Emit:
    return Emit("schedule.stop", "SC", {"schedule": view.data["schedule"]})


def _takes_no_savings(view: View) -> bool:
    return not view.fact("savings").may_save


def _allowed(view: View, kind: str) -> Allowed:
    known: Allowed = view.fact("schedule_allowed", kind)
    return known


def _range(kind: str) -> Any:
    def slots(view: View) -> Mapping[str, object]:
        known = _allowed(view, kind)
        about = {"loan": view.data["loan"]} if kind == REPAY else payee_slots(view) if kind == SEND else {}
        return {"min": Ksh(known.least_cents), "max": Ksh(known.most_cents), **about}

    return slots


def _amount(kind: str) -> Any:
    """An amount that may be scheduled; whether the wallet has it is seen on the day."""

    def parse(view: View, text: str) -> int | Refusal:
        known = _allowed(view, kind)
        return whole_shillings(text, known.least_cents, known.most_cents)

    return parse


def _of_kind(kind: str) -> Any:
    return lambda _: {"kind": kind}


def _to_person(view: View) -> Mapping[str, Any]:
    return {**looked_up(view), "kind": SEND}


def _how_much(kind: str, binds: Callable[[View], Mapping[str, Any]]) -> Step:
    """The question of the amount, and what is bound with the answer."""
    return ask(
        kind, parse=_amount(kind), to="when", saves="amount", slots=_range(kind), binds=binds, refuses=("amount",)
    )


def _weekdays(_: View) -> Iterable[Offer]:
    return (Offer(str(number), name) for number, name in enumerate(WEEKDAYS, start=1))


def _month_day(_: View, text: str) -> int | Refusal:
    plain = text.strip().rstrip(".")
    if not (plain.isdecimal() and plain.isascii() and 1 <= int(plain) <= MONTH_DAYS_MAX):
        return Refusal("month_day", {"most": MONTH_DAYS_MAX})
    return int(plain)


def _date(view: View, text: str) -> str | Refusal:
    """From tomorrow on, at most a year ahead."""
    today = view.facts.now.date()
    day = typed_day(text, today)
    if day is None or not today < day <= today + timedelta(days=AHEAD_DAYS_MAX):
        return Refusal("day", {"most": AHEAD_DAYS_MAX, "day": example(today, EXAMPLE_DAYS)})
    return day.isoformat()


def _example(view: View) -> Mapping[str, object]:
    return {"day": example(view.facts.now.date(), EXAMPLE_DAYS)}


def _first(view: View) -> date:
    """The first day on which it is paid: never today, which has been looked at already."""
    if view.data["every"] == ONCE:
        return date.fromisoformat(view.data["on"])
    first = Rhythm(view.data["every"], int(view.data["on"])).after(view.facts.now.date())
    assert first is not None
    return first


def _agreed(view: View) -> Mapping[str, Any]:
    """The day and the fee that are shown with the PIN."""
    fee = fee_cents(view, SEND, view.data["amount"]) if view.data["kind"] == SEND else 0
    return {"first": _first(view).isoformat(), "fee": fee}


def _words(view: View) -> str:
    return f"pin_{view.data['kind']}_{view.data['every']}"


def _sum(view: View) -> Mapping[str, object]:
    data = view.data
    payee = view.fact("looked_up", data["lookup"]) if data["kind"] == SEND else None
    return {
        "amount": Ksh(data["amount"]),
        "fee": Ksh(data["fee"]),
        "person": ShortName(payee.name if payee else ""),
        "loan": data.get("loan", ""),
        "on_day": data["on"],
        "day": _first_day(view),
    }


def _first_day(view: View) -> Day:
    return Day(date.fromisoformat(view.data["first"]), view.facts.now.date())


def _create(view: View) -> Emit:
    """With the receiver as they were shown. One agreement, whatever it will be paid with."""
    data = view.data
    intent: dict[str, Any] = {
        "kind": data["kind"],
        "amount_cents": data["amount"],
        "fee_cents": data["fee"],
        "every": data["every"],
        "day": 0 if data["every"] == ONCE else int(data["on"]),
        "first": data["first"],
    }
    if data["kind"] == SEND:
        payee = view.fact("looked_up", data["lookup"])
        intent |= {"to": payee.phone, "person": payee.id}
    elif data["kind"] == REPAY:
        intent["loan"] = data["loan"]
    return Emit("schedule.create", "SC", intent)


def _created(view: View) -> Mapping[str, object]:
    return {"schedule": view.data["reference"], "day": _first_day(view)}


def _stopped(view: View) -> Mapping[str, object]:
    return {"schedule": view.data["schedule"]}


flow = Flow(
    "schedule",
    [
        decide("start", [(_has_none, "what"), (None, "list")]),
        choose("list", to=[(_is_new, "what"), (None, "one")], saves="schedule", offers=_listed, labels=(*KINDS, NEW)),
        choose(
            "one",
            to={"stop": "stop"},
            slots=_chosen_slots,
            lines=_details,
            offers=lambda _: (Offer("stop"),),
            labels=(*KINDS, *RHYTHMS, "next", "stop"),
        ),
        secret("stop", to="stopped", slots=_chosen_slots, emits=_stop),
        end("stopped", slots=_stopped),
        choose("what", to={SAVE: "saving", SEND: "sending", REPAY: "repaying"}),
        decide("saving", [(_is_full, "full"), (_takes_no_savings, "savings:closed"), (None, SAVE)]),
        _how_much(SAVE, _of_kind(SAVE)),
        decide(
            "sending",
            [(_is_full, "full"), (is_closed, "wallet:safety"), (has_no_lookups, "send:enough"), (None, "phone")],
        ),
        ask(
            "phone",
            parse=payee_typed,
            saves="",
            to=[(is_nobody, "nobody"), (None, SEND)],
            refuses=("phone", "own_phone", "payee_closed", "payee_locked", "lookups"),
            emits=look_up,
        ),
        choose("nobody", to={"other": "sending"}, slots=payee_slots, confirms=True),
        _how_much(SEND, _to_person),
        decide("repaying", [(_is_full, "full"), (has_no_loans, "loans:none"), (None, "loan")]),
        choose("loan", to=REPAY, saves="loan", offers=offered_loans, labels=LISTED_LABELS),
        _how_much(REPAY, _of_kind(REPAY)),
        choose("when", to={"week": "weekday", "month": "monthday", "once": "date"}, saves="every"),
        choose("weekday", to="pin", saves="on", offers=_weekdays, labels=WEEKDAYS),
        ask("monthday", parse=_month_day, to="pin", saves="on", refuses=("month_day",)),
        ask("date", parse=_date, to="pin", saves="on", slots=_example, refuses=("day",)),
        secret(
            "pin",
            to="set",
            words=_words,
            variants=tuple(f"pin_{kind}_{every}" for kind in KINDS for every in RHYTHMS),
            slots=_sum,
            binds=_agreed,
            emits=_create,
        ),
        end("set", slots=_created),
        end("full"),
    ],
    private=True,
)
