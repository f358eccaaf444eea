"""Seals over the books and their evidence. Without a key there are none, and health says nothing of them."""

from gateway.audit.keys import keys_of
from gateway.audit.lateness import Lateness
from gateway.audit.sealer import Sealer
from gateway.feature import Feature, Tools
from gateway.mail import Mailer
from gateway.playbooks import seal_mail
from gateway.playbooks.sealing import KIND, SealStep, playbook


def feature(tools: Tools) -> Feature:
    settings = tools.config.audit
    keys = keys_of(settings)
    if keys is None:
        return Feature()
    every_ms = round(settings.seconds * 1000)
    sealer = Sealer(tools.store, keys, tools.clock, settings.heads_file, rows_at_once=settings.rows_at_once)
    playbooks, daily = [playbook(SealStep(sealer, tools.clock, every_ms=every_ms))], [KIND]
    if settings.email and tools.config.mail.host:
        mailer = Mailer(tools.config.mail)
        letter = seal_mail.SealMailStep(mailer, sealer, lambda: tools.catalogue, tools.clock, settings.email)
        playbooks.append(seal_mail.playbook(letter))
        daily.append(seal_mail.KIND)
    checks = {"seals": Lateness(tools.store, tools.clock, most_ms=3 * every_ms).check}
    return Feature(playbooks=playbooks, daily=tuple(daily), checks=checks)
