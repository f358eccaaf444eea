"""The carrier of virtual time: it keeps every message that reached a phone, whatever it answered about it."""

from collections.abc import Mapping
from typing import Any

from gateway.errors import NotACallback, Unavailable, Uncertain
from gateway.providers.contract import OutgoingSms, SentSms
from simulator.campaign.facts import Sms
from simulator.virtual.clock import Clock
from simulator.virtual.plan import Plan

AWAY, LOST = 0.05, 0.03


class VirtualCarrier:
    """Speaks `gateway.providers.contract.SmsProvider`."""

    name = "africastalking"
    accepts = frozenset({"form"})
    callback_token = ""
    open_callbacks = True

    def __init__(self, plan: Plan, clock: Clock) -> None:
        self._plan = plan
        self._clock = clock
        self._calls = 0
        self.delivered: list[Sms] = []

    async def send_sms(self, message: OutgoingSms) -> SentSms:
        """Now and then nobody is there, or the answer is lost and the message not."""
        self._calls += 1
        luck = self._plan.chance("sms", self._calls).random() if self._clock() < self._plan.end else 1.0
        if luck < AWAY:
            raise Unavailable("carrier away")
        self.delivered.append(Sms(message.msisdn, message.text, self._clock() / 1000))
        if luck < AWAY + LOST:
            raise Uncertain("no answer")
        return SentSms(f"ATXid_{self._calls}", "KES 0.8000")

    def parse_delivery(self, form: Mapping[str, str]) -> Any:
        raise NotACallback("nobody reports here")

    def close(self) -> None: ...
