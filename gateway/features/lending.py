"""Borrowing: quotes, limits, running loans, and paying a loan out."""

from gateway.facts.loans import LoanFacts
from gateway.facts.people import PeopleFacts
from gateway.feature import Feature, Tools
from gateway.playbooks.lend import Lending, wanted
from gateway.rails.steps import DisburseStep

HOUR_MS = 3_600_000
UNDER_WAY = ("loan.disburse",)


def feature(tools: Tools) -> Feature:
    answer_ms = tools.config.organisation.answer_hours * HOUR_MS
    lending = Lending(tools.books, tools.portfolio, tools.teller, answer_ms=answer_ms)
    disburse = DisburseStep(
        tools.rail, tools.store, tools.clock, tools.patience, tools.addresses, wanted(tools.rail.name), lending.slow
    )
    facts = LoanFacts(tools.books, tools.portfolio, PeopleFacts(tools.under_way), tools.clock)
    return Feature(playbooks=(lending.playbook(disburse),), readers=facts.readers(), computed=facts.computed())
