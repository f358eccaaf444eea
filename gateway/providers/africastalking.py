"""Africa's Talking: USSD callbacks in, SMS out.

    POST sessionId=ATUid_0123&phoneNumber=%2B254711000001&networkCode=63902&serviceCode=%2A383%23&text=2%2A1
    CON Quick loan: how much?

`text` is everything typed so far, joined by `*`. A dialled string may come as the code (`*383*2*1#`) or as a first
`text`; both mean the same. SMS goes through the official package, which is synchronous: a few threads call it. It
answers 201 with an empty list for a refusal, a code per recipient, and text instead of a mapping when the content
type carries a charset.
"""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import requests
from africastalking.Service import AfricasTalkingException
from africastalking.SMS import SMSService

from gateway.config import AfricasTalking
from gateway.errors import NotACallback, Rejected, Throttled, Unavailable, Uncertain
from gateway.inbound import Ended, Inbound, Reply
from gateway.providers.contract import (
    TEXT_CHARACTERS_MAX,
    Delivery,
    Dialect,
    OutgoingSms,
    SentSms,
    Written,
    number_of,
    phone_of,
    session_of,
    split_code,
)

SENT_CODES = frozenset({100, 101, 102})
AGAIN_CODES = frozenset({405, 500, 501, 502})
DELIVERY_STATES = {
    "Success": "delivered",
    "Failed": "failed",
    "Rejected": "failed",
    "AbsentSubscriber": "failed",
    "Expired": "failed",
}
END_STATES = {"Success": "success", "Incomplete": "incomplete", "Failed": "failed"}
NOT_UNDERSTOOD = "the answer could not be understood"


class Provider:
    """One account with Africa's Talking. `codes` are the codes we answer, as dialled: `*383#`."""

    name = "africastalking"
    accepts: frozenset[Dialect] = frozenset({"form"})

    def __init__(self, settings: AfricasTalking, codes: tuple[str, ...]) -> None:
        self.callback_token = settings.callback_token.get_secret_value()
        self.open_callbacks = settings.open_callbacks
        self._codes = codes
        self._sender = settings.sender
        self._service = _Sms(settings.username, settings.api_key.get_secret_value(), settings.sms_base_url)
        self._threads = ThreadPoolExecutor(settings.threads, thread_name_prefix="sms")

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

    async def send_sms(self, message: OutgoingSms) -> SentSms:
        """Hand over one message. A time-out is uncertain: there is no id that would make a repeat harmless."""
        loop = asyncio.get_running_loop()
        answer = await loop.run_in_executor(self._threads, self._sent, message)
        return _read(answer)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _sent(self, message: OutgoingSms) -> Any:
        try:
            return self._service.send(message.text, [message.msisdn], self._sender or None)
        except requests.ConnectTimeout as error:
            raise Unavailable("could not connect") from error
        except requests.Timeout as error:
            raise Uncertain("no answer in time") from error
        except requests.ConnectionError as error:
            raise (Uncertain if _was_sent(error) else Unavailable)("connection broke") from error
        except requests.RequestException as error:  # half an answer, or one that is no JSON
            raise Uncertain(NOT_UNDERSTOOD) from error
        except AfricasTalkingException as error:
            raise _refusal(str(error)) from error
        except ValueError as error:
            raise Rejected("the number is not accepted", "403") from error


class _Recipient(msgspec.Struct, rename="camel"):
    status_code: int
    status: str = ""
    message_id: str = ""
    cost: str = ""


class _Told(msgspec.Struct):
    message: str = msgspec.field(name="Message", default="")
    recipients: list[_Recipient] | None = msgspec.field(name="Recipients", default=None)


class _Answer(msgspec.Struct):
    told: _Told = msgspec.field(name="SMSMessageData")


class _Sms(SMSService):  # type: ignore[misc]  # the package carries no types
    """The package's client, pointed where the configuration says: it has no option for that."""

    def __init__(self, username: str, api_key: str, base_url: str) -> None:
        self._wanted_url = base_url.rstrip("/")
        super().__init__(username, api_key)

    def _init_service(self) -> None:
        self._baseUrl = self._contentUrl = self._wanted_url


def _was_sent(error: requests.ConnectionError) -> bool:
    """Whether the request may have left before the connection broke; a refused connection never carried it."""
    return "NewConnectionError" not in repr(error) and "NameResolutionError" not in repr(error)


def _refusal(body: str) -> Exception:
    if "authentication is invalid" in body.lower():
        return Rejected("the credentials are not accepted", "401")
    return Uncertain(NOT_UNDERSTOOD)


def _read(answer: Any) -> SentSms:
    """The one recipient's fate. Codes: reference of the provider, section 4.2."""
    told = _understood(answer).told
    if not told.recipients:
        raise Rejected("nobody was accepted", told.message[:40])
    recipient = told.recipients[0]
    code = recipient.status_code
    if code in SENT_CODES:
        return SentSms(recipient.message_id, recipient.cost)
    status = recipient.status[:40]
    if code in AGAIN_CODES:
        raise Throttled(f"refused for now: {status}", code=code)
    raise Rejected(f"refused: {status}", str(code))


def _understood(answer: Any) -> _Answer:
    """A mapping, or its text. Anything else may come after the message went out."""
    try:
        if isinstance(answer, str):
            return msgspec.json.decode(answer, type=_Answer, strict=False)
        return msgspec.convert(answer, _Answer, strict=False)
    except msgspec.MsgspecError as error:
        raise Uncertain(NOT_UNDERSTOOD) from error
