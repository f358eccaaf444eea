"""C2B: where payments to the paybill are to be told, and pulling the ones that were not.

POST /mpesa/c2b/v2/registerurl
{"ShortCode": "600999", "ResponseType": "Completed",
 "ConfirmationURL": "http://127.0.0.1:8383/...", "ValidationURL": "http://127.0.0.1:8383/..."}
200
{"OriginatorCoversationID": "1234-56789012-1", "ResponseCode": "0", "ResponseDescription": "Success"}

POST or GET /pulltransactions/v1/query
{"ShortCode": "600999", "StartDate": "2026-01-02 03:00:00", "EndDate": "2026-01-02 04:00:00",
     "OffSetValue": "0"}
200
{"ResponseRefID": "1234-56789012-1", "ResponseCode": "1000", "ResponseMessage": "Success",
 "Response": [[{"transactionId": "UA12BC34DE", "trxDate": "2026-01-02T00:04:31Z", "msisdn": "254712345600",
   "sender": "MPESA", "transactiontype": "c2b-pay-bill-debit", "billreference": "LN00042",
   "amount": "150.00", "organizationname": "NYOTA"}]]}
"""

from typing import Any

from simulator.standins import money, paybill, stamps
from simulator.standins.calls import Call, DarajaError, invalid, request_id
from simulator.standins.paybill import Registration

RESPONSE_TYPES = ("Completed", "Cancelled")
FORBIDDEN_WORDS = ("mpesa", "m-pesa", "safaricom", "exe", "cmd", "sql", "query")
"""`exec` is refused with `exe`."""

PULL_WINDOW_SECONDS = 48 * 3600
PULL_PAGE = 1000
FOUND, NOTHING, ALREADY = "1000", "1001", "1001"


async def register_v1(call: Call) -> dict[str, Any]:
    return _register(call, "v1")


async def register_v2(call: Call) -> dict[str, Any]:
    return _register(call, "v2")


async def pull_register(call: Call) -> dict[str, Any]:
    """Allow pulling for the shortcode. Once is enough, and a second time is no error."""
    shortcode = _shortcode(call)
    call.fields.one_of("RequestType", ("Pull",))
    phone = call.fields.phone("NominatedNumber")
    call.fields.url("CallBackURL")
    is_known = _pull_phone(call) is not None
    with call.world.change() as book:
        book.execute("UPDATE shortcodes SET pull_phone = ? WHERE shortcode = ?", phone, shortcode)
    return {
        "ResponseRefID": request_id(),
        "ResponseStatus": ALREADY if is_known else FOUND,
        "ShortCode": shortcode,
        "ResponseDescription": "Already registered" if is_known else "Success",
    }


async def pull_query(call: Call) -> dict[str, Any]:
    """What customers paid in the time asked for, at most 48 hours back, a page at a time."""
    shortcode = _shortcode(call)
    if _pull_phone(call) is None:
        raise DarajaError(400, "400.002.02", "Bad Request - ShortCode is not registered for pull")
    since = max(_moment(call, "StartDate"), call.world.now() - PULL_WINDOW_SECONDS)
    before = _moment(call, "EndDate") + 1
    offset = call.fields.optional("OffSetValue") or "0"
    if not offset.isdigit():
        raise invalid("OffSetValue")
    paid = money.movements_in(call.world.book, shortcode, since, before)[int(offset) :][:PULL_PAGE]
    return {
        "ResponseRefID": request_id(),
        "ResponseCode": FOUND if paid else NOTHING,
        "ResponseMessage": "Success" if paid else "No transactions found",
        "Response": [[_pulled(call, movement) for movement in paid]],
    }


def _register(call: Call, version: str) -> dict[str, Any]:
    shortcode = _shortcode(call)
    wanted = Registration(
        version=version,
        response_type=call.fields.one_of("ResponseType", RESPONSE_TYPES),
        confirmation_url=_public_url(call, "ConfirmationURL"),
        validation_url=_public_url(call, "ValidationURL"),
    )
    if call.world.settings.register_once and paybill.registration(call.world.book, shortcode) is not None:
        raise DarajaError(500, "500.003.1001", "Urls are already registered")
    paybill.register(call.world, shortcode, wanted)
    return {"OriginatorCoversationID": request_id(), "ResponseCode": "0", "ResponseDescription": "Success"}


def _shortcode(call: Call) -> str:
    shortcode = call.fields.text("ShortCode")
    if shortcode != call.app.shortcode:
        raise invalid("ShortCode")
    return shortcode


def _public_url(call: Call, field: str) -> str:
    url = call.fields.url(field)
    if any(word in url.lower() for word in FORBIDDEN_WORDS):
        raise invalid(field)
    return url


def _pull_phone(call: Call) -> str | None:
    phone: str | None = call.world.book.value(
        "SELECT pull_phone FROM shortcodes WHERE shortcode = ?", call.app.shortcode
    )
    return phone


def _moment(call: Call, field: str) -> float:
    try:
        return stamps.parse_spaced(call.fields.text(field))
    except ValueError as error:
        raise invalid(field) from error


def _pulled(call: Call, paid: money.Movement) -> dict[str, str]:
    return {
        "transactionId": paid.receipt,
        "trxDate": stamps.zulu(paid.at),
        "msisdn": paid.phone,
        "sender": "MPESA",
        "transactiontype": "c2b-pay-bill-debit",
        "billreference": paid.reference,
        "amount": money.shillings(paid.amount_cents),
        "organizationname": call.world.settings.organisation(paid.shortcode),
    }
