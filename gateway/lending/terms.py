"""What lender and borrower agreed, as one frozen value, and its JSON.

{"principal": "10000.00", "annualRatePercent": "18", "interestMethod": "declining_balance",
 "numberOfRepayments": 6, "repaymentUnit": "months", "disbursedOn": "2026-01-15",
 "installmentMultipleOf": "1",
 "latePenalty": {"amount": "50.00", "every": 1, "unit": "months", "graceDays": 2, "cap": "500.00"}}

Whatever is not in the tables below is refused by name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, get_args

from gateway.lending.allocation import PARTS, Order, Part
from gateway.lending.daycount import DayCount
from gateway.lending.duedates import EVERY_MAX, NEVER_CLOSED, UNITS, Calendar, Closed, Unit
from gateway.lending.errors import InvalidTerms, UnsupportedTerms
from gateway.lending.events import Event, event_mapping, parse_event
from gateway.lending.fields import Fields, amount_text
from gateway.lending.penalties import LatePenalty, late_penalty_mapping, read_late_penalty
from gateway.lending.rounding import Rounding

InterestMethod = Literal["flat", "declining_balance"]
Amortization = Literal["equal_installments", "equal_principal"]
InterestPeriod = Literal["same_as_repayment_period", "daily"]

INTEREST_METHODS: tuple[InterestMethod, ...] = get_args(InterestMethod)
AMORTIZATIONS: tuple[Amortization, ...] = get_args(Amortization)
INTEREST_PERIODS: tuple[InterestPeriod, ...] = get_args(InterestPeriod)
DAY_COUNTS: tuple[DayCount, ...] = get_args(DayCount)
ROUNDINGS: tuple[Rounding, ...] = get_args(Rounding)

REPAYMENTS_MAX = 600
EVENTS_MAX = 10_000
CLOSED_DAYS_MAX = 5_000
WEEKDAYS_CLOSED_MAX = 6

TERMS_FIELDS = (
    "principal",
    "annualRatePercent",
    "interestMethod",
    "amortization",
    "interestPeriod",
    "dayCount",
    "numberOfRepayments",
    "repaymentEvery",
    "repaymentUnit",
    "disbursedOn",
    "firstRepaymentOn",
    "noDueDatesOn",
    "principalGracePeriods",
    "interestPaymentGracePeriods",
    "interestFreePeriods",
    "installmentMultipleOf",
    "rounding",
    "allocation",
    "allocationInAdvance",
    "latePenalty",
    "events",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The agreed terms. Making them raises InvalidTerms or UnsupportedTerms, naming the JSON field."""

    principal_cents: int
    annual_rate_percent: Decimal
    interest_method: InterestMethod
    number_of_repayments: int
    repayment_unit: Unit
    disbursed_on: date
    amortization: Amortization = "equal_installments"
    interest_period: InterestPeriod = "same_as_repayment_period"
    day_count: DayCount = "actual/365"
    repayment_every: int = 1
    first_repayment_on: date | None = None
    closed: Closed = NEVER_CLOSED
    principal_grace_periods: int = 0
    interest_payment_grace_periods: int = 0
    interest_free_periods: int = 0
    installment_multiple_cents: int = 1
    rounding: Rounding = "half_even"
    allocation: Order = PARTS
    allocation_in_advance: Order = PARTS
    late_penalty: LatePenalty | None = None
    events: tuple[Event, ...] = ()

    def __post_init__(self) -> None:
        _refuse_flat_daily(self)
        _check_graces(self)
        _check_calendar(self)
        _check_events(self)

    @property
    def calendar(self) -> Calendar:
        """The agreed due dates, counted from the payout or from the agreed first repayment."""
        if self.first_repayment_on is None:
            return Calendar(self.disbursed_on, 0, self.repayment_every, self.repayment_unit, self.closed)
        return Calendar(self.first_repayment_on, 1, self.repayment_every, self.repayment_unit, self.closed)


def parse_terms(source: Mapping[str, object]) -> Terms:
    """Reads the terms JSON; raises InvalidTerms or UnsupportedTerms, beginning with the field's name."""
    fields = Fields.of(source, TERMS_FIELDS)
    count = fields.whole("numberOfRepayments", 1, REPAYMENTS_MAX)
    return Terms(
        principal_cents=fields.cents("principal"),
        annual_rate_percent=fields.percent("annualRatePercent"),
        interest_method=fields.choice("interestMethod", INTEREST_METHODS),
        amortization=fields.choice("amortization", AMORTIZATIONS, "equal_installments"),
        interest_period=fields.choice("interestPeriod", INTEREST_PERIODS, "same_as_repayment_period"),
        day_count=fields.choice("dayCount", DAY_COUNTS, "actual/365"),
        number_of_repayments=count,
        repayment_every=fields.whole("repaymentEvery", 1, EVERY_MAX, 1),
        repayment_unit=fields.choice("repaymentUnit", UNITS),
        disbursed_on=fields.day("disbursedOn"),
        first_repayment_on=fields.day_or_none("firstRepaymentOn"),
        closed=_closed(fields),
        principal_grace_periods=fields.whole("principalGracePeriods", 0, REPAYMENTS_MAX, 0),
        interest_payment_grace_periods=fields.whole("interestPaymentGracePeriods", 0, REPAYMENTS_MAX, 0),
        interest_free_periods=fields.whole("interestFreePeriods", 0, REPAYMENTS_MAX, 0),
        installment_multiple_cents=fields.cents("installmentMultipleOf", 1),
        rounding=fields.choice("rounding", ROUNDINGS, "half_even"),
        allocation=_order(fields, "allocation"),
        allocation_in_advance=_order(fields, "allocationInAdvance"),
        late_penalty=_late_penalty(fields),
        events=_events(fields),
    )


def terms_mapping(terms: Terms) -> dict[str, object]:
    """The JSON of the terms, every field written out; `parse_terms` reads it back to an equal value."""
    first = terms.first_repayment_on
    return {
        "principal": amount_text(terms.principal_cents),
        "annualRatePercent": f"{terms.annual_rate_percent:f}",
        "interestMethod": terms.interest_method,
        "amortization": terms.amortization,
        "interestPeriod": terms.interest_period,
        "dayCount": terms.day_count,
        "numberOfRepayments": terms.number_of_repayments,
        "repaymentEvery": terms.repayment_every,
        "repaymentUnit": terms.repayment_unit,
        "disbursedOn": terms.disbursed_on.isoformat(),
        "firstRepaymentOn": first.isoformat() if first else None,
        "noDueDatesOn": _closed_mapping(terms.closed),
        "principalGracePeriods": terms.principal_grace_periods,
        "interestPaymentGracePeriods": terms.interest_payment_grace_periods,
        "interestFreePeriods": terms.interest_free_periods,
        "installmentMultipleOf": amount_text(terms.installment_multiple_cents),
        "rounding": terms.rounding,
        "allocation": list(terms.allocation),
        "allocationInAdvance": list(terms.allocation_in_advance),
        "latePenalty": late_penalty_mapping(terms.late_penalty),
        "events": [event_mapping(event) for event in terms.events],
    }


def _order(fields: Fields, name: str) -> Order:
    """All four parts, each once: an order that forgets one could never close a loan."""
    if not fields.has(name):
        return PARTS
    given = fields.items(name)
    known: dict[object, Part] = {part: part for part in PARTS}
    for word in given:
        if not isinstance(word, str) or word not in known:
            raise UnsupportedTerms(f"{name}: {word!r} is not supported; known are {', '.join(PARTS)}")
    if len(given) != len(PARTS) or set(given) != set(PARTS):
        raise InvalidTerms(f"{name}: expected each of {', '.join(PARTS)} once")
    return tuple(known[word] for word in given)


def _closed(fields: Fields) -> Closed:
    """Days on which nothing falls due; a week without an open day would have no due date at all."""
    if not fields.has("noDueDatesOn"):
        return NEVER_CLOSED
    prefix = "noDueDatesOn."
    said = Fields.of(fields.value("noDueDatesOn"), ("weekdays", "days"), prefix)
    given = said.items("weekdays")
    weekdays = frozenset(day for day in given if type(day) is int and 1 <= day <= 7)
    if len(weekdays) != len(given) or len(weekdays) > WEEKDAYS_CLOSED_MAX:
        raise InvalidTerms(f"{prefix}weekdays: expected up to {WEEKDAYS_CLOSED_MAX} numbers, 1 Monday to 7 Sunday")
    days = said.items("days")
    if len(days) > CLOSED_DAYS_MAX:
        raise InvalidTerms(f"{prefix}days: more than {CLOSED_DAYS_MAX}")
    return Closed(weekdays, frozenset(Fields({"days": day}, prefix).day("days") for day in days))


def _closed_mapping(closed: Closed) -> dict[str, object] | None:
    if not closed:
        return None
    return {"weekdays": sorted(closed.weekdays), "days": [day.isoformat() for day in sorted(closed.days)]}


def _late_penalty(fields: Fields) -> LatePenalty | None:
    if not fields.has("latePenalty"):
        return None
    return read_late_penalty(fields.value("latePenalty"), "latePenalty.", grace_days="graceDays")


def _events(fields: Fields) -> tuple[Event, ...]:
    items = fields.items("events")
    if len(items) > EVENTS_MAX:
        raise InvalidTerms(f"events: more than {EVENTS_MAX}")
    return tuple(parse_event(item, f"events[{index}].") for index, item in enumerate(items))


def _refuse_flat_daily(terms: Terms) -> None:
    # Lenders differ on whether a flat loan's rows follow their own days, so we do not choose for them.
    if terms.interest_method == "flat" and terms.interest_period == "daily":
        raise UnsupportedTerms("interestPeriod: daily interest with the flat method is not supported")


def _check_graces(terms: Terms) -> None:
    count = terms.number_of_repayments
    if terms.principal_grace_periods >= count:
        raise InvalidTerms("principalGracePeriods: leaves no period to repay in")
    if terms.interest_payment_grace_periods >= count:
        raise InvalidTerms("interestPaymentGracePeriods: leaves no period to pay interest in")
    if terms.interest_free_periods > count:
        raise InvalidTerms("interestFreePeriods: more than there are periods")


def _check_calendar(terms: Terms) -> None:
    if terms.first_repayment_on is not None and terms.first_repayment_on <= terms.disbursed_on:
        raise InvalidTerms("firstRepaymentOn: not after disbursedOn")
    try:
        terms.calendar.due_dates(1, terms.number_of_repayments)
    except OverflowError as error:
        raise InvalidTerms("numberOfRepayments: the last due date is past the calendar") from error


def _check_events(terms: Terms) -> None:
    for index, event in enumerate(terms.events):
        if event.on < terms.disbursed_on:
            raise InvalidTerms(f"events[{index}].on: before disbursedOn")
