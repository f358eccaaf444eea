"""Savings: moving money in and out, interest by the month, goals."""

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.approvals.pledges import pledged_cents
from gateway.books import accounts as chart
from gateway.facts.savings import SavingsFacts
from gateway.feature import Feature, Tools
from gateway.features.wallet import ordered_of
from gateway.licences import licence
from gateway.playbooks.savings import InterestTerms, Savings
from gateway.savings.interest import Rate
from gateway.web.ordered import OrderRoutes, Source
from gateway.web.savings import SavingsRoutes

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
    routes = SavingsRoutes(tools.store, tools.books, pledged_cents)
    orders = OrderRoutes(tools.store, tools.outbox, ordered_of(tools), _savings(tools), tools.clock)
    return Feature(
        playbooks=(savings.saving(), savings.moving(), savings.monthly()),
        instants={"savings.goal": savings.set_goal},
        readers=facts.readers(),
        daily=("savings.monthly",),
        routes=(*routes.table(), *orders.table()),
    )


def _savings(tools: Tools) -> Source:
    async def free(connection: AsyncConnection, customer_id: str) -> int:
        """Not what secures a loan."""
        balance = await tools.books.balance(connection, chart.savings(customer_id))
        return max(0, balance.available_cents - await pledged_cents(connection, customer_id))

    return Source("savings", free, lambda _cents: 0, whole_shillings=False)
