"""Savings: moving money in and out, interest by the month, goals."""

from gateway.approvals.pledges import pledged_cents
from gateway.facts.savings import SavingsFacts
from gateway.feature import Feature, Tools
from gateway.licences import licence
from gateway.playbooks.savings import InterestTerms, Savings
from gateway.savings.interest import Rate

UNDER_WAY = ("savings.save", "savings.move")


def feature(tools: Tools) -> Feature:
    """Without the licence nothing is taken and nothing is earned: a month is closed with no interest, for good."""
    settings, takes_savings = tools.config.savings, licence(tools.config.organisation.kind).takes_savings
    may_save = settings.open and takes_savings
    rates = tuple(Rate(rate.since, rate.percent) for rate in settings.rates) if takes_savings else ()
    terms = InterestTerms(rates, settings.withheld_percent, settings.interest_sms)
    savings = Savings(tools.books, tools.teller, terms, pledged_cents, may_save=may_save)
    facts = SavingsFacts(
        tools.books, rates, pledged_cents, tools.clock, least_cents=settings.least_cents, may_save=may_save
    )
    return Feature(
        playbooks=(savings.saving(), savings.moving(), savings.monthly()),
        instants={"savings.goal": savings.set_goal},
        readers=facts.readers(),
        daily=("savings.monthly",),
    )
