"""People: joining, PIN, language, cases, and what texts say about us."""

from datetime import datetime

from flows.known import Organisation
from gateway.clock import local
from gateway.facts.people import PeopleFacts
from gateway.feature import Feature, Tools
from gateway.playbooks.instant import Instants

HOUR_MS = 3_600_000


def feature(tools: Tools) -> Feature:
    organisation = tools.config.organisation
    known = Organisation(
        name=organisation.name,
        help_line=organisation.help_line,
        paybill=tools.config.rails.daraja.collection.shortcode,
        agents=organisation.agents,
        terms_version=organisation.terms_version,
    )
    instants = Instants(tools.books, tools.portfolio.products, tools.outbox, answer_hours=organisation.answer_hours)

    def answer_by() -> datetime:
        return local(tools.clock() + organisation.answer_hours * HOUR_MS)

    return Feature(
        instants=instants.handlers(),
        readers=PeopleFacts(tools.under_way).readers(),
        computed={"organisation": lambda: known, "answer_by": answer_by},
    )
