"""Every body that M-PESA is known to send about a request of ours, and what is made of it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config import Daraja
from gateway.errors import NotACallback
from gateway.rails.contract import Received, Result
from gateway.rails.daraja import READERS, DarajaRail

RAIL = DarajaRail(Daraja(), lambda: 1_767_312_245_000)
CHECKOUT = "ws_CO_02012026030405071712345600"
AMOUNT = {"Name": "Amount", "Value": 150.00}
RECEIPT = {"Name": "MpesaReceiptNumber", "Value": "UA12BC34DE"}
BALANCE = {"Name": "Balance"}
DATE = {"Name": "TransactionDate", "Value": 20260102030431}
PHONE = {"Name": "PhoneNumber", "Value": 254712345600}


def stk(code: object, items: object = None, **changes: Any) -> dict[str, Any]:
    callback = {
        "MerchantRequestID": "1111-2222222-1",
        "CheckoutRequestID": CHECKOUT,
        "ResultCode": code,
        "ResultDesc": "[STK_CB - ]whatever it says",
        **changes,
    }
    if items is not None:
        callback["CallbackMetadata"] = {"Item": items}
    return {"Body": {"stkCallback": callback}}


def envelope(code: object, parameters: object = None, **changes: Any) -> dict[str, Any]:
    result = {
        "ResultType": 0,
        "ResultCode": code,
        "ResultDesc": "whatever it says",
        "OriginatorConversationID": "op-000042",
        "ConversationID": "AG_20260102_0000",
        "TransactionID": "UA12BC34DF",
        "ReferenceData": {"ReferenceItem": {"Key": "QueueTimeoutURL", "Value": "https://n.example/t"}},
        **changes,
    }
    if parameters is not None:
        result["ResultParameters"] = {"ResultParameter": parameters}
    return {"Result": result}


def parameters(**values: Any) -> list[dict[str, Any]]:
    return [{"Key": key} if value is None else {"Key": key, "Value": value} for key, value in values.items()]


def told(purpose: str, body: dict[str, Any]) -> Result:
    """As it comes: through JSON."""
    result = RAIL.parse_callback(purpose, json.loads(json.dumps(body)))
    assert isinstance(result, Result)
    return result


class TestPrompt:
    @pytest.mark.parametrize(
        "items",
        [
            [AMOUNT, RECEIPT, BALANCE, DATE, PHONE],
            [AMOUNT, RECEIPT, DATE, PHONE],
            [PHONE, DATE, RECEIPT, AMOUNT],
            [{"Name": "Amount", "Value": 150}, RECEIPT, {"Name": "PhoneNumber", "Value": "254712345600"}],
            [{"Name": "Amount", "Value": "150.00"}, RECEIPT, PHONE],
        ],
    )
    @pytest.mark.parametrize("code", [0, "0"])
    def test_a_payment_is_read_by_name(self, code: object, items: list[Any]) -> None:
        """In any order, with any number of items, numbers as text or not."""
        result = told("stk", stk(code, items))

        assert (result.kind, result.code, result.words) == ("done", "0", "paid")
        assert (result.receipt, result.amount_cents, result.msisdn) == ("UA12BC34DE", 150_00, "+254712345600")
        assert result.rail_id == CHECKOUT
        assert result.our_id is None

    def test_a_receipt_may_still_be_missing(self) -> None:
        """The money has moved; confirmation or list will name it."""
        result = told("stk", stk(0, [AMOUNT, PHONE]))

        assert (result.kind, result.receipt, result.amount_cents) == ("done", None, 150_00)

    @pytest.mark.parametrize("items", [None, [RECEIPT], [{"Name": "Amount"}, RECEIPT], "noise", {}, [None]])
    def test_a_success_without_an_amount_is_asked_about(self, items: object) -> None:
        """There is nothing to hold against what we asked for."""
        result = told("stk", stk(0, items))

        assert (result.kind, result.words, result.receipt) == ("uncertain", "uncertain", None)

    @pytest.mark.parametrize(
        ("code", "kind", "words"),
        [
            (1, "refused", "low"),
            (1032, "refused", "cancelled"),
            (1019, "refused", "cancelled"),
            (1037, "uncertain", "timeout"),
            (2001, "refused", "wrong_pin"),
            ("SFC_IC0003", "refused", "refused"),
            (17, "uncertain", "busy"),
            (2029, "uncertain", "uncertain"),
            ("4999", "pending", "uncertain"),
        ],
    )
    def test_a_failure_is_read_by_the_table(self, code: object, kind: str, words: str) -> None:
        """Without metadata, as a number or as text."""
        result = told("stk", stk(code))

        assert (result.kind, result.words, result.code) == (kind, words, str(code))
        assert (result.receipt, result.amount_cents, result.rail_id) == (None, None, CHECKOUT)

    def test_a_failure_has_no_receipt_even_if_it_names_one(self) -> None:
        """A receipt is only there when money moved."""
        result = told("stk", stk(1032, [AMOUNT, RECEIPT, PHONE]))

        assert (result.receipt, result.amount_cents) == (None, None)

    def test_a_masked_phone_is_no_phone(self) -> None:
        """It must not be compared with the one we asked."""
        assert told("stk", stk(0, [AMOUNT, RECEIPT, {"Name": "PhoneNumber", "Value": "2547****600"}])).msisdn is None

    def test_the_words_of_the_rail_are_not_kept(self) -> None:
        """They may carry names and numbers."""
        result = told("stk", stk(1032, ResultDesc="cancelled by AMINA 254712345600"))

        assert result.description == "cancelled, or not answered in time"

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"Body": {}},
            {"Body": {"stkCallback": {}}},
            {"Body": {"stkCallback": {"CheckoutRequestID": CHECKOUT}}},
            {"Body": [stk(0)]},
            stk(None),
            stk(False),
            stk([]),
            stk(" "),
            {"Result": {"ResultCode": 0}},
        ],
    )
    def test_without_a_code_it_is_no_callback(self, body: dict[str, Any]) -> None:
        """And false is not zero."""
        with pytest.raises(NotACallback):
            RAIL.parse_callback("stk", body)


PAID = parameters(
    TransactionAmount=500,
    TransactionReceipt="UA12BC34DF",
    B2CRecipientIsRegisteredCustomer="Y",
    B2CChargesPaidAccountAvailableFunds=-35.0,
    ReceiverPartyPublicName="254712345600 - AMINA WANJIRU",
    TransactionCompletedDateTime="02.01.2026 03:04:31",
    B2CUtilityAccountAvailableFunds=10000.5,
)


class TestPayout:
    @pytest.mark.parametrize("code", [0, "0"])
    @pytest.mark.parametrize("result_type", [0, "0", None])
    def test_a_payment_is_read_by_key(self, code: object, result_type: object) -> None:
        """With both ids, the receipt, and the phone that got it."""
        result = told("b2c/result", envelope(code, PAID, ResultType=result_type))

        assert (result.kind, result.code, result.words) == ("done", "0", "paid")
        assert (result.receipt, result.amount_cents, result.msisdn) == ("UA12BC34DF", 500_00, "+254712345600")
        assert (result.our_id, result.rail_id) == ("op-000042", "AG_20260102_0000")

    def test_keys_with_spaces_are_the_same_keys(self) -> None:
        """As an older page prints them."""
        body = envelope(0, PAID)
        result = body["Result"]
        result["Originator Conversation ID"] = result.pop("OriginatorConversationID")
        result["Conversation ID"] = result.pop("ConversationID")

        read = told("b2c/result", body)

        assert (read.our_id, read.rail_id) == ("op-000042", "AG_20260102_0000")

    def test_a_single_parameter_may_come_without_its_list(self) -> None:
        """The receipt is then that of the envelope."""
        result = told("b2c/result", envelope(0, {"Key": "TransactionAmount", "Value": "500.00"}))

        assert (result.kind, result.receipt, result.amount_cents) == ("done", "UA12BC34DF", 500_00)

    def test_a_success_without_an_amount_is_asked_about(self) -> None:
        """As with a prompt."""
        assert told("b2c/result", envelope(0)).kind == "uncertain"

    @pytest.mark.parametrize(
        ("code", "kind", "words"),
        [
            (1, "refused", "refused"),
            (2040, "refused", "unpaid"),
            (8, "refused", "unpaid"),
            ("SFC_IC0003", "refused", "unpaid"),
            ("TP40153", "refused", "refused"),
            (2001, "refused", "refused"),
            (15, "uncertain", "uncertain"),
            (17, "uncertain", "uncertain"),
            (26, "uncertain", "uncertain"),
            ("100000000", "uncertain", "uncertain"),
            (987, "uncertain", "uncertain"),
        ],
    )
    def test_a_failure_is_read_by_the_table(self, code: object, kind: str, words: str) -> None:
        """The transaction id of a failure belongs to no payment."""
        result = told("b2c/result", envelope(code, {"Key": "BOCompletedTime", "Value": 20260102030431}))

        assert (result.kind, result.words, result.code, result.our_id) == (kind, words, str(code), "op-000042")
        assert (result.receipt, result.amount_cents) == (None, None)

    @pytest.mark.parametrize("result_type", [1, "1"])
    @pytest.mark.parametrize("code", [0, 1])
    def test_more_to_come_is_pending(self, code: int, result_type: object) -> None:
        """A result that is not the last one settles nothing."""
        assert told("b2c/result", envelope(code, PAID, ResultType=result_type)).kind == "pending"

    @pytest.mark.parametrize("body", [{}, {"Result": {}}, {"Result": [1]}, envelope(None), stk(0)])
    def test_without_a_code_it_is_no_callback(self, body: dict[str, Any]) -> None:
        """Nothing is made up."""
        with pytest.raises(NotACallback):
            RAIL.parse_callback("b2c/result", body)


class TestTimeouts:
    @pytest.mark.parametrize(
        "body", [envelope(1, ResultType=1), envelope(0, PAID), envelope("2040"), {"Result": "?"}, {}]
    )
    def test_a_queue_that_took_too_long_says_nothing(self, body: dict[str, Any]) -> None:
        """Whichever code comes with it: 1 would mean insufficient balance elsewhere."""
        for purpose in ("b2c/timeout", "status/timeout"):
            result = told(purpose, body)
            assert (result.kind, result.words) == ("uncertain", "uncertain")
            assert (result.receipt, result.amount_cents) == (None, None)

    def test_only_the_pay_out_names_our_request(self) -> None:
        """The ids of a question are not those of the payment it is about."""
        body = envelope(1, ResultType=1)

        assert told("b2c/timeout", body).our_id == "op-000042"
        assert told("status/timeout", body).our_id is None


def state(status: str | None = "Completed", **changes: Any) -> list[dict[str, Any]]:
    values = {
        "DebitPartyName": "600998 - NYOTA",
        "CreditPartyName": "254712345600 - AMINA WANJIRU",
        "OriginatorConversationID": "op-2",
        "ConversationID": "AG_20260102_1111",
        "DebitPartyCharges": None,
        "ReasonType": "Business Payment to Customer via API",
        "TransactionStatus": status,
        "Amount": "500.00",
        "ReceiptNo": "UA12BC34DF",
    }
    return parameters(**{**values, **changes})


class TestStatus:
    @pytest.mark.parametrize("amount", [500, 500.0, "500", "500.00"])
    def test_completed_is_done(self, amount: object) -> None:
        """With the receipt, amount and ids of the payment, not those of the question."""
        result = told("status/result", envelope(0, state(Amount=amount), TransactionID="UA99ZZ99ZZ"))

        assert (result.kind, result.code, result.words) == ("done", "0", "paid")
        assert (result.receipt, result.amount_cents, result.msisdn) == ("UA12BC34DF", 500_00, "+254712345600")
        assert (result.our_id, result.rail_id) == ("op-2", "AG_20260102_1111")

    @pytest.mark.parametrize("status", ["Cancelled", "Declined", "Expired", "Failed", "FAILED"])
    def test_a_final_failure_is_refused(self, status: str) -> None:
        """The question went well; the payment did not."""
        result = told("status/result", envelope(0, state(status)))

        assert (result.kind, result.words, result.code) == ("refused", "refused", status.lower())
        assert (result.receipt, result.amount_cents) == (None, None)

    @pytest.mark.parametrize("status", ["Initiated", "Authorized", "Pending Authorized", "Some new word"])
    def test_everything_else_is_pending(self, status: str) -> None:
        """Not final, or not known to be."""
        assert told("status/result", envelope("0", state(status))).kind == "pending"

    @pytest.mark.parametrize("answer", [None, state(None), state(Amount=None)])
    def test_an_answer_that_leaves_out_what_matters_is_uncertain(self, answer: object) -> None:
        """A code of zero is not a payment."""
        assert told("status/result", envelope(0, answer)).kind == "uncertain"

    @pytest.mark.parametrize("code", [1, "25", "R000002", 2001, 17, "whatever"])
    def test_a_failed_question_says_nothing_of_the_payment(self, code: object) -> None:
        """Also for a transaction it does not know."""
        result = told("status/result", envelope(code))

        assert (result.kind, result.code, result.our_id) == ("uncertain", str(code), None)

    def test_the_second_of_two_debit_parties_is_the_payee(self) -> None:
        """As the official sample labels them."""
        named = state(CreditPartyName=None)
        named.insert(3, {"Key": "DebitPartyName", "Value": "254712345600 - AMINA WANJIRU"})

        assert told("status/result", envelope(0, named)).msisdn == "+254712345600"

    def test_without_a_code_it_is_no_callback(self) -> None:
        """An answer has one."""
        with pytest.raises(NotACallback):
            RAIL.parse_callback("status/result", {"Result": {"ResultParameters": {}}})


NAMES = st.sampled_from(
    ["Body", "stkCallback", "ResultCode", "CallbackMetadata", "Item", "Name", "Value", "Amount", "Result",
     "ResultParameters", "ResultParameter", "Key", "TransactionStatus", "ResultType", "TransID", "TransAmount"]
) | st.text(max_size=8)  # fmt: skip
VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | NAMES
BODIES = st.recursive(
    VALUES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5), max_leaves=25
)
PURPOSES = st.sampled_from([*READERS, "confirmation", "validation", ""])


class TestAnything:
    @given(purpose=PURPOSES, body=st.dictionaries(NAMES, BODIES, max_size=5) | BODIES)
    def test_any_body_is_read_or_is_no_callback(self, purpose: str, body: Any) -> None:
        """Nothing else is ever raised."""
        try:
            news = RAIL.parse_callback(purpose, body)
        except NotACallback:
            return
        assert isinstance(news, Result | Received)

    @given(code=VALUES, amount=VALUES, receipt=VALUES, phone=VALUES)
    def test_only_a_zero_and_an_amount_make_a_payment(self, code: Any, amount: Any, receipt: Any, phone: Any) -> None:
        """However the rest looks."""
        items = [
            {"Name": "Amount", "Value": amount},
            {"Name": "MpesaReceiptNumber", "Value": receipt},
            {"Name": "PhoneNumber", "Value": phone},
        ]
        try:
            result = RAIL.parse_callback("stk", stk(code, items))
        except NotACallback:
            return
        assert isinstance(result, Result)
        if result.kind == "done":
            assert str(code).strip() in {"0", "0.0", "-0.0"}
            assert result.amount_cents is not None
        else:
            assert result.receipt is None
