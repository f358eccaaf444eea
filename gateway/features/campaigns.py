"""Campaigns: one text to many people."""

from gateway.campaigns.desk import CampaignDesk
from gateway.feature import Feature, Tools
from gateway.mail import Mailer
from gateway.playbooks.campaign import Feeding
from gateway.sending.quiet import Quiet
from gateway.web.campaigns import CampaignRoutes


def feature(tools: Tools) -> Feature:
    settings, messages = tools.config.campaigns, tools.config.messages
    feeding = Feeding(tools.outbox, settings, Quiet(messages.quiet_from, messages.quiet_until))
    languages = tuple(tools.catalogue.languages)
    desk = CampaignDesk(tools.store, tools.outbox, settings, tools.clock, languages)
    has_mail = Mailer(tools.config.mail).is_there
    routes = CampaignRoutes(desk, tools.store, settings, messages.partners, has_mail=has_mail)
    return Feature(
        playbooks=(feeding.playbook(),),
        routes=routes.table(),
    )
