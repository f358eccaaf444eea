"""Money that nobody knows the owner of: listed, assigned by two people, booked, told."""

from gateway.clock import HOUR_MS
from gateway.feature import Feature, Tools
from gateway.playbooks.received import Received
from gateway.playbooks.suspense import Suspense, wanted
from gateway.playbooks.twice import BookedTwice
from gateway.rails.steps import DisburseStep
from gateway.web.suspense import SuspenseRoutes


def feature(tools: Tools) -> Feature:
    language, shortcode = tools.catalogue.default_language, tools.config.rails.daraja.collection.shortcode
    received = Received(
        tools.books, tools.portfolio, tools.teller, shortcode=shortcode, language=language,
        again_ms=tools.patience.ask_max_ms,
    )  # fmt: skip
    answer_ms = tools.config.organisation.answer_hours * HOUR_MS
    twice = BookedTwice(tools.books, tools.teller, tools.outbox, shortcode=shortcode, answer_ms=answer_ms)
    suspense = Suspense(
        tools.books, tools.portfolio, received, tools.teller, tools.outbox, twice, answer_ms=answer_ms,
        language=language,
    )  # fmt: skip
    disburse = DisburseStep(
        tools.rail, tools.store, tools.clock, tools.patience, tools.addresses, wanted(tools.rail.name), suspense.slow
    )
    routes = SuspenseRoutes(tools.store, suspense, tools.outbox, tools.clock)
    playbooks = (suspense.assigning(), suspense.refunding(disburse), twice.playbook())
    return Feature(playbooks=playbooks, routes=routes.table())
