"""People: joining, PIN, language, cases, and what texts say about us."""

from datetime import datetime

from flows.known import Organisation
from gateway.accounts import lines
from gateway.clock import HOUR_MS, local
from gateway.facts.people import PeopleFacts
from gateway.feature import Feature, Tools
from gateway.playbooks.instant import Instants, Joined
from gateway.playbooks.safety import Verification
from gateway.wallet.claims import Claims
from gateway.wallet.identity import connected


def feature(tools: Tools) -> Feature:
    organisation = tools.config.organisation
    known = Organisation(
        name=organisation.name,
        help_line=organisation.help_line,
        paybill=tools.config.rails.daraja.collection.shortcode,
        agents=organisation.agents,
        terms_version=organisation.terms_version,
    )
    instants = Instants(
        tools.books,
        tools.portfolio.products,
        tools.outbox,
        answer_hours=organisation.answer_hours,
        joined=_joined(tools),
    )

    def answer_by() -> datetime:
        return local(tools.clock() + organisation.answer_hours * HOUR_MS)

    return Feature(
        instants=instants.handlers(),
        readers=PeopleFacts(tools.under_way, tools.clock).readers(),
        computed={"organisation": lambda: known, "answer_by": answer_by},
    )


def _joined(tools: Tools) -> tuple[Joined, ...]:
    """What its owner before did not want is not theirs, money that waits for the line is, and where a registry is
    connected they are looked up in it."""
    claimed = Claims(tools.books, tools.outbox).joined
    identity = tools.config.wallet.identity
    if connected(identity) is None:
        return lines.joined, claimed
    return lines.joined, claimed, Verification(tools.outbox, verified_tier=identity.verified_tier).joined
