"""Staff: what officers do from their phones and operators over HTTP to the accounts of others."""

from gateway.accounts.staff import Staff
from gateway.facts.loans import LoanFacts
from gateway.facts.people import PeopleFacts
from gateway.facts.staff import StaffFacts
from gateway.feature import Feature, Tools
from gateway.features.accounts import accounts_of
from gateway.playbooks.staffing import Staffing
from gateway.web.deeds import Deeds
from gateway.web.officers import OfficerRoutes
from gateway.web.prompts import PromptRoutes

DEPOSIT = "wallet.deposit"


def feature(tools: Tools) -> Feature:
    config = tools.config
    staff = Staff(tools.outbox, config.accounts, config.staff)
    staffing = Staffing(
        staff, accounts_of(tools), tools.outbox, tools.teller, config.accounts, config.staff, rail=tools.rail.name
    )
    people = PeopleFacts(tools.under_way, tools.clock)
    loans = LoanFacts(tools.books, tools.portfolio, people, tools.clock)
    facts = StaffFacts(loans, staff, tools.outbox, config.staff, tools.clock)
    deeds = Deeds(tools.store, tools.outbox, tools.clock)
    routes = OfficerRoutes(
        tools.store, tools.outbox, deeds, staff, staffing, tools.portfolio, tools.clock, tools.under_way
    )
    prompts = PromptRoutes(tools.store, deeds, staff, tools.portfolio, has_deposits=lambda: tools.outbox.knows(DEPOSIT))
    return Feature(
        playbooks=staffing.playbooks(),
        instants=staffing.handlers(),
        readers=facts.readers(),
        routes=(*routes.table(), *prompts.table()),
    )
