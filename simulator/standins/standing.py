"""Standing orders: a customer's M-PESA is asked to pay again and again, and says later whether the PIN was put in.

    POST /standingorder/v1/createStandingOrderExternal
    {"StandingOrderName": "Loan LN7K2QD", "StartDate": "20260105", "EndDate": "20260705", "BusinessShortCode": "600999",
     "TransactionType": "Standing Order Customer Pay Bill", "ReceiverPartyIdentifierType": "4", "Amount": "500",
     "PartyA": "254712345600", "CallBackURL": "http://127.0.0.1:8383/...", "AccountReference": "LN7K2QD",
     "TransactionDesc": "Loan", "Frequency": "4"}
    200
    {"ResponseHeader": {"responseRefID": "12345-67890123-1", "responseCode": "200",
      "responseDescription": "Request accepted for processing", "ResultDesc": "The service request is processed"},
     "ResponseBody": {"responseDescription": "Request accepted for processing", "responseCode": "200"}}

The keys of a success and of an error differ in case, as the real ones do. The payer always agrees.
"""

from datetime import UTC, date, datetime
from typing import Any

from simulator.standins import callbacks, money
from simulator.standins.calls import Call, invalid, request_id

TYPES = ("Standing Order Customer Pay Bill", "Standing Order Customer Pay Marchant")
FREQUENCIES = tuple("12345678")
TAKEN, AGREED, NAME_TAKEN = "200", "0", "1050"


async def order(call: Call) -> dict[str, Any]:
    """Take the order on; a name that this customer has used before is told later."""
    fields = call.fields
    if fields.text("BusinessShortCode") != call.app.shortcode:
        raise invalid("BusinessShortCode")
    fields.one_of("TransactionType", TYPES)
    fields.one_of("ReceiverPartyIdentifierType", ("2", "4"))
    fields.text("TransactionDesc", longest=13)
    if _day(call, "EndDate") < _day(call, "StartDate"):
        raise invalid("EndDate")
    phone, url, asked = fields.phone("PartyA"), fields.url("CallBackURL"), request_id()
    with call.world.change():
        is_new = _kept(call, phone)
        body = _agreed(call, asked, phone) if is_new else _refused(asked)
        callback = callbacks.json_callback("standing-order", asked, url, body)
        seconds = call.world.settings.callback_seconds
        callbacks.plan(call.world, callback, after_seconds=seconds, drawn=call.drawn)
    await callbacks.finish_first(call.world, asked, call.drawn)
    said = {"responseDescription": "Request accepted for processing", "responseCode": TAKEN}
    header = {"responseRefID": asked, **said, "ResultDesc": "The service request is processed successfully."}
    return {"ResponseHeader": header, "ResponseBody": said}


def _kept(call: Call, phone: str) -> bool:
    """Whether the name is new for this customer."""
    fields = call.fields
    name = fields.text("StandingOrderName")
    if call.world.book.one("SELECT name FROM standing_orders WHERE phone = ? AND name = ?", phone, name) is not None:
        return False
    call.world.book.execute(
        "INSERT INTO standing_orders (phone, name, amount_cents, reference, frequency) VALUES (?, ?, ?, ?, ?)",
        phone,
        name,
        fields.whole_cents("Amount"),
        fields.text("AccountReference", longest=12),
        fields.one_of("Frequency", FREQUENCIES),
    )
    return True


def _agreed(call: Call, asked: str, phone: str) -> dict[str, Any]:
    data = {
        "TransactionID": money.next_receipt(call.world),
        "responseCode": AGREED,
        "Status": "OKAY",
        "Msisdn": f"{phone[:5]}****{phone[-3:]}",
    }
    return {
        "responseHeader": {"responseRefID": asked, "responseCode": AGREED, "responseDescription": "Success"},
        "responseBody": {"responseData": [{"name": name, "value": value} for name, value in data.items()]},
    }


def _refused(asked: str) -> dict[str, Any]:
    data = {"TransactionID": "0000000000", "responseCode": NAME_TAKEN, "Status": "ERROR", "Msisdn": ""}
    return {
        "ResponseHeader": {"responseRefID": asked, "responseCode": NAME_TAKEN, "responseDescription": "Error"},
        "ResponseBody": {"ResponseData": [{"Name": name, "Value": value} for name, value in data.items()]},
    }


def _day(call: Call, field: str) -> date:
    try:
        return datetime.strptime(call.fields.text(field), "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError as error:
        raise invalid(field) from error
