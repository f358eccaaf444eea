"""The side that tests, the terminal phone and people use: look, answer prompts, pay, and make things fail.

JSON in camelCase; amounts are decimal strings in KES; refusals are problem+json with a stable `type`.
"""

import json
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from aiohttp import web

from simulator.standins import africastalking, callbacks, money, paybill, phones, prompts, stamps, statements, texts
from simulator.standins.faults import APIS, EVERY_API, SECONDS, Fault, kinds
from simulator.standins.settings import ANSWERS, change, is_seconds, shown
from simulator.standins.world import WORLD, World

PREFIX = "/control"
PROBLEMS = "urn:nyota:standins:"
SHORT_CODE = "383"
_SURROGATE = re.compile("[\ud800-\udfff]")
"""JSON can carry halves of characters, which no phone and no database can."""


class ProblemError(Exception):
    """A control call that cannot be done; `kind` is stable, `detail` is for people."""

    def __init__(self, status: int, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail

    def response(self) -> web.Response:
        title = self.kind.replace("-", " ").capitalize()
        body = {
            "type": f"{PROBLEMS}{self.kind}",
            "title": title,
            "status": self.status,
            "detail": self.detail,
        }
        return web.json_response(body, status=self.status, content_type="application/problem+json")


Handler = Callable[[World, web.Request], Awaitable[Mapping[str, Any]]]


def routes() -> list[web.RouteDef]:
    return [
        route("GET", f"{PREFIX}/health", health),
        route("GET", "/healthz", health),
        route("GET", f"{PREFIX}/sms", sms),
        route("POST", f"{PREFIX}/sms", write_sms),
        route("GET", f"{PREFIX}/stk", stk),
        route("POST", f"{PREFIX}/stk/{{id}}/answer", answer_stk),
        route("POST", f"{PREFIX}/c2b", pay_paybill),
        route("GET", f"{PREFIX}/money", all_money),
        web.get(f"{PREFIX}/statement", statement),
        route("GET", f"{PREFIX}/people", show_person),
        route("POST", f"{PREFIX}/people", change_person),
        route("POST", f"{PREFIX}/float", set_float),
        route("GET", f"{PREFIX}/faults", show_faults),
        route("POST", f"{PREFIX}/faults", put_fault),
        route("DELETE", f"{PREFIX}/faults", clear_faults),
        route("GET", f"{PREFIX}/settings", show_settings),
        route("POST", f"{PREFIX}/settings", change_settings),
    ]


async def health(world: World, _request: web.Request) -> Mapping[str, Any]:
    return {
        "status": "ok",
        "openPrompts": prompts.open_count(world.book),
        "pendingCallbacks": callbacks.waiting(world.book),
    }


async def sms(world: World, request: web.Request) -> Mapping[str, Any]:
    """The messages that have reached a phone."""
    found = texts.delivered(world.book, _asked_phone(request), world.now())
    return {"messages": [_message(text) for text in found]}


async def write_sms(world: World, request: web.Request) -> Mapping[str, Any]:
    """Somebody writes to our short code: `{phone, text, to?, premium?}`; to a premium one it has a link."""
    body = await read_body(request)
    short_code = str(body.get("to") or SHORT_CODE)
    link = secrets.token_hex(16) if body.get("premium") is True else ""
    phone, text = read_phone(body.get("phone")), read_text(body, "text")
    message_id = africastalking.write_to_gateway(world, phone, text, short_code, link)
    if message_id is None:
        raise ProblemError(409, "no-gateway", "set inboundUrl first, or start with a gateway URL")
    return {"id": message_id, **({"linkId": link} if link else {})}


async def stk(world: World, request: web.Request) -> Mapping[str, Any]:
    """The prompts a phone has got."""
    return {"prompts": [_prompt(world, prompt) for prompt in prompts.prompts_on(world.book, _asked_phone(request))]}


async def answer_stk(world: World, request: web.Request) -> Mapping[str, Any]:
    """Answer an open prompt as its owner would: `{answer}`."""
    answer = read_text(await read_body(request), "answer")
    if answer not in ANSWERS:
        raise ProblemError(422, "unknown-answer", f"answer is one of {', '.join(ANSWERS)}")
    prompt = prompts.prompt_by_id(world.book, request.match_info["id"])
    if prompt is None:
        raise ProblemError(404, "unknown-prompt", "no prompt has this id")
    if not prompts.answer_prompt(world, prompt, answer):
        raise ProblemError(409, "prompt-closed", f"this prompt is {prompt.state}")
    answered = prompts.prompt_by_id(world.book, prompt.id) or prompt
    return {"prompt": _prompt(world, answered)}


async def pay_paybill(world: World, request: web.Request) -> Mapping[str, Any]:
    """A customer pays the paybill from the M-PESA menu: `{phone, amount, account}`."""
    body = await read_body(request)
    account = read_text(body, "account")
    if len(account) > paybill.BILL_REFERENCE_CHARACTERS_MAX:
        raise ProblemError(422, "invalid-account", f"at most {paybill.BILL_REFERENCE_CHARACTERS_MAX} characters")
    try:
        paid = await paybill.pay(world, read_phone(body.get("phone")), _whole_cents(body.get("amount")), account)
    except money.RefusedError as refused:
        raise ProblemError(409, "payment-refused", refused.refusal.name.lower().replace("_", " ")) from refused
    except paybill.PaymentRejectedError as rejected:
        raise ProblemError(409, "payment-rejected", f"the gateway's validation answered {rejected}") from rejected
    return {"movement": _movement(paid)}


async def all_money(world: World, _request: web.Request) -> Mapping[str, Any]:
    """The rail's own truth."""
    came_in, went_out = money.totals_cents(world.book)
    return {
        "movements": [_movement(moved) for moved in money.movements(world.book)],
        "totals": {
            "in": money.shillings(came_in),
            "out": money.shillings(went_out),
            "currency": money.CURRENCY,
        },
    }


async def statement(request: web.Request) -> web.Response:
    """The organisation's statement, as the portal exports it: `?shortcode=&from=2026-08-05&to=2026-08-06&format=csv`,
    both days included, or moments as ISO 8601; without them today."""
    world = request.app[WORLD]
    try:
        shortcode, period = _asked_shortcode(world, request), _asked_period(world, request)
    except ProblemError as problem:
        return problem.response()
    form = request.query.get("format", "csv")
    if form not in {"csv", "xlsx"}:
        return ProblemError(422, "unknown-format", "format is csv or xlsx").response()
    write = statements.as_csv if form == "csv" else statements.as_xlsx
    mime = "text/csv" if form == "csv" else "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    name = f"ORG_{shortcode}_Utility Account.{form}"
    return web.Response(
        body=write(world, shortcode, period),
        content_type=mime,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _asked_shortcode(world: World, request: web.Request) -> str:
    shortcode = request.query.get("shortcode", world.settings.collection.shortcode)
    if not world.settings.organisation(shortcode):
        raise ProblemError(404, "unknown-shortcode", "this shortcode is not of this world")
    return shortcode


def _asked_period(world: World, request: web.Request) -> statements.Period:
    today = stamps.iso(world.now())[:10]
    since = _moment(request.query.get("from", today), days_on=0)
    before = _moment(request.query.get("to", request.query.get("from", today)), days_on=1)
    if before <= since:
        raise ProblemError(422, "invalid-period", "to comes after from")
    return statements.Period(since, before)


def _moment(text: str, *, days_on: int) -> float:
    """A day is its beginning in East Africa Time, or so many days on."""
    try:
        told = datetime.fromisoformat(text)
    except ValueError as error:
        raise ProblemError(422, "invalid-period", "from and to are days or moments, such as 2026-08-05") from error
    on = days_on if len(text) == len("2026-08-05") else 0
    return (told if told.tzinfo else told.replace(tzinfo=stamps.EAT)).timestamp() + on * 86_400


async def show_person(world: World, request: web.Request) -> Mapping[str, Any]:
    """Somebody's M-PESA account."""
    phone = read_phone(request.query.get("phone"))
    return {"person": _person(money.person(world, phone))}


async def change_person(world: World, request: web.Request) -> Mapping[str, Any]:
    """Arrange somebody's account: `{phone, name?, balance?, registered?, optedOut?}`."""
    body = await read_body(request)
    phone = read_phone(body.get("phone"))
    with world.change() as book:
        money.person(world, phone)
        if "name" in body:
            book.execute("UPDATE people SET name = ? WHERE phone = ?", read_text(body, "name"), phone)
        if "balance" in body:
            cents = _cents(body["balance"])
            book.execute("UPDATE people SET balance_cents = ? WHERE phone = ?", cents, phone)
        if "registered" in body:
            book.execute("UPDATE people SET is_registered = ? WHERE phone = ?", _bool(body, "registered"), phone)
        if "optedOut" in body:
            book.execute("UPDATE people SET is_opted_out = ? WHERE phone = ?", _bool(body, "optedOut"), phone)
    return {"person": _person(money.person(world, phone))}


async def set_float(world: World, request: web.Request) -> Mapping[str, Any]:
    """Arrange what the payout shortcode can pay out of: `{amount}`."""
    cents = _cents((await read_body(request)).get("amount"))
    shortcode = world.settings.payout.shortcode
    with world.change() as book:
        book.execute("UPDATE shortcodes SET utility_cents = ? WHERE shortcode = ?", cents, shortcode)
    return {"shortcode": shortcode, "amount": money.shillings(cents), "currency": money.CURRENCY}


async def show_faults(world: World, _request: web.Request) -> Mapping[str, Any]:
    return {"faults": [_fault(fault) for fault in world.faults.all()]}


async def put_fault(world: World, request: web.Request) -> Mapping[str, Any]:
    """`{api, fault, rate = 1, seed = 0, seconds?}`; set again, it starts over."""
    body = await read_body(request)
    api, kind = read_text(body, "api"), read_text(body, "fault")
    rate, seed, seconds = body.get("rate", 1.0), body.get("seed", 0), body.get("seconds")
    if api not in (*APIS, EVERY_API):
        raise ProblemError(422, "unknown-api", f"api is one of {', '.join(APIS)} or {EVERY_API}")
    if kind not in kinds(api):
        raise ProblemError(422, "unknown-fault", f"fault of {api} is one of {', '.join(kinds(api))}")
    if not is_seconds(rate) or rate > 1:
        raise ProblemError(422, "invalid-rate", "rate is a number from 0 to 1")
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise ProblemError(422, "invalid-seed", "seed is a whole number")
    if seconds is not None and not is_seconds(seconds):
        raise ProblemError(422, "invalid-seconds", "seconds is a number from 0 to 86400")
    world.faults.put(Fault(api, kind, float(rate), seed, SECONDS[kind] if seconds is None else float(seconds)))
    return await show_faults(world, request)


async def clear_faults(world: World, request: web.Request) -> Mapping[str, Any]:
    """All of them, or those of `?api=` and `?fault=`."""
    world.faults.clear(api=request.query.get("api"), kind=request.query.get("fault"))
    return await show_faults(world, request)


async def show_settings(world: World, _request: web.Request) -> Mapping[str, Any]:
    return {"settings": shown(world.settings)}


async def change_settings(world: World, request: web.Request) -> Mapping[str, Any]:
    """Any of `settings.KNOBS`; all of them change or none."""
    try:
        world.settings = change(world.settings, await read_body(request))
    except ValueError as error:
        raise ProblemError(422, "invalid-setting", str(error)) from error
    world.pulse.beat()
    return await show_settings(world, request)


def route(method: str, path: str, handler: Handler) -> web.RouteDef:
    """A control call: what it answers is JSON, what it refuses a problem."""

    async def handle(request: web.Request) -> web.Response:
        try:
            return web.json_response(await handler(request.app[WORLD], request))
        except ProblemError as problem:
            return problem.response()

    return web.route(method, path, handle)


async def read_body(request: web.Request) -> Mapping[str, Any]:
    """Raises ProblemError for anything but an object."""
    try:
        body = json.loads(await request.read())
    except ValueError as error:
        raise ProblemError(400, "invalid-json", "the body is not JSON") from error
    if not isinstance(body, dict):
        raise ProblemError(400, "invalid-json", "the body is not a JSON object")
    return body


def read_text(body: Mapping[str, Any], field: str) -> str:
    """Raises ProblemError unless it is there and not blank."""
    value = body.get(field)
    if not isinstance(value, str) or not value.strip() or _SURROGATE.search(value):
        raise ProblemError(422, f"invalid-{field}", f"{field} is a text")
    return value


def _bool(body: Mapping[str, Any], field: str) -> bool:
    value = body.get(field)
    if not isinstance(value, bool):
        raise ProblemError(422, f"invalid-{field}", f"{field} is true or false")
    return value


def read_phone(value: object) -> str:
    """Its 12 digits. Raises ProblemError for what is no phone of this world."""
    try:
        return phones.parse_phone(str(value))
    except ValueError as error:
        raise ProblemError(422, "invalid-phone", "phone is a Kenyan mobile number, such as +254711000001") from error


def _asked_phone(request: web.Request) -> str | None:
    asked = request.query.get("phone")
    return None if asked is None else read_phone(asked)


def _whole_cents(value: object) -> int:
    cents = _cents(value)
    if cents == 0 or cents % 100:
        raise ProblemError(422, "invalid-amount", "amount is a whole number of shillings, such as 500.00")
    return cents


def _cents(value: object) -> int:
    try:
        return money.cents_of(value)
    except ValueError as error:
        raise ProblemError(422, "invalid-amount", "amount is a decimal, such as 500.00") from error


def _message(text: texts.Text) -> dict[str, str]:
    return {
        "id": text.id,
        "phone": phones.e164(text.phone),
        "text": text.text,
        "sender": text.sender,
        "at": stamps.iso(text.at),
        "status": "delivered",
    }


def _prompt(world: World, prompt: prompts.Prompt) -> dict[str, str | None]:
    return {
        "id": prompt.id,
        "phone": phones.e164(prompt.phone),
        "amount": money.shillings(prompt.amount_cents),
        "currency": money.CURRENCY,
        "accountReference": prompt.reference,
        "businessName": world.settings.organisation(prompt.shortcode),
        "state": prompt.state,
        "resultCode": prompt.result_code,
        "receipt": prompt.receipt,
        "at": stamps.iso(prompt.at),
    }


def _movement(moved: money.Movement) -> dict[str, str]:
    return {
        "receipt": moved.receipt,
        "kind": moved.kind,
        "phone": phones.e164(moved.phone),
        "amount": money.shillings(moved.amount_cents),
        "currency": money.CURRENCY,
        "reference": moved.reference,
        "shortcode": moved.shortcode,
        "at": stamps.iso(moved.at),
    }


def _person(owner: money.Person) -> dict[str, Any]:
    return {
        "phone": phones.e164(owner.phone),
        "name": owner.name,
        "balance": money.shillings(owner.balance_cents),
        "currency": money.CURRENCY,
        "registered": owner.is_registered,
        "optedOut": owner.is_opted_out,
    }


def _fault(fault: Fault) -> dict[str, Any]:
    return {
        "api": fault.api,
        "fault": fault.kind,
        "rate": fault.rate,
        "seed": fault.seed,
        "seconds": fault.seconds,
    }
