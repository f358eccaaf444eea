"""What stands between every pay-out and the rail: money sent before, limits of a day, the float."""

from collections.abc import Awaitable, Callable
from typing import Any

from gateway.clock import HOUR_MS, MINUTE_MS, Clock
from gateway.facts.payouts import PayoutFacts
from gateway.feature import Feature, Tools
from gateway.mail import Mailer
from gateway.operations.playbook import Playbook
from gateway.payouts.standing import Paying
from gateway.playbooks import floating
from gateway.playbooks.colleague_mail import ColleagueMailStep
from gateway.playbooks.floating import KIND, RESULT, TIMEOUT, AskStep, FloatAnswers, Told
from gateway.playbooks.guard import Guard
from gateway.store.engine import Store
from gateway.web.floats import FloatRoutes
from gateway.web.payouts import PayoutRoutes


def feature(tools: Tools) -> Feature:
    settings = tools.config.rails
    paying = Paying(settings.daraja.payout.shortcode, settings.float)
    guard = Guard(settings.payouts, paying, tools.teller)
    facts = PayoutFacts(tools.clock, again_ms=round(settings.payouts.again_hours * HOUR_MS))
    told = Told(settings.float.email, settings.float.phone, tools.catalogue.default_language)
    answers = FloatAnswers(paying, tools.outbox, tools.clock, told)
    tools.callbacks.takers |= {RESULT: answers.answered, TIMEOUT: answers.late}
    routes = (
        *PayoutRoutes(tools.store, guard, tools.outbox, tools.clock).table(),
        *FloatRoutes(tools.store, tools.outbox, paying, tools.clock).table(),
    )
    playbooks = _playbooks(tools, told)
    return Feature(
        playbooks=playbooks,
        around=guard.around,
        readers=facts.readers(),
        daily=(KIND,) if settings.float.poll_minutes and playbooks else (),
        routes=routes,
        checks={"float": _check(tools.store, paying, tools.clock)},
    )


def _playbooks(tools: Tools, told: Told) -> list[Playbook]:
    organisation = getattr(tools.rail, "organisation", None)  # a rail of rehearsals has none
    if organisation is None:
        return []
    daraja, every = tools.config.rails.daraja, tools.config.rails.float.poll_minutes
    apps = {app.shortcode: app for app in (daraja.collection, daraja.payout)}  # the second where they share one
    step = AskStep(
        organisation, tuple(apps.values()), tools.store, tools.addresses, tools.clock,
        every_ms=round(every * MINUTE_MS),
    )  # fmt: skip
    playbooks = [floating.playbook(step)]
    if tools.config.mail.host and told.email:
        letter = ColleagueMailStep(
            Mailer(tools.config.mail), lambda: tools.catalogue, told.email, told.language,
            lambda work: f"float_{work.intent['level']}",
        )  # fmt: skip
        playbooks.append(letter.playbook(floating.LETTER))
    return playbooks


def _check(store: Store, paying: Paying, clock: Clock) -> Callable[[], Awaitable[dict[str, Any]]]:
    async def check() -> dict[str, Any]:
        """Degraded while the float is critical, as far as it is known."""
        async with store.read() as connection:
            known = await paying.latest(connection)
        if known is None or paying.is_stale(known, clock()):
            return {"status": "ok", "level": "unknown"}
        return {"status": "degraded" if known.level == "critical" else "ok", "level": known.level}

    return check
