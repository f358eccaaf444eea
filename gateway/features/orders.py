"""Standing orders: asked for by operators, agreed to by customers on their phones."""

from gateway.clock import HOUR_MS
from gateway.feature import Feature, Tools
from gateway.playbooks.ordering import RESULT, AskOrderStep, Orders
from gateway.web.orders import OrderRoutes


def feature(tools: Tools) -> Feature:
    organisation = getattr(tools.rail, "organisation", None)  # a rail of rehearsals has none
    if organisation is None:
        return Feature()
    orders = Orders(tools.teller, tools.clock)
    ask = AskOrderStep(
        organisation, tools.store, tools.addresses, tools.clock, rail=tools.rail.name,
        answer_ms=tools.config.rails.orders.answer_hours * HOUR_MS,
    )  # fmt: skip
    tools.callbacks.takers[RESULT] = orders.answered
    routes = OrderRoutes(tools.store, tools.portfolio, tools.outbox, tools.clock).table()
    return Feature(playbooks=[orders.playbook(ask)], routes=routes)
