"""STK push and its query: ask a customer to pay, and ask what became of it.

POST /mpesa/stkpush/v1/processrequest
{"BusinessShortCode": "600999", "Password": "NjAw...", "Timestamp": "20260102030405",
 "TransactionType": "CustomerPayBillOnline", "Amount": 150, "PartyA": "254712345600",
 "PartyB": "600999", "PhoneNumber": "254712345600", "CallBackURL": "http://127.0.0.1:8383/...",
 "AccountReference": "LN00042", "TransactionDesc": "Loan"}
200
{"MerchantRequestID": "1111-2222222-1", "CheckoutRequestID": "ws_CO_02012026030405071712345600",
 "ResponseCode": "0", "ResponseDescription": "Success. Request accepted for processing",
 "CustomerMessage": "Success. Request accepted for processing"}
"""

import base64
import secrets
from hmac import compare_digest
from typing import Any

from simulator.standins import callbacks, prompts, stamps
from simulator.standins.calls import Call, DarajaError, invalid, request_id
from simulator.standins.paybill import STK_TYPES

ACCEPTED = "Success. Request accepted for processing"
LOCKED = "Unable to lock subscriber, a transaction is already in process for the current subscriber"
QUERY_DESCRIPTIONS = {prompts.NO_ANSWER: "DS timeout user cannot be reached."}


async def push(call: Call) -> dict[str, Any]:
    """Open a prompt on the phone. With `callback-first`, answers once its callback has been sent."""
    _check_password(call)
    wanted = _push(call)
    try:
        prompt = prompts.open_prompt(call.world, wanted, prompt_id=secrets.token_hex(8), merchant_id=request_id())
    except prompts.SubscriberLockedError as error:
        raise DarajaError(500, "500.001.1001", LOCKED) from error
    if "callback-first" in call.drawn:
        await _finish_first(call, prompt)
    return {
        "MerchantRequestID": prompt.merchant_id,
        "CheckoutRequestID": prompt.checkout_id,
        "ResponseCode": "0",
        "ResponseDescription": ACCEPTED,
        "CustomerMessage": ACCEPTED,
    }


async def query(call: Call) -> dict[str, Any]:
    """What became of a push. While the prompt is open the answer takes either of its two shapes."""
    _check_password(call)
    prompt = prompts.prompt_by_checkout(call.world.book, call.fields.text("CheckoutRequestID"))
    if prompt is None or "does-not-exist" in call.drawn:
        raise DarajaError(500, "500.001.1001", "The transaction does not Exist")
    if prompt.result_code is None and secrets.randbelow(2):
        raise DarajaError(500, "500.001.1001", "The transaction is being processed")
    code, description = _result(prompt)
    return {
        "ResponseCode": "0",
        "ResponseDescription": "The service request has been accepted successsfully",
        "MerchantRequestID": prompt.merchant_id,
        "CheckoutRequestID": prompt.checkout_id,
        "ResultCode": code,
        "ResultDesc": description,
    }


def _result(prompt: prompts.Prompt) -> tuple[str, str]:
    code = prompt.result_code
    if code is None:
        return "4999", "The transaction is still under processing"
    return code, QUERY_DESCRIPTIONS.get(code, prompts.DESCRIPTIONS[code])


def _check_password(call: Call) -> None:
    shortcode = call.fields.text("BusinessShortCode")
    timestamp = call.fields.text("Timestamp")
    try:
        stamps.parse_compact(timestamp)
    except ValueError as error:
        raise invalid("Timestamp") from error
    if shortcode != call.app.shortcode:
        raise DarajaError(500, "500.001.1001", "Merchant does not exist")
    expected = base64.b64encode(f"{shortcode}{call.app.passkey}{timestamp}".encode())
    if not compare_digest(call.fields.text("Password").encode(), expected):
        raise DarajaError(500, "500.001.1001", "[MerchantValidate] - Wrong credentials")


def _push(call: Call) -> prompts.Push:
    fields = call.fields
    kind = fields.one_of("TransactionType", STK_TYPES)
    amount_cents = fields.whole_cents("Amount")
    fields.phone("PartyA")
    if fields.text("PartyB") != call.app.shortcode:
        raise invalid("PartyB")
    return prompts.Push(
        phone=fields.phone("PhoneNumber"),
        amount_cents=amount_cents,
        reference=fields.text("AccountReference", longest=12),
        description=fields.text("TransactionDesc"),
        shortcode=call.app.shortcode,
        transaction_type=kind,
        callback_url=fields.url("CallBackURL"),
        faults=call.drawn,
    )


async def _finish_first(call: Call, prompt: prompts.Prompt) -> None:
    """Let the prompt be answered, by itself when phones answer by themselves, and its callback be sent."""
    world = call.world
    if world.settings.auto_answer:
        prompts.answer_prompt(world, prompt, world.settings.auto_answer_with)
    await world.pulse.until(
        lambda: world.is_stopping or not prompts.is_open(world.book, prompt.id),
        call.drawn.of("callback-first"),
    )
    await callbacks.finish_first(world, prompt.checkout_id, call.drawn)
