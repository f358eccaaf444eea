"""Loans: products, duties, limits, the score, what the law asks, collections."""

from datetime import date, time
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from gateway.config.section import Section
from gateway.lending.offers import DEMO_PRODUCTS
from gateway.lending.taxes import Charged


class Lending(Section):
    products: dict[str, dict[str, Any]] = Field({key: dict(product) for key, product in DEMO_PRODUCTS.items()})
    """What people may borrow, by key; see `gateway.lending.offers`."""


class TaxRate(Section):
    """A duty on what loans cost: excise, for instance."""

    model_config = ConfigDict(populate_by_name=True)
    name: str = Field(min_length=1, max_length=20)
    on: Charged
    """fee or interest."""
    percent: Annotated[Decimal, Field(gt=0, le=100)]
    since: date = Field(alias="from")
    """The first day of it."""
    until: date | None = None
    """The day from which it is no more."""
    inside: bool = False
    """true: it is a part of the charge; false: it comes on top."""


class Points(Section):
    """What counts how much in the score that comes with the program."""

    start: int = Field(50, ge=0, le=100)
    on_time: int = Field(5, ge=0, le=100)
    """For each loan repaid on time, up to on_time_most."""
    on_time_most: int = Field(30, ge=0, le=100)
    late: int = Field(10, ge=0, le=100)
    """Taken for each loan repaid late."""
    late_now: int = Field(30, ge=0, le=100)
    """Taken while something is late."""
    tenure: int = Field(10, ge=0, le=100)
    """For being a customer since tenure_months."""
    tenure_months: int = Field(6, ge=0)
    saving: int = Field(10, ge=0, le=100)
    """For having saved since saving_months."""
    saving_months: int = Field(3, ge=0)


class Borrowing(Section):
    """How much people may owe: limits in steps, and the score. Amounts in shillings; 0 switches a rule off."""

    first: int = Field(2_000, ge=0)
    """The lowest step: no limit falls below it by itself."""
    step: int = Field(1_000, ge=0)
    """By how much a loan repaid on time raises a limit."""
    down: int = Field(1_000, ge=0)
    """By how much one repaid late lowers it."""
    most: int = Field(50_000, ge=0)
    """Repaying alone raises no limit above this; staff may."""
    late_days: int = Field(3, ge=0)
    """So many days late is still on time."""
    raise_days: int = Field(7, ge=0)
    """A loan repaid sooner raises nothing."""
    raise_percent: int = Field(50, ge=0, le=100)
    """A loan smaller than this part of the limit raises nothing."""
    tenure_months: int = Field(0, ge=0)
    """Until somebody has been a customer for so many months they stay at the first step."""
    saving_months: int = Field(0, ge=0)
    """The same until they have saved for so many months."""
    savings_times: int = Field(0, ge=0)
    """Nobody gets more than so many times their savings."""
    scorer: str = "rules"
    """Who judges a record: `rules`, or another as package.module:name."""
    officer_below: int = Field(0, ge=0, le=100)
    """Below so many points an officer decides, also about products that are approved automatically."""
    refuse_below: int = Field(0, ge=0, le=100)
    """Below so many points nothing is lent."""
    points: Points = Points()


class Peers(Section):
    """Loans from person to person. The least and most of one are those of the product `peer`."""

    asks_a_day: int = Field(3, ge=0, le=100)
    """How often somebody may ask a person for a loan, a day."""
    added_percent_max: int = Field(10, ge=0, le=100)
    """The most that may be agreed on top, in percent of the amount."""
    days_max: int = Field(90, ge=1, le=366)
    """The most days until it is repaid."""
    answer_days: int = Field(3, ge=1, le=30)
    """How many days somebody who was asked may take to answer."""
    guarantee_days: int = Field(3, ge=1, le=30)
    """The same for who is asked to guarantee a loan."""


class AutoRepay(Section):
    """The share of incoming money that people may agree to repay their loans with."""

    least_percent: int = Field(5, ge=1, le=100)
    most_percent: int = Field(50, ge=1, le=100)


class Repaying(Section):
    """Repaying with somebody else's money."""

    other_phones_a_day: int = Field(3, ge=0, le=100)
    """How often a customer may ask another phone to pay, a day."""
    notice_seconds: float = Field(10.0, ge=0)
    """Between the SMS that names who asks and the prompt on that phone."""


class Rules(Section):
    """What the law asks, by the day from which it does. Check with counsel."""

    in_duplum_from: date | None = date(2022, 3, 18)
    """From when interest, penalties and fees after a default stop at the principal then owing; null: never."""
    in_duplum_days: int = Field(90, ge=0, le=3650)
    """A loan that is more days late than this is in default."""


class Servicing(Section):
    """Loans after their pay-out."""

    promise_days: int = Field(7, ge=1, le=31)
    """How many days ahead somebody may promise to pay."""
    answer_hours: int = Field(48, ge=1, le=720)
    """Hours a second person has to agree to what staff do to a loan."""
    tell_hour: int = Field(9, ge=0, le=23)
    """Nobody is told before this hour that a loan is late."""


class Calendar(Section):
    """Which days are worked, and when people may be called about what they owe."""

    working_weekdays: tuple[Annotated[int, Field(ge=1, le=7)], ...] = Field((1, 2, 3, 4, 5, 6), min_length=1)
    """1 Monday, 7 Sunday."""
    country: str = Field("KE", max_length=2)
    """Whose public holidays are closed days; empty: none are."""
    closed_days: tuple[date, ...] = ()
    """Days of our own on which nobody works."""
    contact_from: time = time(8)
    contact_until: time = time(18)
    due_on_closed_days: Literal["keep", "next"] = "keep"
    """Where an instalment is due that would fall on a closed day: there, or on the next open one. For new loans; a
    product may say otherwise (`due_on_closed_days`)."""
    penalties_on_closed_days: bool = True
    """Whether a penalty may fall on a closed day; on a day of outage it never does."""


class LoanBook(Section):
    """Loan books brought from elsewhere."""

    rows_most: int = Field(2_000, ge=1, le=20_000)
    """Loans in one file: an import is one unit of work, and on SQLite others wait for it."""
    upload_bytes_most: int = Field(5_000_000, ge=10_000, le=50_000_000)
    """The largest file."""
