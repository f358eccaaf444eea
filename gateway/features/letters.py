"""Letters to customers: codes, statements, receipts, reminders and campaigns, and the page that ends the last."""

from collections.abc import Sequence

from gateway.accounts.codes import Codes
from gateway.feature import Feature, Tools
from gateway.features.papers import desk_of
from gateway.features.reminding import reminding_of
from gateway.mail import Mailer
from gateway.papers.unsubscribing import Unsubscribing
from gateway.papers.writing import Voice
from gateway.playbooks import beside_mail, mail
from gateway.playbooks.beside_mail import Beside, BesideStep
from gateway.playbooks.mail import MailStep
from gateway.playbooks.unhurried_mail import Unhurried
from gateway.sending.quiet import Quiet
from gateway.sending.turnstile import Turnstile
from gateway.web.unsubscribing import UnsubscribingRoutes


def feature(tools: Tools) -> Feature:
    mailer, unhurried = Mailer(tools.config.mail), unhurried_of(tools)
    if mailer.is_there:
        tools.outbox.beside.append(Beside(tools.outbox).told)
    codes, messages = Codes(tools.config, tools.store, tools.clock), tools.config.messages
    at_once = Turnstile(tools.clock, at_once=tools.config.mail.asked_at_once, rest_ms=0)
    asked = MailStep(
        mailer, at_once, unhurried, tools.store, tools.books, codes, desk_of(tools), lambda: tools.catalogue,
        tools.clock,
    )  # fmt: skip
    unsubscribing = unsubscribing_of(tools)
    beside = BesideStep(
        unhurried, tools.store, lambda: tools.catalogue, tools.clock, unsubscribing,
        Quiet(messages.quiet_from, messages.quiet_until), reminding_of(tools).is_moot,
    )  # fmt: skip
    return Feature(
        playbooks=(mail.playbook(asked), beside_mail.playbook(beside)),
        open_routes=UnsubscribingRoutes(unsubscribing, lambda: _voices(tools)).open_table(),
    )


def unhurried_of(tools: Tools) -> Unhurried:
    settings = tools.config.mail
    rest_ms = round(settings.rest_seconds * 1000)
    turnstile = Turnstile(tools.clock, at_once=settings.beside_at_once, rest_ms=rest_ms)
    return Unhurried(Mailer(settings), tools.clock, turnstile, give_up_days=settings.give_up_days)


def unsubscribing_of(tools: Tools) -> Unsubscribing:
    return Unsubscribing(
        tools.store, tools.clock, pepper=tools.config.pins.pepper.get_secret_value(), base=tools.addresses.public_url,
        days=tools.config.mail.stop_link_days,
    )  # fmt: skip


def _voices(tools: Tools) -> Sequence[Voice]:
    catalogue = tools.catalogue
    return [Voice(catalogue, language) for language in catalogue.languages]
