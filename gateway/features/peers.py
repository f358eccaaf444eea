"""Loans from person to person: asking, paying over, and telling lenders what comes back."""

from flows.known import PeerTerms
from gateway.facts.peers import PeerFacts
from gateway.feature import Feature, Tools
from gateway.licences import licence
from gateway.playbooks.peer import KIND, PRODUCT, Lenders, PeerLending
from gateway.playbooks.safety import Safety

UNDER_WAY = (KIND,)


def feature(tools: Tools) -> Feature:
    settings = tools.config.peers
    product = tools.portfolio.products.get(PRODUCT)
    if product is None:
        return Feature()
    added_percent_max = settings.added_percent_max if licence(tools.config.organisation.kind).peer_interest else 0
    terms = PeerTerms(product.min_cents, product.max_cents, added_percent_max, settings.days_max, settings.answer_days)
    facts = PeerFacts(product, terms, tools.clock, asks_a_day=settings.asks_a_day)
    safety = Safety(days=tools.config.wallet.safety_days)
    lending = PeerLending(tools.books, tools.portfolio, tools.teller, a_day=settings.asks_a_day, safety=safety)
    tools.portfolio.witnesses.append(Lenders(tools.books, tools.outbox).repaid)
    return Feature(
        playbooks=(lending.playbook(),),
        readers=facts.readers(),
        computed=facts.computed(),
    )
