"""The `Result` envelope in which B2C, status, balance and reversal are answered, some time after the call.

{"Result": {"ResultType": 0, "ResultCode": 0, "ResultDesc": "The service request is processed successfully.",
  "OriginatorConversationID": "op-000042", "ConversationID": "AG_20260102_0000aaaabbbbccccdddd",
  "TransactionID": "UA12BC34DF",
  "ResultParameters": {"ResultParameter": [{"Key": "TransactionReceipt", "Value": "UA12BC34DF"}]},
  "ReferenceData": {"ReferenceItem": {"Key": "QueueTimeoutURL", "Value": "http://127.0.0.1:8383/..."}}}}
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulator.standins import callbacks
from simulator.standins.calls import Call, conversation_id, request_id

DONE = "0"
DESCRIPTIONS: Mapping[str, str] = {
    DONE: "The service request is processed successfully.",
    "1": "The balance is insufficient for the transaction.",
    "2": "Declined due to limit rule: less than the minimum transaction amount.",
    "3": "Declined due to limit rule: greater than the maximum transaction amount.",
    "4": "Declined due to limit rule: would exceed daily transfer limit.",
    "8": "Declined due to limit rule: would exceed the maximum balance.",
    "25": "Invalid parameters in the request.",
    "2040": "Credit Party customer type can't be supported by the service.",
    "R000001": "The transaction has already been reversed.",
    "R000002": "The OriginalTransactionID is invalid.",
}


@dataclass(frozen=True, slots=True)
class Conversation:
    """The ids of a request that is answered later, and where its answer goes."""

    originator_id: str
    conversation_id: str
    result_url: str
    timeout_url: str


@dataclass(frozen=True, slots=True)
class Result:
    """What a request came to. On failure `transaction_id` belongs to no payment."""

    code: str
    transaction_id: str
    parameters: Sequence[tuple[str, Any]] = ()


def conversation_of(call: Call) -> Conversation:
    """As the request names its addresses."""
    return Conversation(
        originator_id=request_id(),
        conversation_id=conversation_id(call.world),
        result_url=call.fields.url("ResultURL"),
        timeout_url=call.fields.url("QueueTimeOutURL"),
    )


def plan_result(call: Call, conversation: Conversation, result: Result) -> None:
    """Have the Result sent. Call inside the transaction it reports about.

    With `queue-timeout` the timeout URL is told first, and the Result follows after the fault's seconds.
    """
    about = conversation.conversation_id
    after_seconds = call.world.settings.callback_seconds
    if "queue-timeout" in call.drawn:
        timeout = callbacks.json_callback("timeout", about, conversation.timeout_url, _timeout_body(conversation))
        callbacks.plan(call.world, timeout, after_seconds=after_seconds)
        after_seconds += call.drawn.of("queue-timeout")
    callback = callbacks.json_callback("result", about, conversation.result_url, _body(conversation, result))
    callbacks.plan(call.world, callback, after_seconds=after_seconds, drawn=call.drawn)


async def acknowledge(call: Call, conversation: Conversation) -> dict[str, Any]:
    """The first answer, which says nothing of the outcome; with `callback-first` it is the second."""
    await callbacks.finish_first(call.world, conversation.conversation_id, call.drawn)
    return {
        "ConversationID": conversation.conversation_id,
        "OriginatorConversationID": conversation.originator_id,
        "ResponseCode": "0",
        "ResponseDescription": "Accept the service request successfully.",
    }


def _body(conversation: Conversation, result: Result) -> dict[str, Any]:
    envelope: dict[str, Any] = {
        "ResultType": 0,
        "ResultCode": int(result.code) if result.code.isdigit() else result.code,
        "ResultDesc": DESCRIPTIONS[result.code],
        **_ids(conversation),
        "TransactionID": result.transaction_id,
        "ReferenceData": {"ReferenceItem": {"Key": "QueueTimeoutURL", "Value": conversation.timeout_url}},
    }
    if result.parameters:
        items = [_item(key, value) for key, value in result.parameters]
        envelope["ResultParameters"] = {"ResultParameter": items if len(items) > 1 else items[0]}
    return {"Result": envelope}


def _item(key: str, value: Any) -> dict[str, Any]:
    return {"Key": key} if value is None else {"Key": key, "Value": value}


def _timeout_body(conversation: Conversation) -> dict[str, Any]:
    return {
        "Result": {
            "ResultType": 1,
            "ResultCode": 1,
            "ResultDesc": "The service request has timed out.",
            **_ids(conversation),
        }
    }


def _ids(conversation: Conversation) -> dict[str, str]:
    return {
        "OriginatorConversationID": conversation.originator_id,
        "ConversationID": conversation.conversation_id,
    }
