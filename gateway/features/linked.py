"""Other phones that pay for a customer: linked with a code, seen and removed in my account."""

from gateway.accounts.codes import Codes
from gateway.facts.linked import LinkedFacts
from gateway.feature import Feature, Tools
from gateway.playbooks.linking import Linking


def feature(tools: Tools) -> Feature:
    codes, settings = Codes(tools.config, tools.store, tools.clock), tools.config.accounts
    linking = Linking(tools.outbox, codes, settings)
    facts = LinkedFacts(codes, most=settings.linked_lines)
    return Feature(instants=linking.handlers(), readers=facts.readers())
