"""What M-PESA tells later about a request: the callback of a prompt, the `Result` of a pay-out or a question.

{"Body": {"stkCallback": {"MerchantRequestID": "1111-2222222-1", "CheckoutRequestID": "ws_CO_0201",
  "ResultCode": 0, "ResultDesc": "The service request is processed successfully.",
  "CallbackMetadata": {"Item": [{"Name": "Amount", "Value": 150.00},
    {"Name": "MpesaReceiptNumber", "Value": "UA12BC34DE"}, {"Name": "PhoneNumber", "Value": 254712345600}]}}}}

{"Result": {"ResultType": 0, "ResultCode": 0, "ResultDesc": "The service request is processed successfully.",
  "OriginatorConversationID": "op-000042", "ConversationID": "AG_20260102_0000",
  "TransactionID": "UA12BC34DF",
  "ResultParameters": {"ResultParameter": [{"Key": "TransactionAmount", "Value": 500},
    {"Key": "TransactionReceipt", "Value": "UA12BC34DF"}]}}}

All functions are pure and raise nothing but NotACallback.
"""

from collections.abc import Iterable
from dataclasses import replace

from gateway.errors import NotACallback
from gateway.rails.contract import Result
from gateway.rails.daraja_bodies import Fields, phone, public_name
from gateway.rails.daraja_codes import DONE, RESULT, STK, UNKNOWN, Table, meaning_of

ID_CHARACTERS_MAX = 80
WAITING_FOR_MORE = "1"
FINAL_FAILURES = frozenset({"cancelled", "declined", "expired", "failed"})
COMPLETED = "completed"
UNREADABLE = "?"
"""Before a code that had to be cleaned to be read: it is on no list then, for half a code proves nothing."""


def prompt_result(body: Fields) -> Result:
    """The callback of a request for money."""
    callback = body.inner("Body").inner("stkCallback")
    told = callback.inner("CallbackMetadata").items("Item")
    result = coded(_code(callback), STK)
    result = replace(result, rail_id=_id(callback, "CheckoutRequestID"), msisdn=phone(told.value("PhoneNumber")))
    return _proven(result, told.receipt("MpesaReceiptNumber"), told.cents("Amount"))


def payout_result(body: Fields) -> Result:
    """The result of a pay-out. Our own id is in it."""
    envelope = body.inner("Result")
    told = _parameters(envelope)
    result = coded(_code(envelope), RESULT)
    if envelope.text("ResultType") == WAITING_FOR_MORE:
        result = replace(result, kind="pending", words="uncertain")
    result = replace(
        result,
        our_id=_id(envelope, "OriginatorConversationID"),
        rail_id=_id(envelope, "ConversationID"),
        msisdn=phone(told.value("ReceiverPartyPublicName")),
        name=public_name(told.value("ReceiverPartyPublicName")),
    )
    paid = told.receipt("TransactionReceipt", "ReceiptNo") or envelope.receipt("TransactionID")
    return _proven(result, paid, told.cents("TransactionAmount", "Amount"))


def payout_timeout(body: Fields) -> Result:
    """It waited too long in a queue. That says nothing, whatever its code: the result can still follow.

    The body is not documented, so any is taken.
    """
    envelope = body.inner("Result")
    return replace(
        _nothing_known(envelope, "M-PESA kept it waiting too long"),
        our_id=_id(envelope, "OriginatorConversationID"),
        rail_id=_id(envelope, "ConversationID"),
    )


def status_result(body: Fields) -> Result:
    """The answer to a question. Its code says whether there is an answer; the status in it is the answer.

    The ids of the envelope are those of the question; those of the payment are among the parameters.
    """
    envelope = body.inner("Result")
    if _code(envelope) != DONE:
        return _nothing_known(envelope, "M-PESA could not answer the question")
    told = _parameters(envelope)
    result = replace(
        _stated(told.text("TransactionStatus")),
        our_id=_id(told, "OriginatorConversationID"),
        rail_id=_id(told, "ConversationID"),
        msisdn=_first_phone((*told.values("CreditPartyName"), *told.values("DebitPartyName")[1:])),
        name=public_name(told.value("CreditPartyName")),
    )
    return _proven(result, told.receipt("ReceiptNo"), told.cents("Amount"))


def status_timeout(body: Fields) -> Result:
    """The question waited too long: nothing is known, of the payment neither."""
    return _nothing_known(body.inner("Result"), "the question waited too long")


def coded(code: str, table: Table) -> Result:
    """What a code means. The text is our own: theirs may carry names and numbers."""
    meaning = meaning_of(code, table)
    return Result(meaning.kind, code, meaning.words, meaning.text)


def _stated(status: str) -> Result:
    """What a TransactionStatus means; whose fault a failure was is not said."""
    match status.lower():
        case "":
            return Result("uncertain", DONE, "uncertain", "the answer names no status")
        case known if known == COMPLETED:
            return Result("done", DONE, "paid", "completed")
        case known if known in FINAL_FAILURES:
            return Result("refused", known, "refused", f"the transaction is {known}")
    return Result("pending", DONE, "uncertain", "the transaction is not final")


def _proven(result: Result, receipt: str | None, amount_cents: int | None) -> Result:
    """Receipt and amount belong to money that moved. Without an amount to hold against our request we ask."""
    if result.kind != "done":
        return result
    if amount_cents is None:
        return replace(result, kind="uncertain", words="uncertain", description="a success without an amount")
    return replace(result, receipt=receipt, amount_cents=amount_cents)


def _nothing_known(envelope: Fields, reason: str) -> Result:
    return Result("uncertain", envelope.text("ResultCode"), UNKNOWN.words, reason)


def _code(fields: Fields) -> str:
    code = fields.text("ResultCode")
    if not code:
        raise NotACallback("there is no result code")
    written = fields.value("ResultCode")
    is_cleaned = isinstance(written, str) and written.strip() != code
    return f"{UNREADABLE}{code}" if is_cleaned else code


def _parameters(envelope: Fields) -> Fields:
    return envelope.inner("ResultParameters").items("ResultParameter")


def _id(fields: Fields, name: str) -> str | None:
    return fields.text(name)[:ID_CHARACTERS_MAX] or None


def _first_phone(names: Iterable[object]) -> str | None:
    return next((found for name in names if (found := phone(name))), None)
