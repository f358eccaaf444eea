"""The loan book as a whole, for operators: how late it is, and what of it is at risk."""

from gateway.feature import Feature, Tools
from gateway.web.loanbook import LoanBookRoutes


def feature(tools: Tools) -> Feature:
    return Feature(routes=LoanBookRoutes(tools.store, tools.portfolio, tools.clock).table())
