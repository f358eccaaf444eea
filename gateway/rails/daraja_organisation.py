"""Daraja for the organisation itself: balance, reversal, payments to businesses, codes to scan, standing orders.

    POST /mpesa/accountbalance/v1/query
    {"Initiator": "nyota", "SecurityCredential": "...", "CommandID": "AccountBalance", "PartyA": "600998",
     "IdentifierType": "4", "Remarks": "Balance", "QueueTimeOutURL": "https://...", "ResultURL": "https://..."}
    {"ConversationID": "AG_20260102_0000", "OriginatorConversationID": "1-2-3", "ResponseCode": "0",
     "ResponseDescription": "Accept the service request successfully."}

Raises Unavailable when nothing happened, Rejected for a refusal, Uncertain when money may have moved.
"""

import base64
import binascii
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from gateway.config import App, Daraja
from gateway.errors import Rejected, Unavailable, Uncertain
from gateway.rails.contract import Acknowledged
from gateway.rails.daraja_answers import Answer
from gateway.rails.daraja_calls import daraja_phone, demand_answered, operator, safe, shillings
from gateway.rails.daraja_client import DarajaClient
from gateway.rails.daraja_codes import RESULT
from gateway.rails.daraja_results import ID_CHARACTERS_MAX
from gateway.rails.organisation import Answers, Code, PayBusiness, Reverse, StandingOrder

BALANCE = "/mpesa/accountbalance/v1/query"
REVERSAL = "/mpesa/reversal/v1/request"
BUSINESS = "/mpesa/b2b/v1/paymentrequest"
CODE = "/mpesa/qrcode/v1/generate"
STANDING = "/standingorder/v1/createStandingOrderExternal"

REMARKS_CHARACTERS_MAX = 100
BUSINESS_REFERENCE_CHARACTERS_MAX = 13
REFERENCE_CHARACTERS_MAX = 12
DESCRIPTION_CHARACTERS_MAX = 13
SHORTCODE_TYPE, TILL_TYPE, REVERSAL_TYPE = "4", "2", "11"
TAKEN = "200"

COMMANDS: Mapping[str, str] = MappingProxyType({
    "paybill": "BusinessPayBill",
    "till": "BusinessBuyGoods",
    "top_up": "BusinessPayToBulk",
    "own_utility": "BusinessTransferFromMMFToUtility",
})  # fmt: skip

FREQUENCIES: Mapping[str, str] = MappingProxyType({
    "once": "1", "daily": "2", "weekly": "3", "monthly": "4", "every_two_months": "5", "quarterly": "6",
    "half_yearly": "7", "yearly": "8",
})  # fmt: skip


class DarajaOrganisation:
    """Speaks through the line of the rail, so that there is one token for both."""

    def __init__(self, config: Daraja, client: DarajaClient) -> None:
        self._config = config
        self._client = client

    async def ask_balance(self, app: App, answers: Answers) -> Acknowledged:
        """What the shortcode of this app holds. It moves nothing, so not knowing whether it arrived is Unavailable."""
        body = {
            **operator(self._config, "Initiator"),
            "CommandID": "AccountBalance",
            "PartyA": app.shortcode,
            "IdentifierType": SHORTCODE_TYPE,
            "Remarks": "Balance",
            **_answered_at(answers),
        }
        try:
            return _acknowledged(await self._client.call(app, BALANCE, body))
        except Uncertain as error:
            raise Unavailable(str(error), **error.evidence) from error

    async def reverse(self, request: Reverse) -> Acknowledged:
        """Give back a payment that reached the collecting shortcode. A second time is refused as done before."""
        app = self._config.collection
        body = {
            **operator(self._config, "Initiator"),
            "CommandID": "TransactionReversal",
            "TransactionID": request.receipt,
            "Amount": shillings(request.amount_cents),
            "ReceiverParty": app.shortcode,
            "RecieverIdentifierType": REVERSAL_TYPE,
            "Remarks": _remarks(request.remarks),
            "Occasion": "",
            **_answered_at(request.answers),
        }
        return _acknowledged(await self._client.call(app, REVERSAL, body))

    async def pay_business(self, request: PayBusiness) -> Acknowledged:
        """Pay from the collecting shortcode. Uncertain is final here: there is no id by which to probe."""
        app = self._config.collection
        body = {
            **operator(self._config, "Initiator"),
            "CommandID": COMMANDS[request.purpose],
            "SenderIdentifierType": SHORTCODE_TYPE,
            "RecieverIdentifierType": TILL_TYPE if request.purpose == "till" else SHORTCODE_TYPE,
            "Amount": shillings(request.amount_cents),
            "PartyA": app.shortcode,
            "PartyB": request.shortcode,
            "AccountReference": safe(request.reference, BUSINESS_REFERENCE_CHARACTERS_MAX),
            "Remarks": _remarks(request.remarks),
            "Occassion": "",
            **_answered_at(request.answers),
        }
        return _acknowledged(await self._client.call(app, BUSINESS, body))

    async def code(self, request: Code) -> bytes:
        """The picture, a PNG."""
        app = self._config.collection
        body = {
            "MerchantName": safe(request.name, 30),
            "RefNo": safe(request.reference, REFERENCE_CHARACTERS_MAX),
            "Amount": shillings(request.amount_cents),
            "TrxCode": "PB",
            "CPI": app.shortcode,
            "Size": str(request.pixels),
        }
        try:
            answer = await self._client.call(app, CODE, body)
        except Uncertain as error:
            raise Unavailable(str(error), **error.evidence) from error
        demand_answered(answer)
        return _picture(answer)

    async def order(self, request: StandingOrder) -> Acknowledged:
        """Ask the payer to agree to a standing order; whether they do comes to its `callback_url`."""
        app = self._config.collection
        answer = await self._client.call(app, STANDING, self._order(request, app))
        if refusal := answer.refusal():
            raise refusal
        header = answer.fields.inner("ResponseHeader")
        code = header.text("responseCode")
        if code != TAKEN:
            raise Uncertain("Daraja's acknowledgement could not be understood", status=answer.status, response=code)
        return Acknowledged(header.text("responseRefID")[:ID_CHARACTERS_MAX])

    def _order(self, request: StandingOrder, app: App) -> dict[str, Any]:
        if request.ends_on < request.starts_on:
            raise Rejected("a standing order ends after it starts", "ends_on")
        return {
            "StandingOrderName": safe(request.name, 40),
            "StartDate": f"{request.starts_on:%Y%m%d}",
            "EndDate": f"{request.ends_on:%Y%m%d}",
            "BusinessShortCode": app.shortcode,
            "TransactionType": "Standing Order Customer Pay Bill",
            "ReceiverPartyIdentifierType": SHORTCODE_TYPE,
            "Amount": str(shillings(request.amount_cents)),
            "PartyA": daraja_phone(request.msisdn),
            "CallBackURL": request.callback_url,
            "AccountReference": safe(request.reference, REFERENCE_CHARACTERS_MAX),
            "TransactionDesc": safe(request.description, DESCRIPTION_CHARACTERS_MAX),
            "Frequency": FREQUENCIES[request.frequency],
        }


def _acknowledged(answer: Answer) -> Acknowledged:
    answer.demand_acknowledged(RESULT)
    return Acknowledged(answer.fields.text("ConversationID")[:ID_CHARACTERS_MAX])


def _answered_at(answers: Answers) -> dict[str, str]:
    return {"ResultURL": answers.result_url, "QueueTimeOutURL": answers.timeout_url}


def _remarks(text: str) -> str:
    return safe(text, REMARKS_CHARACTERS_MAX).ljust(2, "-")


def _picture(answer: Answer) -> bytes:
    """Raises Unavailable for what is no picture. The response code differs between sources, so it is not read."""
    told = answer.fields.value("QRCode")
    try:
        picture = base64.b64decode(told, validate=True) if isinstance(told, str) else b""
    except (binascii.Error, ValueError):
        picture = b""
    if not picture:
        raise Unavailable("Daraja sends no picture", status=answer.status)
    return picture
