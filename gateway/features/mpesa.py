"""M-PESA at the operators' desk: prompts, pay-outs by two people, and what became of either."""

from gateway.accounts.staff import Staff
from gateway.clock import HOUR_MS
from gateway.feature import Feature, Tools
from gateway.playbooks.paying import Paying
from gateway.playbooks.reversing import Reversing
from gateway.playbooks.reversing import wanted as reversing_wanted
from gateway.playbooks.safety import Safety, on_own_line
from gateway.playbooks.withdraw import Withdrawals, wanted
from gateway.rails.reverse import ReverseStep
from gateway.rails.steps import DisburseStep
from gateway.wallet.limits import Limits
from gateway.web.mpesa import MpesaRoutes
from gateway.web.qr import Business, QrRoutes
from gateway.web.reversal import ReversalRoutes


def feature(tools: Tools) -> Feature:
    config = tools.config
    staff = Staff(tools.outbox, config.accounts, config.staff)
    withdrawals = Withdrawals(
        tools.books, tools.teller, Limits(config.wallet, tools.books), Safety(days=config.wallet.safety_days)
    )
    paying = Paying(
        withdrawals, tools.books, tools.outbox, answer_ms=config.organisation.answer_hours * HOUR_MS
    )  # fmt: skip
    disburse = DisburseStep(
        tools.rail, tools.store, tools.clock, tools.patience, tools.addresses, wanted(tools.rail.name),
        withdrawals.slow, on_own_line,
    )  # fmt: skip
    reversing = Reversing(
        tools.books, tools.teller, tools.outbox, shortcode=config.rails.daraja.collection.shortcode,
        answer_ms=config.organisation.answer_hours * HOUR_MS, language=tools.catalogue.default_language,
    )  # fmt: skip
    routes = [
        *MpesaRoutes(tools.store, tools.outbox, staff, paying, tools.portfolio, tools.clock).table(),
        *ReversalRoutes(tools.store, tools.outbox, reversing, tools.clock).table(),
    ]
    playbooks = [paying.playbook(disburse)]
    organisation = getattr(tools.rail, "organisation", None)  # a rail of rehearsals has none
    if organisation is not None:
        reverse = ReverseStep(
            tools.rail, tools.store, tools.clock, tools.patience, tools.addresses, reversing_wanted(tools.rail.name),
            reversing.slow,
        )  # fmt: skip
        playbooks.append(reversing.playbook(reverse.of(organisation)))
        business = Business(
            tools.rail.name, config.organisation.name, config.rails.daraja.collection.shortcode
        )  # fmt: skip
        routes += QrRoutes(tools.store, tools.portfolio, organisation, business, tools.clock).table()
    return Feature(playbooks=playbooks, routes=routes)
