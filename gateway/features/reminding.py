"""Reminders of instalments: before, on and after their day, not on Sundays and holidays."""

from collections.abc import Collection
from datetime import date

import holidays

from gateway.config import Reminding as Settings
from gateway.feature import Feature, Tools
from gateway.playbooks.reminding import DAILY, Reminding
from gateway.servicing.reminders import Reminders


def feature(tools: Tools) -> Feature:
    reminding = reminding_of(tools)
    return Feature(playbooks=(reminding.daily(),), daily=(DAILY,))


def reminding_of(tools: Tools) -> Reminding:
    settings = tools.config.reminding
    return Reminding(
        tools.portfolio, tools.outbox, reminders_of(settings, tools.config.calendar.closed_days), hour=settings.hour
    )


def reminders_of(settings: Settings, own: Collection[date] = ()) -> Reminders:
    """`own` are the organisation's closed days."""
    closed = holidays.country_holidays(settings.country) if settings.country else {}

    def is_silent(day: date) -> bool:
        return day.isoweekday() in settings.silent_weekdays or day in closed or day in own

    return Reminders(settings.days_before, settings.days_after, is_silent)
