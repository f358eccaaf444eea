"""The calendar: closed days, hours of contact, days of outage, and penalties that nobody pays because of them."""

import holidays

from gateway.config import Calendar
from gateway.errors import Misconfigured
from gateway.feature import Feature, Tools
from gateway.loanbook.workdays import Workdays
from gateway.playbooks.letting_off import DAILY, LettingOff
from gateway.web.calendar import CalendarRoutes


def feature(tools: Tools) -> Feature:
    settings = tools.config.calendar
    workdays = workdays_of(settings)
    letting_off = LettingOff(
        tools.portfolio, tools.outbox, workdays, on_closed_days=not settings.penalties_on_closed_days
    )
    routes = CalendarRoutes(tools.store, tools.outbox, letting_off, workdays, tools.clock)
    return Feature(playbooks=(letting_off.playbook(),), daily=(DAILY,), routes=routes.table())


def workdays_of(settings: Calendar) -> Workdays:
    """Raises Misconfigured for a country whose holidays nobody knows, and hours that never come."""
    if settings.contact_from >= settings.contact_until:
        raise Misconfigured("calendar.contact_until: not after calendar.contact_from")
    try:
        closed = holidays.country_holidays(settings.country) if settings.country else {}
    except NotImplementedError as error:
        raise Misconfigured(f"calendar.country: no holidays are known of {settings.country}") from error
    return Workdays(
        frozenset(settings.working_weekdays), closed, frozenset(settings.closed_days),
        settings.contact_from, settings.contact_until,
    )  # fmt: skip
