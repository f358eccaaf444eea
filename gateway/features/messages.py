"""Messages: writing and sending every SMS."""

from gateway.feature import Feature, Tools
from gateway.playbooks import message

PROVIDER = "africastalking"


def feature(tools: Tools) -> Feature:
    send = message.SendStep(tools.providers[PROVIDER], tools.store, lambda: tools.catalogue, tools.clock)
    return Feature(playbooks=(message.playbook(send),))
