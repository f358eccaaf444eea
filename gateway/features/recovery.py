"""A forgotten PIN: proved, sent a code and chosen anew on the phone, or answered by a person."""

from gateway.accounts.codes import Codes
from gateway.facts.recovery import RecoveryFacts
from gateway.feature import Feature, Tools
from gateway.playbooks.recover import Recovery
from gateway.playbooks.safety import line_step


def feature(tools: Tools) -> Feature:
    settings, codes = tools.config.accounts, Codes(tools.config, tools.store, tools.clock)
    hours = tools.config.organisation.answer_hours
    recovery = Recovery(tools.outbox, tools.teller, codes, settings, answer_hours=hours)
    facts = RecoveryFacts(codes, tools.clock, tries_a_day=settings.forgot_tries_a_day)
    line = line_step(tools.config.wallet.identity, tools.store)
    return Feature(
        playbooks=(recovery.playbook(line),),
        instants=recovery.handlers(),
        readers=facts.readers(),
    )
