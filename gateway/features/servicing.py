"""Loans after their pay-out: what staff do to them, promises to pay, what a new day brings, and what the law stops."""

from gateway.clock import HOUR_MS
from gateway.feature import Feature, Tools
from gateway.lending.in_duplum import InDuplum
from gateway.playbooks.promising import DAILY, Promising
from gateway.playbooks.servicing import Servicing
from gateway.web.loan_acts import LoanActRoutes
from gateway.web.loans import LoanRoutes


def feature(tools: Tools) -> Feature:
    rules, settings = tools.config.rules, tools.config.servicing
    if rules.in_duplum_from is not None:
        tools.portfolio.rule = InDuplum(rules.in_duplum_from, rules.in_duplum_days)
    servicing = Servicing(
        tools.books, tools.portfolio, tools.teller, shortcode=tools.config.rails.daraja.collection.shortcode,
        answer_ms=settings.answer_hours * HOUR_MS,
    )  # fmt: skip
    promising = Promising(tools.portfolio, tools.outbox, days_most=settings.promise_days, hour=settings.tell_hour)
    loans = LoanRoutes(tools.store, tools.portfolio, tools.clock)
    acts = LoanActRoutes(tools.store, tools.outbox, tools.portfolio, servicing, tools.clock)
    return Feature(
        playbooks=(servicing.playbook(), promising.daily()),
        instants={"loan.promise": promising.promise},
        daily=(DAILY,),
        routes=(*loans.table(), *acts.table()),
    )
