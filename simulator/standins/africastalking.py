"""Africa's Talking's SMS API: takes messages, has them reach the phones, reports about each.

POST /version1/messaging     apiKey: <key>
username=sandbox&to=%2B254712345600&message=Hello&from=NYOTA
201 application/json
{"SMSMessageData": {"Message": "Sent to 1/1 Total Cost: KES 0.8000",
  "Recipients": [{"statusCode": 101, "number": "+254712345600", "status": "Success",
    "cost": "KES 0.8000", "messageId": "ATXid_0123456789abcdef0123456789abcdef"}]}}

With `bulkSMSMode=0` a message is premium: `from` is a short code, and it is charged to whoever gets it by the `linkId`
of what they wrote to that code. A link is good once and for a day. Nobody hears of a bad one before the report:
id=ATXid_...&status=Rejected&failureReason=InvalidLinkId
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any

from aiohttp import web

from simulator.standins import callbacks, links, money, phones, stamps, texts
from simulator.standins.answers import misbehave
from simulator.standins.faults import Drawn
from simulator.standins.settings import SmsAccount
from simulator.standins.world import WORLD, World

PREFIX = "/africastalking"
SHARED_SENDER = "AFRICASTKNG"
RECIPIENTS_MAX = 1000
COST_OF_A_PART = 8000
"""In ten-thousandths of a shilling."""

_NUMBER = re.compile(r"\+\d{6,15}", re.ASCII)
_SHORT_CODE = re.compile(r"\d{3,15}", re.ASCII)
_SENDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.-]{0,9}[A-Za-z0-9]|\d{3,15}", re.ASCII)
_NETWORK_CODE = "63902"

SENT, QUEUED = (101, "Success"), (102, "Queued")
INVALID_NUMBER, BLACKLISTED, NO_ROUTE = (
    (403, "InvalidPhoneNumber"),
    (406, "UserInBlacklist"),
    (407, "CouldNotRoute"),
)


@dataclass(frozen=True, slots=True)
class Sms:
    """One request to send. `sender` is empty for the shared default; with `is_queued` sending comes later. One that
    `is_premium` has the `link` of what it answers."""

    numbers: tuple[str, ...]
    message: str
    sender: str
    is_queued: bool
    is_premium: bool = False
    link: str = ""


class BadRequestError(Exception):
    """The whole request is refused."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


def routes() -> list[web.RouteDef]:
    return [web.post(f"{PREFIX}/version1/messaging", _messaging)]


def write_to_gateway(world: World, phone: str, text: str, short_code: str, link: str = "") -> str | None:
    """Somebody writes an SMS to our short code; with a link, to a premium one. Returns its id, or None when nobody is
    there to be told."""
    url = world.settings.incoming_url
    if url is None:
        return None
    message_id = secrets.token_hex(16)
    form = {
        "id": message_id,
        "from": phones.e164(phone),
        "to": short_code,
        "text": text,
        "date": stamps.zulu(world.now()),
        "networkCode": _NETWORK_CODE,
        **({"linkId": link} if link else {}),
    }
    with world.change():
        if link:
            links.keep(world.book, links.Link(link, phones.parse_phone(phone), short_code, world.now()))
        callback = callbacks.form_callback("inbound", message_id, url, form)
        callbacks.plan(world, callback, after_seconds=0.0, drawn=world.faults.draw("sms"))
    return message_id


async def _messaging(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    drawn = world.faults.draw("sms")

    async def perform() -> web.Response:
        try:
            form = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
            _check_account(world.settings.sms, form, request.headers.get("apiKey", ""))
            return web.json_response({"SMSMessageData": _send(world, _sms(form), drawn)}, status=201)
        except BadRequestError as refused:
            return web.Response(status=refused.status, text=refused.sentence)

    response = await misbehave(world, request, drawn, perform=perform, busy=_busy)
    if response.content_type == "application/json":
        # The official SDK reads JSON only when the type is exactly this, without a charset.
        response.headers["Content-Type"] = "application/json"
    return response


def _busy() -> web.Response:
    return web.Response(status=503, text="Service Unavailable")


def _check_account(account: SmsAccount, form: Mapping[str, str], api_key: str) -> None:
    is_known = compare_digest(api_key.encode(), account.api_key.encode())
    if not is_known or form.get("username") != account.username:
        raise BadRequestError(401, "The supplied authentication is invalid")


def _sms(form: Mapping[str, str]) -> Sms:
    for field in ("to", "message"):
        if not form.get(field):
            raise BadRequestError(400, f"Request is missing required form field '{field}'")
    numbers = tuple(number.strip() for number in form["to"].split(","))
    if len(numbers) > RECIPIENTS_MAX:
        raise BadRequestError(400, "Too many recipients")
    is_premium = form.get("bulkSMSMode") == "0"
    return Sms(
        numbers, form["message"], form.get("from", ""), form.get("enqueue") == "1", is_premium, form.get("linkId", "")
    )


def _send(world: World, sms: Sms, drawn: Drawn) -> dict[str, Any]:
    if not _is_registered(world.settings.sms, sms):
        return {"Message": "InvalidSenderId", "Recipients": []}
    with world.change():
        recipients = [_send_to(world, number, sms, drawn) for number in sms.numbers]
    sent = sum(recipient["statusCode"] in (SENT[0], QUEUED[0]) for recipient in recipients)
    summary = f"Sent to {sent}/{len(recipients)} Total Cost: {_cost(sms.message, sent)}"
    return {"Message": summary, "Recipients": recipients}


def _is_registered(account: SmsAccount, sms: Sms) -> bool:
    """Whether this account may speak so. Nobody is charged by a name: a premium message has a short code."""
    if sms.is_premium and _SHORT_CODE.fullmatch(sms.sender) is None:
        return False
    if not sms.sender:
        return True
    return sms.sender in account.senders if account.senders else _SENDER.fullmatch(sms.sender) is not None


def _send_to(world: World, number: str, sms: Sms, drawn: Drawn) -> dict[str, Any]:
    refusal = _refusal(world, number)
    if refusal is not None:
        return _recipient(number, refusal, cost="0", message_id="None")
    message_id = f"ATXid_{secrets.token_hex(16)}"
    failure = _charged(world, number, sms) if sms.is_premium else ""
    if not failure:
        at = world.now() + world.settings.delivery_seconds
        sender = sms.sender or SHARED_SENDER
        texts.keep(world.book, texts.Text(message_id, phones.parse_phone(number), sms.message, sender, at))
    _plan_report(world, message_id, number, drawn, failure)
    return _recipient(number, QUEUED if sms.is_queued else SENT, cost=_cost(sms.message, 1), message_id=message_id)


def _refusal(world: World, number: str) -> tuple[int, str] | None:
    if _NUMBER.fullmatch(number) is None:
        return INVALID_NUMBER
    try:
        phone = phones.parse_phone(number)
    except ValueError:
        return INVALID_NUMBER if number.startswith("+254") else NO_ROUTE
    return BLACKLISTED if money.person(world, phone).is_opted_out else None


def _charged(world: World, number: str, sms: Sms) -> str:
    """Use the link up; why it cannot be: nobody here has subscribed, and a link is for the answer to one message."""
    if not sms.link:
        return "UserNotSubscribedToProduct"
    wanted = links.Link(sms.link, phones.parse_phone(number), sms.sender, world.now())
    return "" if links.use(world.book, wanted) else "InvalidLinkId"


def _plan_report(world: World, message_id: str, number: str, drawn: Drawn, failure: str) -> None:
    url = world.settings.report_url
    if url is None:
        return
    form = {"id": message_id, "status": "Success", "phoneNumber": number, "networkCode": _NETWORK_CODE}
    if failure:
        form |= {"status": "Rejected", "failureReason": failure}
    callback = callbacks.form_callback("delivery", message_id, url, form)
    callbacks.plan(world, callback, after_seconds=world.settings.delivery_seconds, drawn=drawn)


def _recipient(number: str, status: tuple[int, str], *, cost: str, message_id: str) -> dict[str, Any]:
    code, name = status
    return {"statusCode": code, "number": number, "status": name, "cost": cost, "messageId": message_id}


def _cost(message: str, times: int) -> str:
    whole, rest = divmod(texts.parts(message) * COST_OF_A_PART * times, 10_000)
    return f"KES {whole}.{rest:04d}"
