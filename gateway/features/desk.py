"""The case desk: people's work on cases, and the eye on what is in doubt or overdue."""

from gateway.clock import HOUR_MS, MINUTE_MS
from gateway.desk.cases import Cases
from gateway.feature import Feature, Tools
from gateway.mail import Mailer
from gateway.playbooks.colleague_mail import ColleagueMailStep
from gateway.playbooks.watching import KIND, LETTER, Patience, Told, Watching
from gateway.web.cases import CaseRoutes


def feature(tools: Tools) -> Feature:
    settings = tools.config.desk
    told = Told(settings.phone, settings.email, tools.catalogue.default_language)
    patience = Patience(
        look_ms=settings.look_minutes * MINUTE_MS,
        doubt_ms=round(settings.doubt_hours * HOUR_MS),
        answer_ms=tools.config.organisation.answer_hours * HOUR_MS,
    )
    playbooks = [Watching(tools.outbox, patience, told, kinds=tools.under_way).playbook()]
    if tools.config.mail.host and settings.email:
        mailer = Mailer(tools.config.mail)
        step = ColleagueMailStep(
            mailer, lambda: tools.catalogue, told.email, told.language, lambda _work: "cases_overdue"
        )
        playbooks.append(step.playbook(LETTER))
    routes = CaseRoutes(tools.store, Cases(tools.outbox), tools.outbox, tools.clock)
    return Feature(playbooks=playbooks, daily=(KIND,), routes=routes.table())
