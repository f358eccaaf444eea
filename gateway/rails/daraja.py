"""M-PESA through Safaricom's Daraja: ask a phone for money, pay a phone, and find out what became of it.

    POST /mpesa/stkpush/v1/processrequest
    {"BusinessShortCode": "600999", "Password": "NjAw...", "Timestamp": "20260102030405",
     "TransactionType": "CustomerPayBillOnline", "Amount": 150, "PartyA": "254712345600", "PartyB": "600999",
     "PhoneNumber": "254712345600", "CallBackURL": "https://...", "AccountReference": "PY4T8",
     "TransactionDesc": "Nyota"}
    {"MerchantRequestID": "1111-2222222-1", "CheckoutRequestID": "ws_CO_02012026030405071712345600",
     "ResponseCode": "0", "ResponseDescription": "Success. Request accepted for processing"}

Two apps with a shortcode each: one collects, the other pays and is asked about pay-outs. Only whole shillings
travel. A prompt has no id of ours: two requests are two prompts. A pay-out has one, and a second is refused.
"""

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import aiohttp

from gateway.clock import local
from gateway.config import App, Daraja
from gateway.errors import NotACallback, Rejected, Unavailable, Uncertain
from gateway.rails.contract import Acknowledged, AskStatus, Collect, Disburse, Received, Result
from gateway.rails.daraja_answers import Answer
from gateway.rails.daraja_bodies import Fields, rows
from gateway.rails.daraja_calls import daraja_phone, demand_answered, demand_code, operator, safe, shillings, spaced
from gateway.rails.daraja_client import DarajaClient
from gateway.rails.daraja_codes import RESULT, STK
from gateway.rails.daraja_organisation import DarajaOrganisation
from gateway.rails.daraja_organisation_results import reversal_result
from gateway.rails.daraja_received import ROW_ID, confirmed, listed
from gateway.rails.daraja_results import (
    ID_CHARACTERS_MAX,
    coded,
    payout_result,
    payout_timeout,
    prompt_result,
    status_result,
    status_timeout,
)
from gateway.rails.door import Door
from gateway.rails.token_shelf import TokenShelves
from gateway.rails.witness import Left, Witness

PROMPT = "/mpesa/stkpush/v1/processrequest"
PROMPT_QUERY = "/mpesa/stkpushquery/v1/query"
PAYOUT = "/mpesa/b2c/v3/paymentrequest"
STATUS = "/mpesa/transactionstatus/v1/query"
CONFIRMATIONS = "/mpesa/c2b/v2/registerurl"
PULL = "/pulltransactions/v1/query"
PULL_CONSENT = "/pulltransactions/v1/register"

REFERENCE_CHARACTERS_MAX = 12
DESCRIPTION_CHARACTERS_MAX = 13
REMARKS_CHARACTERS_MAX = 100
LISTED, NOTHING_LISTED = "1000", "1001"
PAGES_MAX = 200
ALREADY_THERE = ("urls are already registered", "duplicate notification info")

READERS: Mapping[str, Callable[[Fields], Result]] = MappingProxyType(
    {
        "stk": prompt_result,
        "b2c/result": payout_result,
        "b2c/timeout": payout_timeout,
        "reversal/result": reversal_result,
        "reversal/timeout": payout_timeout,
        "status/result": status_result,
        "status/timeout": status_timeout,
    }
)

_REFERENCE = re.compile(rf"[A-Za-z0-9]{{1,{REFERENCE_CHARACTERS_MAX}}}")


class DarajaRail:
    """The rail `daraja`. `status_id_field` names the id that a status question is about: sources differ."""

    name = "daraja"

    def __init__(
        self,
        config: Daraja,
        clock: Callable[[], int],
        session: aiohttp.ClientSession | None = None,
        *,
        status_id_field: str = "OriginalConversationID",
        shelves: TokenShelves | None = None,
        door: Door | None = None,
        witness: Witness | None = None,
    ) -> None:
        self.shortcode = config.collection.shortcode
        self._config = config
        self._clock = clock
        self.door = door
        self.witness = witness
        self._client = DarajaClient(config, clock, session, shelves, door)
        self._status_id_field = status_id_field
        self.organisation = DarajaOrganisation(config, self._client)

    async def collect(self, request: Collect) -> Acknowledged:
        """Raise a prompt. Never repeat it while it is uncertain: there would be two."""
        answer = await self._client.call(self._config.collection, PROMPT, self._prompt(request))
        answer.demand_acknowledged(STK)
        return Acknowledged(answer.fields.text("CheckoutRequestID")[:ID_CHARACTERS_MAX])

    async def disburse(self, request: Disburse) -> Acknowledged:
        """Pay. Repeated with the same id it pays nothing, and says that the earlier one was accepted."""
        if self.witness is not None:
            await self.witness.remember(Left(request.id, self._clock()))
        answer = await self._client.call(self._config.payout, PAYOUT, self._payout(request))
        if answer.is_repeated_id:
            return Acknowledged("", is_repeat=True)
        answer.demand_acknowledged(RESULT)
        return Acknowledged(answer.fields.text("ConversationID")[:ID_CHARACTERS_MAX])

    async def query_collect(self, rail_id: str) -> Result:
        """What became of a prompt. A success comes without receipt, amount or phone."""
        body = {**self._signature(), "CheckoutRequestID": rail_id}
        answer = await self._ask(self._config.collection, PROMPT_QUERY, body)
        if answer.is_still_open:
            return Result("pending", "", "uncertain", "not final yet", rail_id=rail_id)
        demand_answered(answer)
        if code := answer.fields.text("ResultCode"):
            return replace(coded(code, STK), rail_id=rail_id)
        raise Unavailable("Daraja's answer names no result", status=answer.status)

    async def ask_status(self, request: AskStatus) -> Acknowledged:
        """Have M-PESA say what became of a pay-out; the answer is a callback."""
        body = {
            **operator(self._config, "Initiator"),
            "CommandID": "TransactionStatusQuery",
            self._status_id_field: request.id or request.rail_id,
            "PartyA": self._config.payout.shortcode,
            "IdentifierType": "4",
            "ResultURL": request.result_url,
            "QueueTimeOutURL": request.timeout_url,
            "Remarks": "Status",
            "Occasion": "",
        }
        answer = await self._ask(self._config.payout, STATUS, body)
        demand_answered(answer)
        demand_code(answer, {"0"})
        return Acknowledged(answer.fields.text("ConversationID")[:ID_CHARACTERS_MAX])

    async def received_between(self, start: int, end: int) -> list[Received]:
        """M-PESA's own list, once per receipt. It goes back 48 hours; how long a page is, nobody says."""
        found: dict[str, Fields] = {}
        offset = 0
        for _ in range(PAGES_MAX):
            page = await self._page(start, end, offset)
            fresh = {row.text(ROW_ID): row for row in page if row.text(ROW_ID) not in found}
            if not fresh:
                return listed(list(found.values()), shortcode=self.shortcode, start=start, end=end)
            found |= fresh
            offset += len(page)
        raise Unavailable("the list is longer than we read", pages=PAGES_MAX)

    async def register(self, confirmation_url: str, validation_url: str, *, pull_msisdn: str | None = None) -> None:
        """Say where confirmations go, and allow the list to be read. Saying it again changes nothing.

        `pull_msisdn` is the phone on the organisation's record at Safaricom; without it the list stays closed.
        Raises Unavailable and Rejected.
        """
        urls = {
            "ShortCode": self.shortcode,
            "ResponseType": "Completed",
            "ConfirmationURL": confirmation_url,
            "ValidationURL": validation_url,
        }
        answer = await self._ask(self._config.collection, CONFIRMATIONS, urls)
        if not any(words in answer.message for words in ALREADY_THERE):
            demand_answered(answer)
            demand_code(answer, {"0"})
        if pull_msisdn is not None:
            await self._allow_pull(pull_msisdn, confirmation_url)

    def parse_callback(self, purpose: str, body: Mapping[str, Any]) -> Result | Received:
        """`purpose` is one of READERS, or `confirmation`. Raises NotACallback for every other body."""
        fields = Fields.of(body)
        if purpose == "confirmation":
            return confirmed(fields, shortcode=self.shortcode, now=self._clock())
        if purpose not in READERS:
            raise NotACallback("nothing is called back for this purpose")
        return READERS[purpose](fields)

    async def close(self) -> None:
        await self._client.close()
        if self.witness is not None:
            await self.witness.close()

    async def _ask(self, app: App, path: str, body: Mapping[str, Any]) -> Answer:
        """A call that moves no money: not knowing whether it arrived is no more than not having asked."""
        try:
            return await self._client.call(app, path, body)
        except Uncertain as error:
            raise Unavailable(str(error), **error.evidence) from error

    async def _page(self, start: int, end: int, offset: int) -> list[Fields]:
        body = {
            "ShortCode": self.shortcode,
            "StartDate": spaced(start),
            "EndDate": spaced(end + 999),
            "OffSetValue": str(offset),
        }
        answer = await self._ask(self._config.collection, PULL, body)
        demand_answered(answer)
        demand_code(answer, {LISTED, NOTHING_LISTED})
        return rows(answer.fields.value("Response"))

    async def _allow_pull(self, pull_msisdn: str, callback_url: str) -> None:
        body = {
            "ShortCode": self.shortcode,
            "RequestType": "Pull",
            "NominatedNumber": daraja_phone(pull_msisdn),
            "CallBackURL": callback_url,
        }
        answer = await self._ask(self._config.collection, PULL_CONSENT, body)
        demand_answered(answer)
        demand_code(answer, {LISTED, NOTHING_LISTED}, "ResponseStatus", "ResponseCode")

    def _prompt(self, request: Collect) -> dict[str, Any]:
        """The reference is what ties a payment to us, so one that would arrive changed is refused here."""
        if not _REFERENCE.fullmatch(request.reference):
            raise Rejected("the reference is not up to 12 letters and digits", "reference")
        payer = daraja_phone(request.msisdn)
        return {
            **self._signature(),
            "TransactionType": "CustomerPayBillOnline",
            "Amount": shillings(request.amount_cents),
            "PartyA": payer,
            "PartyB": self.shortcode,
            "PhoneNumber": payer,
            "CallBackURL": request.callback_url,
            "AccountReference": request.reference,
            "TransactionDesc": safe(request.description, DESCRIPTION_CHARACTERS_MAX) or request.reference,
        }

    def _payout(self, request: Disburse) -> dict[str, Any]:
        return {
            "OriginatorConversationID": request.id,
            **operator(self._config, "InitiatorName"),
            "CommandID": "BusinessPayment",
            "Amount": shillings(request.amount_cents),
            "PartyA": self._config.payout.shortcode,
            "PartyB": daraja_phone(request.msisdn),
            "Remarks": safe(request.remarks, REMARKS_CHARACTERS_MAX).ljust(2, "-"),
            "QueueTimeOutURL": request.timeout_url,
            "ResultURL": request.result_url,
            "Occassion": "",
        }

    def _signature(self) -> dict[str, str]:
        """Who asks, proven by the passkey and the time; the same time is inside and outside."""
        timestamp = f"{local(self._clock()):%Y%m%d%H%M%S}"
        secret = f"{self.shortcode}{self._config.passkey.get_secret_value()}{timestamp}"
        return {
            "BusinessShortCode": self.shortcode,
            "Password": base64.b64encode(secret.encode()).decode(),
            "Timestamp": timestamp,
        }
