"""What the rail says to Daraja, and what it makes of each thing that Daraja, or the line to it, can answer."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from gateway.errors import NotACallback, NyotaError, Rejected, Throttled, Unavailable, Uncertain
from gateway.rails.contract import Acknowledged, Received
from gateway.rails.daraja import PAGES_MAX, DarajaRail
from tests.gateway.rails.scripted_daraja import (
    ASK,
    COLLECT,
    DISBURSE,
    HANGS,
    HANGS_UP,
    HTML,
    NOW,
    PAYOUT,
    PROMPT,
    PULL,
    QUERY,
    STATUS,
    Reply,
    ScriptedDaraja,
    fault,
    refused,
)

CONFIRMATIONS = "/mpesa/c2b/v2/registerurl"
PULL_CONSENT = "/pulltransactions/v1/register"
CHECKOUT = "ws_CO_0201"
HOUR_MS = 3_600_000

Call = Callable[[DarajaRail], Awaitable[Any]]

MOVING: list[tuple[str, Call]] = [
    (PROMPT, lambda rail: rail.collect(COLLECT)),
    (PAYOUT, lambda rail: rail.disburse(DISBURSE)),
]
ASKING: list[tuple[str, Call]] = [
    (QUERY, lambda rail: rail.query_collect(CHECKOUT)),
    (STATUS, lambda rail: rail.ask_status(ASK)),
    (PULL, lambda rail: rail.received_between(NOW - HOUR_MS, NOW)),
]


@pytest.fixture
async def daraja() -> AsyncIterator[ScriptedDaraja]:
    async with ScriptedDaraja() as scripted:
        yield scripted


class TestCollect:
    async def test_a_prompt_says_who_asks_whom_for_what(self, daraja: ScriptedDaraja) -> None:
        """Whole shillings, 12 digits of phone, our shortcode on both sides, the request's own callback path."""
        acknowledged = await daraja.rail.collect(COLLECT)

        assert acknowledged == Acknowledged(CHECKOUT)
        assert daraja.body_at(PROMPT) == {
            "BusinessShortCode": "600999",
            "Password": "NjAwOTk5Zml4dHVyZS1wYXNza2V5MjAyNjAxMDIwMzA0MDU=",
            "Timestamp": "20260102030405",
            "TransactionType": "CustomerPayBillOnline",
            "Amount": 150,
            "PartyA": "254712345600",
            "PartyB": "600999",
            "PhoneNumber": "254712345600",
            "CallBackURL": "https://n.example/stk/aa",
            "AccountReference": "PY4T8",
            "TransactionDesc": "Nyota",
        }

    @pytest.mark.parametrize(
        ("description", "said"),
        [
            ("Loan LN7K2 & interest", "Loan LN7K2 in"),
            ("Malipo\nya mkopo", "Malipo ya mko"),
            ("  ", "PY4T8"),
            ("!?", "PY4T8"),
        ],
    )
    async def test_the_description_keeps_only_what_is_safe(
        self, daraja: ScriptedDaraja, description: str, said: str
    ) -> None:
        """Thirteen letters, digits, spaces and dashes; never nothing."""
        await daraja.rail.collect(replace(COLLECT, description=description))

        assert daraja.body_at(PROMPT)["TransactionDesc"] == said

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"amount_cents": 150_50}, "amount"),
            ({"amount_cents": 0}, "amount"),
            ({"amount_cents": -100}, "amount"),
            ({"msisdn": "+255712345600"}, "msisdn"),
            ({"msisdn": "+254212345600"}, "msisdn"),
            ({"msisdn": ""}, "msisdn"),
            ({"reference": "PY4T8-1"}, "reference"),
            ({"reference": "ABCDEFGHJKLMN"}, "reference"),
            ({"reference": ""}, "reference"),
        ],
    )
    async def test_what_cannot_travel_unchanged_is_refused_unsent(
        self, daraja: ScriptedDaraja, changes: dict[str, Any], code: str
    ) -> None:
        """Cents, strangers' numbers, and a reference that would not come back as it went."""
        with pytest.raises(Rejected) as refusal:
            await daraja.rail.collect(replace(COLLECT, **changes))

        assert refusal.value.code == code
        assert daraja.heard == []

    async def test_a_locked_phone_is_refused_with_its_own_code(self, daraja: ScriptedDaraja) -> None:
        """The overloaded 500.001.1001: this message proves that no prompt was shown."""
        message = "Unable to lock subscriber, a transaction is already in process for the current subscriber"
        daraja.will(PROMPT, refused(500, "500.001.1001", message))

        with pytest.raises(Rejected) as refusal:
            await daraja.rail.collect(COLLECT)

        assert refusal.value.code == "1001"

    @pytest.mark.parametrize("message", ["Merchant does not exist", "[MerchantValidate] - Wrong credentials"])
    async def test_a_wrong_set_up_is_a_refusal(self, daraja: ScriptedDaraja, message: str) -> None:
        """The same code again, with messages that say it is us."""
        daraja.will(PROMPT, refused(500, "500.001.1001", message))

        with pytest.raises(Rejected) as refusal:
            await daraja.rail.collect(COLLECT)

        assert refusal.value.code == "500.001.1001"

    async def test_an_acknowledgement_without_an_id_is_still_one(self, daraja: ScriptedDaraja) -> None:
        """The prompt may be on the phone: it must not be sent again."""
        daraja.will(PROMPT, Reply(body={"Response Code": 0}))

        assert await daraja.rail.collect(COLLECT) == Acknowledged("")


class TestDisburse:
    async def test_a_pay_out_carries_our_id(self, daraja: ScriptedDaraja) -> None:
        """From the payout shortcode, by the operator, to a registered customer."""
        acknowledged = await daraja.rail.disburse(DISBURSE)

        assert acknowledged == Acknowledged("AG_20260102_0000")
        assert daraja.body_at(PAYOUT) == {
            "OriginatorConversationID": "op-2",
            "InitiatorName": "nyota",
            "SecurityCredential": "Y3JlZGVudGlhbA==",
            "CommandID": "BusinessPayment",
            "Amount": 500,
            "PartyA": "600998",
            "PartyB": "254712345600",
            "Remarks": "Loan LN7K2",
            "QueueTimeOutURL": "https://n.example/t",
            "ResultURL": "https://n.example/r",
            "Occassion": "",
        }

    @pytest.mark.parametrize(
        "reply",
        [
            refused(500, "500.002.1001", "Duplicate OriginatorConversationID."),
            refused(500, "500.002.1001", "duplicate originatorconversationid"),
            Reply(body={"ResponseCode": "15", "ResponseDescription": "Duplicate Detected"}),
        ],
    )
    async def test_a_known_id_was_accepted_before(self, daraja: ScriptedDaraja, reply: Reply) -> None:
        """Not an error: the earlier request is the one that counts."""
        daraja.will(PAYOUT, reply)

        assert await daraja.rail.disburse(DISBURSE) == Acknowledged("", is_repeat=True)

    async def test_the_same_code_with_another_message_is_uncertain(self, daraja: ScriptedDaraja) -> None:
        """500.002.1001 is overloaded, too."""
        daraja.will(PAYOUT, refused(500, "500.002.1001", "System internal error."))

        with pytest.raises(Uncertain):
            await daraja.rail.disburse(DISBURSE)

    @pytest.mark.parametrize("changes", [{"amount_cents": 10_01}, {"msisdn": "0212345600"}])
    async def test_what_cannot_travel_is_refused_unsent(self, daraja: ScriptedDaraja, changes: dict[str, Any]) -> None:
        """Nothing leaves the house."""
        with pytest.raises(Rejected):
            await daraja.rail.disburse(replace(DISBURSE, **changes))

        assert daraja.heard == []

    @pytest.mark.parametrize(("remarks", "said"), [("", "--"), ("L", "L-"), ("Loan: Ksh 5!", "Loan Ksh 5")])
    async def test_remarks_have_at_least_two_safe_characters(
        self, daraja: ScriptedDaraja, remarks: str, said: str
    ) -> None:
        """Daraja demands two to a hundred."""
        await daraja.rail.disburse(replace(DISBURSE, remarks=remarks))

        assert daraja.body_at(PAYOUT)["Remarks"] == said


class TestAcknowledgementCodes:
    @pytest.mark.parametrize(
        ("path", "call", "code", "error"),
        [
            (PROMPT, MOVING[0][1], "1", Rejected),
            (PROMPT, MOVING[0][1], "26", Uncertain),
            (PROMPT, MOVING[0][1], "77", Uncertain),
            (PROMPT, MOVING[0][1], "4999", Uncertain),
            (PAYOUT, MOVING[1][1], "2001", Rejected),
            (PAYOUT, MOVING[1][1], "17", Uncertain),
            (PAYOUT, MOVING[1][1], "", Uncertain),
        ],
    )
    async def test_another_code_than_zero_is_read_by_the_table(
        self, daraja: ScriptedDaraja, path: str, call: Call, code: str, error: type[NyotaError]
    ) -> None:
        """Only a code that proves a refusal is one."""
        daraja.will(path, Reply(body={"ResponseCode": code, "ResponseDescription": "?"}))

        with pytest.raises(error):
            await call(daraja.rail)


ANSWERS_WHILE_MONEY_MOVES = [
    (refused(400, "400.002.02", "Bad Request - Invalid PhoneNumber"), Rejected, "400.002.02"),
    (refused(400, "400.002.05", "Invalid Request Payload"), Rejected, "400.002.05"),
    (refused(500, "400.002.02", "Bad Request - Invalid Amount"), Rejected, "400.002.02"),
    (refused(404, "404.001.01", "Resource not found"), Rejected, "404.001.01"),
    (refused(405, "405.001", "Method Not Allowed"), Rejected, "405.001"),
    (refused(403, "403.002.1001", "You are not authorized"), Rejected, "403.002.1001"),
    (
        fault(401, "keymanagement.service.InvalidAPICallAsNoApiProductMatchFound",
              "Invalid API call as no apiproduct match found"),
        Rejected,
        "401",
    ),
    (refused(401, "401.003.01", "Invalid API call as no apiproduct match found"), Rejected, "401.003.01"),
    (fault(500, "policies.jsonthreatprotection.ExecutionFailed", "too deep"), Rejected, "500"),
    (refused(500, "500.003.02", "System is busy. Please try again in few minutes."), Throttled, None),
    (refused(429, "500.003.02", "Spike Arrest Violation"), Throttled, None),
    (refused(500, "500.003.03", "Quota Violation"), Throttled, None),
    (fault(429, "policies.ratelimit.SpikeArrestViolation", "Spike arrest violation"), Throttled, None),
    (Reply(429, "slow down"), Throttled, None),
    (refused(500, "500.003.03", "Later"), Throttled, None),
    (fault(500, "policies.ratelimit.QuotaViolation", "Later"), Throttled, None),
    (refused(500, "500.003.1001", "Internal Server Error"), Uncertain, None),
    (refused(500, "500.001.1001", "Something nobody has seen"), Uncertain, None),
    (refused(503, "00.002.1001", "Service is under maintenance"), Uncertain, None),
    (refused(200, "500.003.1001", "Internal Server Error"), Uncertain, None),
    (fault(504, "messaging.adaptors.http.flow.GatewayTimeout", "Gateway Timeout"), Uncertain, None),
    (Reply(500, {"Envelope": {"Body": {"Fault": {"faultstring": "no route"}}}}), Uncertain, None),
    (Reply(500, HTML), Uncertain, None),
    (Reply(502, ""), Uncertain, None),
    (Reply(403, HTML), Uncertain, None),
    (Reply(307, "", location="/elsewhere"), Uncertain, None),
    (Reply(200, {"errorCode": "500.003.1001", "ResponseCode": "0"}), Uncertain, None),
    (Reply(200, HTML), Uncertain, None),
    (Reply(200, ""), Uncertain, None),
    (Reply(200, "[]"), Uncertain, None),
    (Reply(200, "[" * 5000), Uncertain, None),
    (Reply(200, {}), Uncertain, None),
    (HANGS, Uncertain, None),
    (HANGS_UP, Uncertain, None),
]  # fmt: skip


class TestAnswers:
    @pytest.mark.parametrize(("reply", "error", "code"), ANSWERS_WHILE_MONEY_MOVES)
    @pytest.mark.parametrize(("path", "call"), MOVING, ids=["collect", "disburse"])
    async def test_only_what_was_provably_refused_is_not_uncertain(
        self,
        daraja: ScriptedDaraja,
        path: str,
        call: Call,
        reply: Reply,
        error: type[NyotaError],
        code: str | None,
    ) -> None:
        """While money moves, no answer and every unclear one may mean that it was carried out."""
        daraja.will(path, reply)

        with pytest.raises(NyotaError) as raised:
            await call(daraja.rail)

        assert type(raised.value) is error
        assert getattr(raised.value, "code", None) == code
        assert len(daraja.at(path)) == 1
        assert daraja.at("/elsewhere") == []

    @pytest.mark.parametrize(("reply", "error", "code"), ANSWERS_WHILE_MONEY_MOVES)
    @pytest.mark.parametrize(("path", "call"), ASKING, ids=["query", "status", "list"])
    async def test_a_question_without_an_answer_was_not_asked(
        self,
        daraja: ScriptedDaraja,
        path: str,
        call: Call,
        reply: Reply,
        error: type[NyotaError],
        code: str | None,
    ) -> None:
        """Asking moves nothing: what would be uncertain is unavailable, and may be asked again."""
        daraja.will(path, reply)

        with pytest.raises(NyotaError) as raised:
            await call(daraja.rail)

        assert type(raised.value) is (Unavailable if error is Uncertain else error)

    async def test_a_refusal_keeps_no_number_of_anybody(self, daraja: ScriptedDaraja) -> None:
        """Messages go to the attempts that are kept, so what may be personal is masked."""
        daraja.will(PROMPT, refused(400, "400.002.02", "Bad Request - 254712345600 of A1b2C3d4E5 is Invalid"))

        with pytest.raises(Rejected) as refusal:
            await daraja.rail.collect(COLLECT)

        assert str(refusal.value) == "Daraja refuses the call: bad request - *** of *** is invalid"


class TestQuery:
    async def test_a_query_is_signed_like_a_prompt(self, daraja: ScriptedDaraja) -> None:
        """It asks by the rail's id."""
        daraja.will(QUERY, Reply(body={"ResponseCode": "0", "ResultCode": "0"}))

        await daraja.rail.query_collect(CHECKOUT)

        assert daraja.body_at(QUERY) == {
            "BusinessShortCode": "600999",
            "Password": "NjAwOTk5Zml4dHVyZS1wYXNza2V5MjAyNjAxMDIwMzA0MDU=",
            "Timestamp": "20260102030405",
            "CheckoutRequestID": CHECKOUT,
        }

    @pytest.mark.parametrize(
        "reply",
        [
            refused(500, "500.001.1001", "The transaction is being processed"),
            refused(500, "500.001.1001", "The transaction does not Exist"),
            Reply(
                body={
                    "ResponseCode": "0",
                    "ResultCode": "4999",
                    "ResultDesc": "The transaction is still under processing",
                }
            ),
            Reply(
                body={
                    "ResponseCode": "0",
                    "ResultCode": "1",
                    "ResultDesc": "The transaction is still under processing",
                }
            ),
            Reply(body={"ResponseCode": "0", "ResultCode": 4999, "ResultDesc": "?"}),
        ],
    )
    async def test_not_final_is_pending(self, daraja: ScriptedDaraja, reply: Reply) -> None:
        """In each of the shapes it comes in; that an id is unknown proves nothing."""
        daraja.will(QUERY, reply)

        result = await daraja.rail.query_collect(CHECKOUT)

        assert (result.kind, result.rail_id) == ("pending", CHECKOUT)

    @pytest.mark.parametrize(
        ("code", "kind", "words"),
        [
            ("0", "done", "paid"),
            (0, "done", "paid"),
            ("1", "refused", "low"),
            ("1032", "refused", "cancelled"),
            ("2001", "refused", "wrong_pin"),
            ("1037", "uncertain", "timeout"),
            ("2029", "uncertain", "uncertain"),
        ],
    )
    async def test_a_final_answer_is_read_by_the_table(
        self, daraja: ScriptedDaraja, code: object, kind: str, words: str
    ) -> None:
        """Text or number; without receipt and amount, which a query does not know."""
        daraja.will(QUERY, Reply(body={"ResponseCode": "0", "ResultCode": code, "ResultDesc": "?"}))

        result = await daraja.rail.query_collect(CHECKOUT)

        assert (result.kind, result.words, result.code) == (kind, words, str(code))
        assert (result.receipt, result.amount_cents) == (None, None)


class TestAskStatus:
    async def test_it_asks_by_our_own_id(self, daraja: ScriptedDaraja) -> None:
        """As the payout app, by its operator."""
        acknowledged = await daraja.rail.ask_status(ASK)

        assert acknowledged == Acknowledged("AG_20260102_0000")
        assert daraja.body_at(STATUS) == {
            "Initiator": "nyota",
            "SecurityCredential": "Y3JlZGVudGlhbA==",
            "CommandID": "TransactionStatusQuery",
            "OriginalConversationID": "op-2",
            "PartyA": "600998",
            "IdentifierType": "4",
            "ResultURL": "https://n.example/r",
            "QueueTimeOutURL": "https://n.example/t",
            "Remarks": "Status",
            "Occasion": "",
        }

    async def test_the_name_of_the_field_can_be_chosen(self, daraja: ScriptedDaraja) -> None:
        """Sources differ, and a request without our id is asked about by the rail's."""
        rail = DarajaRail(daraja.config(), daraja.clock, status_id_field="OriginatorConversationID")

        await rail.ask_status(replace(ASK, id=""))
        await rail.close()

        said = daraja.body_at(STATUS)
        assert said["OriginatorConversationID"] == "AG_20260102_0000"
        assert "OriginalConversationID" not in said


def row(receipt: str, at: str, **changes: Any) -> dict[str, Any]:
    return {
        "transactionId": receipt,
        "trxDate": at,
        "msisdn": "254712345600",
        "sender": "MPESA",
        "transactiontype": "c2b-pay-bill-debit",
        "billreference": "PY4T8",
        "amount": "150.00",
        "organizationname": "NYOTA",
        **changes,
    }


def page(*found: dict[str, Any]) -> Reply:
    code = "1000" if found else "1001"
    return Reply(body={"ResponseRefID": "1", "ResponseCode": code, "Response": [list(found)]})


class TestReceivedBetween:
    async def test_it_asks_for_a_window_in_nairobi_time(self, daraja: ScriptedDaraja) -> None:
        """To whole seconds, the end rounded up so that nothing is cut off."""
        daraja.will(PULL, page())

        assert await daraja.rail.received_between(NOW - HOUR_MS, NOW + 1) == []

        assert daraja.body_at(PULL) == {
            "ShortCode": "600999",
            "StartDate": "2026-01-02 02:04:05",
            "EndDate": "2026-01-02 03:04:06",
            "OffSetValue": "0",
        }

    async def test_the_list_in_the_list_is_read(self, daraja: ScriptedDaraja) -> None:
        """A row is a payment; the shortcode is the one that was asked about."""
        daraja.will(PULL, page(row("UA12BC34DE", "2026-01-02T00:04:00Z")), page())

        found = await daraja.rail.received_between(NOW - HOUR_MS, NOW)

        assert found == [Received("UA12BC34DE", "600999", 150_00, "PY4T8", "254712345600", NOW - 5000)]

    async def test_every_page_is_read_and_no_receipt_twice(self, daraja: ScriptedDaraja) -> None:
        """Pages are asked for until one brings nothing new."""
        first, second = row("UA1", "2026-01-02T00:01:00Z"), row("UA2", "2026-01-02T00:02:00Z")
        daraja.will(PULL, page(first, second), page(second, row("UA3", "2026-01-02T00:03:00Z")), page())

        found = await daraja.rail.received_between(NOW - HOUR_MS, NOW)

        assert [received.receipt for received in found] == ["UA1", "UA2", "UA3"]
        assert [heard.body["OffSetValue"] for heard in daraja.at(PULL)] == ["0", "2", "4"]

    async def test_a_service_that_ignores_the_offset_is_asked_twice(self, daraja: ScriptedDaraja) -> None:
        """The same page again is the end."""
        daraja.will(PULL, page(row("UA1", "2026-01-02T00:01:00Z")))

        assert len(await daraja.rail.received_between(NOW - HOUR_MS, NOW)) == 1
        assert len(daraja.at(PULL)) == 2

    async def test_a_list_without_end_is_no_answer(self, daraja: ScriptedDaraja) -> None:
        """Half a list would say that a payment was not made."""
        pages = [page(row(f"UA{number}", "2026-01-02T00:01:00Z")) for number in range(PAGES_MAX + 1)]
        daraja.will(PULL, *pages)

        with pytest.raises(Unavailable):
            await daraja.rail.received_between(NOW - HOUR_MS, NOW)

    async def test_another_code_is_no_answer(self, daraja: ScriptedDaraja) -> None:
        """An empty list must be said to be one."""
        daraja.will(PULL, Reply(body={"ResponseCode": "1003", "Response": [[]]}))

        with pytest.raises(Unavailable):
            await daraja.rail.received_between(NOW - HOUR_MS, NOW)


class TestRegister:
    async def test_confirmations_and_the_list_are_asked_for(self, daraja: ScriptedDaraja) -> None:
        """Unanswered validation lets a payment through."""
        daraja.will(CONFIRMATIONS, Reply(body={"OriginatorCoversationID": "1", "ResponseCode": "0"}))
        daraja.will(PULL_CONSENT, Reply(body={"ResponseRefID": "1", "Response Status": "1000"}))

        await daraja.rail.register("https://n.example/c", "https://n.example/v", pull_msisdn="0711000009")

        assert daraja.body_at(CONFIRMATIONS) == {
            "ShortCode": "600999",
            "ResponseType": "Completed",
            "ConfirmationURL": "https://n.example/c",
            "ValidationURL": "https://n.example/v",
        }
        assert daraja.body_at(PULL_CONSENT) == {
            "ShortCode": "600999",
            "RequestType": "Pull",
            "NominatedNumber": "254711000009",
            "CallBackURL": "https://n.example/c",
        }

    @pytest.mark.parametrize("message", ["Urls are already registered", "Duplicate notification info"])
    async def test_once_is_enough(self, daraja: ScriptedDaraja, message: str) -> None:
        """What was done before is done, and the list is not touched without a phone."""
        daraja.will(CONFIRMATIONS, refused(500, "500.003.1001", message))

        await daraja.rail.register("https://n.example/c", "https://n.example/v")

        assert daraja.at(PULL_CONSENT) == []

    async def test_the_list_may_be_open_already(self, daraja: ScriptedDaraja) -> None:
        """1001 is no error here."""
        daraja.will(CONFIRMATIONS, Reply(body={"ResponseCode": "0"}))
        daraja.will(PULL_CONSENT, Reply(body={"ResponseStatus": "1001"}))

        await daraja.rail.register("https://n.example/c", "https://n.example/v", pull_msisdn="0711000009")

        assert len(daraja.at(PULL_CONSENT)) == 1

    async def test_a_failure_may_be_tried_again(self, daraja: ScriptedDaraja) -> None:
        """Nothing moves by registering."""
        daraja.will(CONFIRMATIONS, Reply(500, HTML))

        with pytest.raises(Unavailable):
            await daraja.rail.register("https://n.example/c", "https://n.example/v")


class TestParseCallback:
    async def test_an_unknown_purpose_is_no_callback(self, daraja: ScriptedDaraja) -> None:
        """Nothing is guessed."""
        with pytest.raises(NotACallback):
            daraja.rail.parse_callback("b2b/result", {"Result": {"ResultCode": 0}})

    async def test_a_confirmation_of_no_time_is_of_now(self, daraja: ScriptedDaraja) -> None:
        """The money has moved whether or not its time can be read; the shortcode is ours if none is named."""
        body = {"TransID": "UA12BC34DE", "TransAmount": "150.00"}

        received = daraja.rail.parse_callback("confirmation", body)

        assert received == Received("UA12BC34DE", "600999", 150_00, "", "", NOW)
