"""Borrowing: quotes, limits and score, running loans, paying a loan out, and what of its price is owed to the state."""

from gateway.borrowing.credit import Credit
from gateway.borrowing.limits import Ladder
from gateway.borrowing.score import Points, Rules, scorer_of
from gateway.clock import HOUR_MS
from gateway.config import Borrowing
from gateway.errors import Misconfigured
from gateway.facts.loans import LoanFacts
from gateway.facts.people import PeopleFacts
from gateway.feature import Feature, Tools
from gateway.playbooks.grade import Grading
from gateway.playbooks.guarantees import Guarantees
from gateway.playbooks.lend import Lending, wanted
from gateway.playbooks.safety import Safety, line_step, on_own_line
from gateway.rails.steps import DisburseStep
from gateway.web.borrowing import BorrowingRoutes

SHILLING = 100
UNDER_WAY = ("loan.disburse",)


def feature(tools: Tools) -> Feature:
    settings, organisation = tools.config.borrowing, tools.config.organisation
    _check_shown(tools)
    ladder = ladder_of(settings)
    credit = Credit(
        ladder,
        scorer_of(settings.scorer, Rules(Points(**settings.points.model_dump()))),
        settings.officer_below,
        settings.refuse_below,
    )
    guarantees = Guarantees(tools.books, tools.teller, answer_days=tools.config.peers.guarantee_days)
    lending = Lending(
        tools.books, tools.portfolio, tools.teller, answer_ms=organisation.answer_hours * HOUR_MS,
        credit=credit, guarantees=guarantees, safety=Safety(days=tools.config.wallet.safety_days),
    )  # fmt: skip
    disburse = DisburseStep(
        tools.rail, tools.store, tools.clock, tools.patience, tools.addresses, wanted(tools.rail.name), lending.slow,
        on_own_line,
    )  # fmt: skip
    line = line_step(tools.config.wallet.identity, tools.store)
    grading = Grading(tools.portfolio, tools.outbox, tools.teller, ladder)
    tools.portfolio.witnesses.append(grading.repaid)
    facts = LoanFacts(
        tools.books, tools.portfolio, PeopleFacts(tools.under_way), tools.clock, credit,
        promise_days=tools.config.servicing.promise_days,
    )  # fmt: skip
    routes = BorrowingRoutes(tools.store, tools.portfolio, credit, tools.outbox, tools.clock)
    return Feature(
        playbooks=(lending.playbook(disburse, line), grading.playbook()),
        readers=facts.readers(),
        computed=facts.computed(),
        routes=routes.table(),
        opens=lambda: _check_kept(tools),
    )


def ladder_of(settings: Borrowing) -> Ladder:
    """The steps of limits, in cents."""
    return Ladder(
        first_cents=settings.first * SHILLING,
        step_cents=settings.step * SHILLING,
        down_cents=settings.down * SHILLING,
        most_cents=settings.most * SHILLING,
        late_days=settings.late_days,
        raise_days=settings.raise_days,
        raise_percent=settings.raise_percent,
        tenure_months=settings.tenure_months,
        saving_months=settings.saving_months,
        savings_times=settings.savings_times,
    )


async def _check_kept(tools: Tools) -> None:
    """Raises Misconfigured for a product that is gone while loans of it run: nobody could say what they owe."""
    async with tools.store.read() as connection:
        running = await tools.portfolio.not_over(connection)
    for key in sorted(running.keys() - tools.portfolio.products.keys()):
        said = f"{running[key]} loans of it are not over; keep it with `offered: false`"
        raise Misconfigured(f"lending.products.{key}: {said}")


def _check_shown(tools: Tools) -> None:
    """Raises Misconfigured for a product that no screen has words for."""
    for key, product in tools.portfolio.products.items():
        if product.approval == "lender":
            continue
        if product.repayments != (1,) and (product.repayment_unit, product.repayment_every) != ("months", 1):
            raise Misconfigured(f"lending.products.{key}.repayment_unit: several repayments come monthly")
        if product.repayments == (1,) and product.repayment_unit != "days":
            raise Misconfigured(f"lending.products.{key}.repayment_unit: one repayment comes after days")
