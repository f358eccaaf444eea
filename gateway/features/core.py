"""A remote core that keeps the loans: what it is told and asked, its figures on screens, its hooks and approvals.

With `ledger.kind: embedded` there is none, and nothing of this is there.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.known import Balances
from gateway.config import Ledger as Settings
from gateway.errors import Misconfigured, NyotaError
from gateway.facts.core import CoreFacts
from gateway.facts.loans import LoanFacts
from gateway.facts.people import PeopleFacts
from gateway.feature import Feature, Tools
from gateway.ledgers.contract import Ledger
from gateway.ledgers.gate import Gate, Width
from gateway.ledgers.loading import core_of
from gateway.ledgers.steps import CorePatience, Line
from gateway.mirror.keeper import Keeper
from gateway.mirror.telling import CoreNews
from gateway.operations.playbook import Playbook
from gateway.playbooks.core import POLL, CoreBook, Figures
from gateway.playbooks.core_approved import Approved, Bounds, wanted
from gateway.playbooks.safety import Safety, line_step, on_own_line
from gateway.rails.steps import DisburseStep
from gateway.web.core import CoreRoutes

log = structlog.get_logger("core")


def feature(tools: Tools) -> Feature:
    settings = tools.config.ledger
    core = core_of(settings)
    if core is None:
        return Feature()
    ledger, products, accounts = core.ledger, core.products, core.savings
    news = CoreNews(tools.portfolio, tools.outbox, products, accounts)
    tools.portfolio.observers.append(news.happened)
    if accounts:
        tools.books.observers.append(news.posted)
    line = line_of(tools, settings, ledger)
    facts = CoreFacts(tools.store, tools.portfolio, tools.outbox, tools.clock, fresh_ms=_ms(settings.fresh_seconds))
    routes = CoreRoutes(
        tools.store, tools.outbox, tools.clock, settings.hooks_token.get_secret_value(),
        approval_ms=_ms(settings.approval_hours * 3600),
    )  # fmt: skip
    return Feature(
        playbooks=_playbooks(tools, settings, line, products, _figures(tools, facts)),
        readers=facts.readers(),
        wraps=facts.wraps(),
        daily=(POLL,),
        open_routes=routes.table(),
        checks={"core": _check(line, _ms(settings.probe_seconds))},
        opens=_opening(ledger),
        closes=ledger.close,
    )


def line_of(tools: Tools, settings: Settings, ledger: Ledger) -> Line:
    width = Width(settings.at_once, settings.calls_a_second, _ms(settings.probe_seconds))
    patience = CorePatience(
        ask_ms=_ms(settings.ask_seconds),
        ask_max_ms=_ms(settings.ask_max_seconds),
        give_up_ms=_ms(settings.give_up_hours * 3600),
        spread_ms=_ms(settings.spread_seconds),
    )
    return Line(ledger, Gate(width, tools.clock), tools.store, tools.clock, patience)


def _playbooks(
    tools: Tools, settings: Settings, line: Line, products: Mapping[str, str], figures: Figures
) -> tuple[Playbook, ...]:
    keeper = Keeper(tools.store, tools.portfolio, line.ledger.name, tools.clock)
    book = CoreBook(line, tools.portfolio, keeper, tools.teller)
    bounds = Bounds(settings.disburse_most * 100, settings.disburse_a_day * 100, products)
    safety = Safety(days=tools.config.wallet.safety_days)
    approved = Approved(line, tools.books, tools.portfolio, tools.teller, bounds, safety)
    disburse = DisburseStep(
        tools.rail, tools.store, tools.clock, tools.patience, tools.addresses, wanted(tools.rail.name), approved.slow,
        on_own_line,
    )  # fmt: skip
    poll_ms, fresh_ms = _ms(settings.poll_seconds), _ms(settings.fresh_seconds)
    sim = line_step(tools.config.wallet.identity, tools.store)
    return (
        *book.commands(),
        *book.questions(figures, poll_ms=poll_ms, fresh_ms=fresh_ms),
        approved.playbook(disburse, sim),
    )


def _figures(tools: Tools, facts: CoreFacts) -> Figures:
    """What the balance screen shows, for the message that brings it anew."""
    ours = LoanFacts(tools.books, tools.portfolio, PeopleFacts(tools.under_way), tools.clock)
    read = facts.wraps()["balances"](ours.balances)

    async def figures(connection: AsyncConnection, msisdn: str) -> Balances:
        known: Balances = await read(connection, msisdn)
        return known

    return figures


def _opening(ledger: Ledger) -> Callable[[], Awaitable[None]]:
    async def opens() -> None:
        """Refuse to start with products, an office or a payment type that the core says it does not have. A core that
        is away says nothing: work is taken on and waits."""
        try:
            absent = await ledger.missing()
        except NyotaError as error:
            log.warning("core_unchecked", core=ledger.name, reason=str(error))
            return
        if absent:
            raise Misconfigured(f"the core does not have: {'; '.join(absent)}")

    return opens


def _check(line: Line, kept_ms: int) -> Callable[[], Awaitable[dict[str, Any]]]:
    kept: dict[str, Any] = {}

    async def check() -> dict[str, Any]:
        """Whether the core answers, and has what we are configured for. It is asked once in a while."""
        since, now = line.gate.away_since, line.clock()
        if since is not None:
            return {"status": "degraded", "reason": "away", "awaySeconds": max(0, now - since) // 1000}
        if not kept or now - kept["at"] >= kept_ms:
            kept.update(at=now, result=await _asked(line.ledger))
        return dict(kept["result"])

    return check


async def _asked(ledger: Ledger) -> dict[str, Any]:
    try:
        absent = await ledger.missing()
    except NyotaError as error:
        return {"status": "degraded", "reason": str(error)}
    return {"status": "degraded", "missing": list(absent)} if absent else {"status": "ok"}


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
