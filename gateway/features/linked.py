"""Other phones that pay for a customer: linked with a code, seen and removed in my account and by operators."""

from gateway.accounts.codes import Codes
from gateway.accounts.staff import Staff
from gateway.facts.linked import LinkedFacts
from gateway.feature import Feature, Tools
from gateway.playbooks.linking import Linking
from gateway.web.deeds import Deeds
from gateway.web.linked import LinkedRoutes


def feature(tools: Tools) -> Feature:
    codes, settings = Codes(tools.config, tools.store, tools.clock), tools.config.accounts
    linking = Linking(tools.outbox, codes, settings)
    facts = LinkedFacts(codes, most=settings.linked_lines)
    staff = Staff(tools.outbox, settings, tools.config.staff)
    routes = LinkedRoutes(Deeds(tools.store, tools.outbox, tools.clock), staff)
    return Feature(instants=linking.handlers(), readers=facts.readers(), routes=routes.table())
