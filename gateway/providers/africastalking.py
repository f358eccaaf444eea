"""Africa's Talking: USSD callbacks in, SMS out.

    POST sessionId=ATUid_0123&phoneNumber=%2B254711000001&networkCode=63902&serviceCode=%2A383%23&text=2%2A1
    CON Quick loan: how much?

`text` is everything typed so far, joined by `*`. A dialled string may come as the code (`*383*2*1#`) or as a first
`text`; both mean the same. One SMS goes through the official package, which is synchronous: a few threads call it. One
with a link goes to the premium service: `bulkSMSMode=0`, `from` the short code, `linkId`, `keyword`.
Many together go to the same endpoint by `gateway.providers.africastalking_volume`.
"""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import requests
from africastalking.Service import AfricasTalkingException
from africastalking.SMS import SMSService

from gateway.config import AfricasTalking
from gateway.errors import NotACallback, NyotaError, Rejected, Unavailable, Uncertain
from gateway.inbound import Ended, Inbound, Reply
from gateway.providers.africastalking_answers import NOT_UNDERSTOOD, fate_of_one, refusal
from gateway.providers.africastalking_volume import Volume
from gateway.providers.contract import (
    ID_CHARACTERS_MAX,
    TEXT_CHARACTERS_MAX,
    Delivery,
    Dialect,
    IncomingSms,
    OutgoingSms,
    SentSms,
    Written,
    number_of,
    phone_of,
    session_of,
    split_code,
)

DELIVERY_STATES = {
    "Success": "delivered",
    "Failed": "failed",
    "Rejected": "failed",
    "AbsentSubscriber": "failed",
    "Expired": "failed",
}
END_STATES = {"Success": "success", "Incomplete": "incomplete", "Failed": "failed"}


class Provider:
    """One account with Africa's Talking. `codes` are the codes we answer, as dialled: `*383#`."""

    name = "africastalking"
    accepts: frozenset[Dialect] = frozenset({"form"})
    has_premium = True

    def __init__(self, settings: AfricasTalking, codes: tuple[str, ...]) -> None:
        self.callback_token = settings.callback_token.get_secret_value()
        self.open_callbacks = settings.open_callbacks
        self._codes = codes
        self._sender = settings.sender
        self._service = _Sms(settings)
        self._threads = ThreadPoolExecutor(settings.threads, thread_name_prefix="sms")
        self.volume = Volume(settings)

    def parse_ussd(self, fields: Mapping[str, str]) -> Inbound:
        """One hop. Raises NotACallback naming the field that is missing or malformed."""
        session_ref = session_of(fields, "sessionId")
        code, dialled = split_code(fields.get("serviceCode", "").strip(), self._codes)
        typed = fields.get("text", "")[:TEXT_CHARACTERS_MAX]
        text = "*".join(part for part in (dialled, typed) if part) if dialled else typed
        return Inbound(self.name, phone_of(fields, "phoneNumber"), session_ref, code, text)

    def reply_ussd(self, reply: Reply) -> Written:
        return Written("text/plain", f"{'END' if reply.is_final else 'CON'} {reply.text}")

    def parse_end(self, fields: Mapping[str, str]) -> Ended:
        """The notification after a session. `input` and `lastAppResponse` are left alone: they may hold a PIN."""
        said = fields.get("status", "")
        if not said:
            raise NotACallback("status is missing")
        milliseconds = number_of(fields, "durationInMillis")
        return Ended(
            provider=self.name,
            msisdn=phone_of(fields, "phoneNumber"),
            session_ref=session_of(fields, "sessionId"),
            code=split_code(fields.get("serviceCode", "").strip(), self._codes)[0],
            status=END_STATES.get(said, "failed"),
            said=said[:40],
            cost=fields.get("cost", "")[:20],
            seconds=None if milliseconds is None else milliseconds // 1000,
            hops=number_of(fields, "hopsCount"),
            error=fields.get("errorMessage", "")[:120],
        )

    def parse_delivery(self, form: Mapping[str, str]) -> Delivery:
        """A delivery report. An unknown status is kept, never refused."""
        provider_id, status = form.get("id", ""), form.get("status", "")
        if not provider_id or not status:
            raise NotACallback("id or status is missing")
        state = DELIVERY_STATES.get(status, "sent")
        return Delivery(provider_id[:80], status[:40], state, form.get("failureReason", "")[:80])

    def parse_sms(self, fields: Mapping[str, str]) -> IncomingSms:
        """What somebody wrote to our short code; a long message comes whole. `linkId` only with a premium one."""
        return IncomingSms(
            provider=self.name,
            provider_id=fields.get("id", "")[:ID_CHARACTERS_MAX],
            msisdn=phone_of(fields, "from"),
            short_code=fields.get("to", "")[:20],
            text=fields.get("text", "")[:TEXT_CHARACTERS_MAX],
            link_id=fields.get("linkId", "")[:ID_CHARACTERS_MAX],
            network=fields.get("networkCode", "")[:20],
        )

    def parse_stop(self, fields: Mapping[str, str]) -> str:
        """Somebody has followed the opt-out that goes with the first bulk message."""
        return phone_of(fields, "phoneNumber")

    async def send_sms(self, message: OutgoingSms) -> SentSms:
        """Hand over one message. A time-out is uncertain: there is no id that would make a repeat harmless."""
        loop = asyncio.get_running_loop()
        answer = await loop.run_in_executor(self._threads, self._sent, message)
        return replace(fate_of_one(answer), sender=message.sender or self._sender)

    async def send_many(
        self, text: str, msisdns: Sequence[str], sender: str = ""
    ) -> Mapping[str, SentSms | NyotaError]:
        """Hand over one text for several people at once; everybody's own fate, or the errors of `gateway.errors`."""
        return await self.volume.send(text, msisdns, sender)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _sent(self, message: OutgoingSms) -> Any:
        try:
            if message.link_id:
                return self._service.send_premium(
                    message.text, message.sender, [message.msisdn], message.keyword or None, message.link_id
                )
            return self._service.send(message.text, [message.msisdn], message.sender or self._sender or None)
        except requests.ConnectTimeout as error:
            raise Unavailable("could not connect") from error
        except requests.Timeout as error:
            raise Uncertain("no answer in time") from error
        except requests.ConnectionError as error:
            raise (Uncertain if _was_sent(error) else Unavailable)("connection broke") from error
        except requests.RequestException as error:  # half an answer, or one that is no JSON
            raise Uncertain(NOT_UNDERSTOOD) from error
        except AfricasTalkingException as error:
            raise refusal(str(error)) from error
        except ValueError as error:
            raise Rejected("the number is not accepted", "403") from error


class _Sms(SMSService):  # type: ignore[misc]  # the package carries no types
    """The package's client, pointed where the configuration says: it has no option for that."""

    def __init__(self, settings: AfricasTalking) -> None:
        self._wanted_url = settings.sms_base_url.rstrip("/")
        self._premium_url = settings.premium_base_url.rstrip("/") or _beside(self._wanted_url)
        super().__init__(settings.username, settings.api_key.get_secret_value())

    def _init_service(self) -> None:
        self._baseUrl, self._contentUrl = self._wanted_url, self._premium_url


def _beside(url: str) -> str:
    """Premium messages have a host of their own in production; elsewhere it is the same one."""
    return url.replace("://api.africastalking.com", "://content.africastalking.com")


def _was_sent(error: requests.ConnectionError) -> bool:
    """Whether the request may have left before the connection broke; a refused connection never carried it."""
    return "NewConnectionError" not in repr(error) and "NameResolutionError" not in repr(error)
