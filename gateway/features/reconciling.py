"""The organisation's M-PESA statements: handed in, read, matched; and every day compared with our books."""

from gateway.clock import HOUR_MS
from gateway.feature import Feature, Tools
from gateway.mail import Mailer
from gateway.playbooks import reconcile_mail, statements
from gateway.playbooks.reconcile import KIND, PullStep, Reconcile, Told
from gateway.reconciling.comparing import Comparing
from gateway.reconciling.desk import Desk
from gateway.reconciling.taking import Bounds, Shortcodes, Taking
from gateway.web.reconciling import ReconcilingRoutes
from gateway.web.statements import StatementRoutes


def feature(tools: Tools) -> Feature:
    settings, daraja = tools.config.reconciliation, tools.config.rails.daraja
    answer_ms = tools.config.organisation.answer_hours * HOUR_MS
    taking = taking_of(tools)
    read = statements.ReadStep(
        tools.store, taking, tools.clock, rows_at_once=settings.rows_at_once, rejections_kept=settings.rejections_kept
    )
    told = Told(settings.email, settings.phone, tools.catalogue.default_language)
    reconcile = Reconcile(
        Comparing(tools.books, taking.shortcodes, answer_ms=answer_ms), tools.outbox, told,
        days_back=settings.days, grace_ms=settings.grace_hours * HOUR_MS,
    )  # fmt: skip
    may_pull = settings.pull and daraja.pull_msisdn
    pull = PullStep(tools.rail, tools.store, taking, tools.clock, days_back=settings.days) if may_pull else None
    desk = Desk(tools.store, tools.outbox, taking, tools.clock)
    web = (
        *StatementRoutes(desk, tools.store, file_bytes_max=settings.file_bytes_max).table(),
        *ReconcilingRoutes(tools.store, tools.outbox, tools.clock).table(),
    )
    playbooks = [statements.playbook(read), reconcile.playbook(pull)]
    if tools.config.mail.host and settings.email:
        letter = reconcile_mail.FinanceMailStep(
            Mailer(tools.config.mail), tools.store, lambda: tools.catalogue, tools.clock, told
        )
        playbooks.append(reconcile_mail.playbook(letter))
    return Feature(playbooks=playbooks, daily=(KIND,), routes=web)


def taking_of(tools: Tools) -> Taking:
    """Takes what lists and statements of the rail say."""
    settings, daraja = tools.config.reconciliation, tools.config.rails.daraja
    shortcodes = Shortcodes(daraja.collection.shortcode, daraja.payout.shortcode)
    answer_ms = tools.config.organisation.answer_hours * HOUR_MS
    bounds = Bounds(settings.payout_hours * HOUR_MS, answer_ms, books_charges=settings.book_charges)
    return Taking(tools.callbacks, tools.books, shortcodes, bounds)
