"""What happens to a loan after its payout, as values, and their JSON:

{"on": "2026-03-01", "type": "repayment", "amount": "500.00", "reference": "SCV1AB2CD3"}
{"on": "2026-03-02", "type": "reverse_repayment", "reference": "SCV1AB2CD3"}
{"on": "2026-03-09", "type": "charge", "amount": "50.00", "kind": "fee | penalty", "instalment": 2}
{"on": "2026-03-10", "type": "waiver", "amount": "50.00", "kind": "fee | penalty"}
{"on": "2026-03-09", "type": "end_of_day"}
{"on": "2026-03-15", "type": "reschedule", "extraInstalments": 3, "annualRatePercent": "14",
 "nextDueOn": "2026-04-20"}
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Literal

from gateway.lending.errors import InvalidTerms
from gateway.lending.fields import Fields, amount_text

ChargeKind = Literal["fee", "penalty"]
EventType = Literal["repayment", "reverse_repayment", "charge", "waiver", "end_of_day", "reschedule"]

EXTRA_INSTALMENTS_MAX = 120
INSTALMENT_NUMBER_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Repayment:
    """Money that came in with value date `on`."""

    on: date
    amount_cents: int
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Reversal:
    """Takes back the latest repayment that matches every selector given; with none, the latest of all."""

    on: date
    amount_cents: int | None = None
    reference: str = ""
    repayment_on: date | None = None


@dataclass(frozen=True, slots=True)
class Charge:
    """A fee or penalty; without an instalment number it belongs to the period that contains `on`."""

    on: date
    amount_cents: int
    kind: ChargeKind = "fee"
    instalment: int | None = None


@dataclass(frozen=True, slots=True)
class Waiver:
    """Fees or penalties that need not be paid, the oldest first; never more than is unpaid of them."""

    on: date
    amount_cents: int
    kind: ChargeKind = "penalty"


@dataclass(frozen=True, slots=True)
class EndOfDay:
    """Every day up to `on` is over: late penalties that fell due by then are posted."""

    on: date


@dataclass(frozen=True, slots=True)
class Reschedule:
    """New conditions for the instalments due after `on`."""

    on: date
    extra_instalments: int = 0
    annual_rate_percent: Decimal | None = None
    next_due_on: date | None = None


Event = Repayment | Reversal | Charge | Waiver | EndOfDay | Reschedule


def parse_event(source: object, prefix: str) -> Event:
    """Reads one event; raises InvalidTerms or UnsupportedTerms naming the field after `prefix`."""
    known = ("on", "type", *_EVERY_FIELD)
    kind = Fields.of(source, known, prefix).choice("type", tuple(_READERS))
    names, read = _READERS[kind]
    return read(Fields.of(source, ("on", "type", *names), prefix))


def event_mapping(event: Event) -> dict[str, object]:
    """The JSON of an event; `parse_event` reads it back to an equal value."""
    written: dict[str, object | None]
    match event:
        case Repayment():
            written = {"type": "repayment", "amount": amount_text(event.amount_cents)}
            written["reference"] = event.reference or None
        case Reversal():
            amount = None if event.amount_cents is None else amount_text(event.amount_cents)
            written = {"type": "reverse_repayment", "amount": amount}
            written |= {"reference": event.reference or None, "repaymentOn": _day_text(event.repayment_on)}
        case Charge():
            written = {"type": "charge", "amount": amount_text(event.amount_cents)}
            written |= {"kind": event.kind, "instalment": event.instalment}
        case Waiver():
            written = {"type": "waiver", "amount": amount_text(event.amount_cents), "kind": event.kind}
        case EndOfDay():
            written = {"type": "end_of_day"}
        case Reschedule():
            rate = event.annual_rate_percent
            written = {"type": "reschedule", "extraInstalments": event.extra_instalments}
            written["annualRatePercent"] = None if rate is None else f"{rate:f}"
            written["nextDueOn"] = _day_text(event.next_due_on)
    present = {name: value for name, value in written.items() if value is not None}
    return {"on": event.on.isoformat(), **present}


def _day_text(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _read_repayment(fields: Fields) -> Event:
    return Repayment(fields.day("on"), fields.cents("amount"), fields.text("reference", ""))


def _read_reversal(fields: Fields) -> Event:
    return Reversal(
        on=fields.day("on"),
        amount_cents=fields.cents("amount") if fields.has("amount") else None,
        reference=fields.text("reference", ""),
        repayment_on=fields.day_or_none("repaymentOn"),
    )


def _read_charge(fields: Fields) -> Event:
    number = fields.whole("instalment", 1, INSTALMENT_NUMBER_MAX) if fields.has("instalment") else None
    kind: ChargeKind = fields.choice("kind", ("fee", "penalty"), "fee")
    return Charge(fields.day("on"), fields.cents("amount"), kind, number)


def _read_waiver(fields: Fields) -> Event:
    kind: ChargeKind = fields.choice("kind", ("fee", "penalty"), "penalty")
    return Waiver(fields.day("on"), fields.cents("amount"), kind)


def _read_end_of_day(fields: Fields) -> Event:
    return EndOfDay(fields.day("on"))


def _read_reschedule(fields: Fields) -> Event:
    event = Reschedule(
        on=fields.day("on"),
        extra_instalments=fields.whole("extraInstalments", 0, EXTRA_INSTALMENTS_MAX, 0),
        annual_rate_percent=fields.percent("annualRatePercent") if fields.has("annualRatePercent") else None,
        next_due_on=fields.day_or_none("nextDueOn"),
    )
    if event == Reschedule(event.on):
        raise InvalidTerms(f"{fields.prefix}extraInstalments: a reschedule has to change something")
    return event


_READERS: Mapping[EventType, tuple[tuple[str, ...], Callable[[Fields], Event]]] = MappingProxyType(
    {
        "repayment": (("amount", "reference"), _read_repayment),
        "reverse_repayment": (("amount", "reference", "repaymentOn"), _read_reversal),
        "charge": (("amount", "kind", "instalment"), _read_charge),
        "waiver": (("amount", "kind"), _read_waiver),
        "end_of_day": ((), _read_end_of_day),
        "reschedule": (("extraInstalments", "annualRatePercent", "nextDueOn"), _read_reschedule),
    }
)
_EVERY_FIELD = tuple(name for names, _ in _READERS.values() for name in names)
