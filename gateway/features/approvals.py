"""Requests that wait for somebody's yes: what they see, what they answer, and the same for operators."""

from gateway.facts.approvals import ApprovalFacts
from gateway.feature import Feature, Tools
from gateway.playbooks.approving import Approving
from gateway.wallet.limits import Limits
from gateway.web.approvals import ApprovalRoutes


def feature(tools: Tools) -> Feature:
    approving = Approving(tools.books, tools.config.approvals.officer_limit * 100)
    facts = ApprovalFacts(tools.books, tools.portfolio, Limits(tools.config.wallet, tools.books), tools.clock)
    routes = ApprovalRoutes(tools.store, approving, tools.outbox, tools.clock)
    return Feature(instants=approving.instants(), readers=facts.readers(), routes=routes.table())
