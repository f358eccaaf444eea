"""Bodies as nobody documents them: cut short, HTML, empty, numbers as text, one for a list, lists in lists.

Whatever comes, no parser raises anything but NotACallback; nothing is done without proof, nothing refused that is
not known to be.
"""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config import Daraja
from gateway.errors import NotACallback
from gateway.rails.contract import Received, Result
from gateway.rails.daraja import READERS, DarajaRail
from gateway.rails.daraja_answers import Answer
from gateway.rails.daraja_bodies import Fields
from gateway.rails.daraja_codes import RESULT, STK, meaning_of
from gateway.rails.daraja_organisation_results import balances, ordered, reversal_result

NOW = 1_767_312_271_000
RAIL = DarajaRail(Daraja(), lambda: NOW)
PURPOSES = sorted({*READERS, "confirmation"})
KNOWN_REFUSED = {code for table in (STK, RESULT) for code, meaning in table.items() if meaning.kind == "refused"}

PAID_PROMPT = {"Body": {"stkCallback": {
    "MerchantRequestID": "1111-2222222-1", "CheckoutRequestID": "ws_CO_02012026030405071712345600", "ResultCode": 0,
    "ResultDesc": "ok", "CallbackMetadata": {"Item": [
        {"Name": "Amount", "Value": 150.0}, {"Name": "MpesaReceiptNumber", "Value": "UA12BC34DE"},
        {"Name": "Balance"}, {"Name": "PhoneNumber", "Value": 254712345600},
    ]},
}}}  # fmt: skip
PAID_OUT = {"Result": {
    "ResultType": 0, "ResultCode": 0, "ResultDesc": "ok", "OriginatorConversationID": "op", "ConversationID": "AG_1",
    "TransactionID": "UA12BC34DF", "ResultParameters": {"ResultParameter": [
        {"Key": "TransactionAmount", "Value": 150}, {"Key": "TransactionReceipt", "Value": "UA12BC34DF"},
        {"Key": "ReceiverPartyPublicName", "Value": "254712345600 - AMINA"},
        {"Key": "TransactionStatus", "Value": "Completed"}, {"Key": "Amount", "Value": "150.00"},
    ]},
    "ReferenceData": {"ReferenceItem": {"Key": "QueueTimeoutURL", "Value": "https://internal.example/queue"}},
}}  # fmt: skip
CONFIRMED = {
    "TransactionType": "Pay Bill", "TransID": "UA12BC34DE", "TransTime": "20260102030431", "TransAmount": "150.00",
    "BusinessShortCode": "600999", "BillRefNumber": "LN00042", "MSISDN": "2547 ***** 600", "FirstName": "AMINA",
}  # fmt: skip
WHOLE = (PAID_PROMPT, PAID_OUT, CONFIRMED)

junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
    | st.sampled_from(["0", 0, "1032", 1037, "", "NaN", "1e9", "-1", "Completed", "UA12BC34DE"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@st.composite
def mangled(draw: st.DrawFn) -> Any:
    """One of the real bodies with up to three places of it changed, dropped, doubled or wrapped."""
    body = json.loads(json.dumps(draw(st.sampled_from(WHOLE))))
    for _ in range(draw(st.integers(1, 3))):
        body = _changed(draw, body)
    return body


def _changed(draw: st.DrawFn, value: Any) -> Any:
    if isinstance(value, dict) and value and draw(st.integers(0, 4)):
        name = draw(st.sampled_from(sorted(value)))
        return {**value, name: _changed(draw, value[name])}
    if isinstance(value, list) and value and draw(st.integers(0, 2)):
        index = draw(st.integers(0, len(value) - 1))
        return [*value[:index], _changed(draw, value[index]), *value[index + 1 :]]
    match draw(st.sampled_from(["junk", "text", "wrap", "single", "double", "drop"])):
        case "text":
            return json.dumps(value)
        case "wrap":
            return [value]
        case "single":
            return value[0] if isinstance(value, list) and value else value
        case "double":
            return [value, value]
        case "drop":
            return None
    return draw(junk)


def read(purpose: str, body: Mapping[str, Any]) -> Result | Received | None:
    """What it says; None for what is no callback. Anything else that is raised fails the test."""
    try:
        return RAIL.parse_callback(purpose, body)
    except NotACallback:
        return None


def check_proof(news: Result | Received | None) -> None:
    """Done with an amount, refused by a code that says so, received with a receipt and an amount."""
    if isinstance(news, Received):
        assert news.receipt and news.amount_cents > 0
        assert isinstance(news.at, int)
    elif news is not None and news.kind == "done":
        assert news.code == "0"
        assert news.amount_cents is not None and news.amount_cents >= 0
    elif news is not None and news.kind == "refused":
        assert news.code in KNOWN_REFUSED | {"cancelled", "declined", "expired", "failed"}
        assert news.receipt is None


class TestCallbacks:
    @given(st.sampled_from(PURPOSES), mangled())
    def test_a_mangled_body_proves_nothing_more_than_it_says(self, purpose: str, body: Any) -> None:
        """Also under the wrong purpose."""
        if isinstance(body, dict):
            check_proof(read(purpose, body))

    @given(st.sampled_from(PURPOSES), st.dictionaries(st.text(max_size=20), junk, max_size=6))
    def test_nor_does_junk(self, purpose: str, body: dict[str, Any]) -> None:
        """Anybody may send anything."""
        check_proof(read(purpose, body))

    @pytest.mark.parametrize("purpose", PURPOSES)
    @given(code=st.text(max_size=20))
    def test_a_code_on_no_list_refuses_nothing(self, purpose: str, code: str) -> None:
        """And proves nothing."""
        body = json.loads(json.dumps(PAID_PROMPT if purpose == "stk" else PAID_OUT))
        (body["Body"]["stkCallback"] if purpose == "stk" else body["Result"])["ResultCode"] = code
        news = read(purpose, body)

        if isinstance(news, Result) and code.strip() not in {*STK, *RESULT}:
            assert news.kind in {"uncertain", "pending"}

    def test_the_whole_ones_say_what_they_say(self) -> None:
        """So that the properties above are about bodies that can be read at all."""
        found = [read(*told) for told in (("stk", PAID_PROMPT), ("b2c/result", PAID_OUT), ("status/result", PAID_OUT))]

        assert [news.kind for news in found if isinstance(news, Result)] == ["done"] * 3
        assert isinstance(read("confirmation", CONFIRMED), Received)

    @given(mangled())
    def test_the_organisations_results_too(self, body: Any) -> None:
        """Balances are read or nothing; a reversal and an order like the rest."""
        fields = Fields.of(body)
        for reader in (balances, reversal_result, ordered):
            try:
                found = reader(fields)
            except NotACallback:
                continue
            if isinstance(found, Result):
                check_proof(found)


class TestAnswers:
    @given(st.sampled_from([200, 400, 401, 404, 429, 500, 503]), st.binary(max_size=200) | mangled().map(
        lambda body: json.dumps(body).encode()
    ))  # fmt: skip
    def test_what_cannot_be_read_is_no_refusal(self, status: int, raw: bytes) -> None:
        """HTML, half a body, nothing at all: an unreadable answer may have been carried out."""
        answer = Answer(status, Fields.parse(raw))
        refusal = answer.refusal()

        if not answer.code and not answer.message and status != 429:
            assert refusal is None or type(refusal).__name__ == "Uncertain"

    @given(st.integers(0, 200))
    def test_a_body_that_is_cut_short_is_nothing(self, length: int) -> None:
        """Not half of something."""
        whole = json.dumps(PAID_PROMPT).encode()

        fields = Fields.parse(whole[: min(length, len(whole) - 1)])

        assert fields.inner("Body").text("stkCallback") == ""
        assert meaning_of(fields.text("ResultCode"), STK).kind == "uncertain"
