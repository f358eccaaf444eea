"""Messages: writing and sending every SMS."""

from gateway.accounts.codes import Codes
from gateway.feature import Feature, Tools
from gateway.features.papers import links_of
from gateway.playbooks import message

PROVIDER = "africastalking"


def feature(tools: Tools) -> Feature:
    codes = Codes(tools.config, tools.store, tools.clock)
    send = message.SendStep(
        tools.providers[PROVIDER], tools.store, lambda: tools.catalogue, tools.clock, codes, links_of(tools)
    )
    return Feature(playbooks=(message.playbook(send),))
