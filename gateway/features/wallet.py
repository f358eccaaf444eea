"""The wallet: deposits, withdrawals, transfers, what is unclaimed, limits, mini-statements, and its routes."""

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.books import accounts as chart
from gateway.clock import HOUR_MS
from gateway.facts.wallet import WalletFacts
from gateway.feature import Feature, Tools
from gateway.operations.playbook import Playbook
from gateway.playbooks import repay, withdraw
from gateway.playbooks.autorepay import AutoRepay
from gateway.playbooks.deposit import Deposits
from gateway.playbooks.ordered import Ordered
from gateway.playbooks.safety import PersonStep, Safety, Verification, line_step, on_own_line
from gateway.playbooks.send import Sending
from gateway.playbooks.withdraw import Withdrawals
from gateway.rails.steps import CollectStep, DisburseStep
from gateway.wallet.claims import Claims
from gateway.wallet.identity import connected
from gateway.wallet.limits import Limits
from gateway.web.ordered import OrderRoutes, Source
from gateway.web.wallet import WalletRoutes

UNDER_WAY = ("wallet.deposit", "wallet.withdraw", "wallet.send")


def feature(tools: Tools) -> Feature:
    settings = tools.config.wallet
    limits = Limits(settings, tools.books)
    facts = WalletFacts(settings, tools.books, limits, tools.clock)
    routes = WalletRoutes(tools.store, tools.books, tools.outbox, limits, tools.clock)
    ordered = ordered_of(tools)
    orders = OrderRoutes(tools.store, tools.outbox, ordered, _wallet(tools, limits), tools.clock)
    return Feature(
        playbooks=(*_moving(tools, limits), *_checking(tools), ordered.playbook()),
        readers=facts.readers(),
        computed=facts.computed(),
        routes=(*routes.table(), *orders.table()),
    )


def ordered_of(tools: Tools) -> Ordered:
    """What staff take out for somebody: a second person has as long as for any pay-out."""
    return Ordered(tools.outbox, answer_ms=tools.config.rails.payouts.answer_hours * HOUR_MS)


def _wallet(tools: Tools, limits: Limits) -> Source:
    async def free(connection: AsyncConnection, customer_id: str) -> int:
        return (await tools.books.balance(connection, chart.wallet(customer_id))).available_cents

    return Source("wallet", free, lambda cents: limits.fee_cents("withdraw", cents), whole_shillings=True)


def _moving(tools: Tools, limits: Limits) -> tuple[Playbook, ...]:
    settings, daraja = tools.config.wallet, tools.config.rails.daraja
    auto = AutoRepay(tools.books, tools.portfolio)
    safety = Safety(days=settings.safety_days)
    deposits = Deposits(tools.books, tools.teller, limits, auto, shortcode=daraja.collection.shortcode)
    withdrawals = Withdrawals(tools.books, tools.teller, limits, safety)
    claims = Claims(tools.books, tools.outbox)
    days = settings.claim_days if settings.send_to_strangers else None
    sending = Sending(tools.books, tools.teller, tools.outbox, limits, safety, claims, auto, claim_days=days)
    prompt = CollectStep(
        tools.rail, tools.store, tools.clock, tools.patience, tools.addresses, repay.wanted(tools.rail.name),
        deposits.slow,
    )  # fmt: skip
    disburse = DisburseStep(
        tools.rail, tools.store, tools.clock, tools.patience, tools.addresses, withdraw.wanted(tools.rail.name),
        withdrawals.slow, on_own_line,
    )  # fmt: skip
    line = line_step(settings.identity, tools.store)
    return (
        deposits.playbook(prompt, delay_ms=round(daraja.prompt_delay_seconds * 1000)),
        withdrawals.playbook(disburse, line),
        sending.sending(line),
        sending.transferring(),
        sending.taking_back(),
        sending.returning(),
    )


def _checking(tools: Tools) -> tuple[Playbook, ...]:
    settings = tools.config.wallet.identity
    identity = connected(settings)
    if identity is None:
        return ()
    verification = Verification(tools.outbox, verified_tier=settings.verified_tier)
    return (verification.playbook(PersonStep("person", identity, tools.store)),)
