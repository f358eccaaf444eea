"""Scheduled payments: made and stopped on the phone, paid on their days, seen and stopped by operators."""

from gateway.facts.schedules import ScheduleFacts, least_cents
from gateway.feature import Feature, Tools
from gateway.playbooks.scheduling import DAILY, Patience, Scheduling
from gateway.wallet.limits import Limits
from gateway.web.schedules import ScheduleRoutes


def feature(tools: Tools) -> Feature:
    config, settings = tools.config, tools.config.schedules
    limits = Limits(config.wallet, tools.books)
    patience = Patience(settings.hour, settings.tries_days, settings.failures_most)
    scheduling = Scheduling(tools.books, tools.portfolio, limits, tools.outbox, patience)
    least = least_cents(config.wallet.least, config.savings.least_cents)
    facts = ScheduleFacts(limits, least, most=settings.most)
    return Feature(
        playbooks=(scheduling.daily(), scheduling.looking()),
        instants={"schedule.create": scheduling.create, "schedule.stop": scheduling.stop},
        readers=facts.readers(),
        daily=(DAILY,),
        routes=ScheduleRoutes(tools.store, scheduling, tools.clock).table(),
    )
