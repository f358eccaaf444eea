"""Campaigns: one text to many people."""

from gateway.campaigns.desk import CampaignDesk
from gateway.feature import Feature, Tools
from gateway.playbooks.campaign import Feeding
from gateway.sending.quiet import Quiet
from gateway.web.campaigns import CampaignRoutes


def feature(tools: Tools) -> Feature:
    settings, messages = tools.config.campaigns, tools.config.messages
    feeding = Feeding(tools.outbox, settings, Quiet(messages.quiet_from, messages.quiet_until))
    languages = tuple(tools.catalogue.languages)
    desk = CampaignDesk(tools.store, tools.outbox, settings, tools.clock, languages)
    return Feature(
        playbooks=(feeding.playbook(),),
        routes=CampaignRoutes(desk, tools.store, settings, tools.config.messages.partners).table(),
    )
