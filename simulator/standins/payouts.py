"""B2C: pay a customer out of the payout shortcode, at most once for each OriginatorConversationID.

    POST /mpesa/b2c/v3/paymentrequest
    {"OriginatorConversationID": "op-000042", "InitiatorName": "nyota", "SecurityCredential": "...",
     "CommandID": "BusinessPayment", "Amount": 500, "PartyA": "600998", "PartyB": "254712345600",
     "Remarks": "Loan", "QueueTimeOutURL": "http://127.0.0.1:8383/...", "ResultURL": "http://127.0.0.1:8383/..."}
    200
    {"ConversationID": "AG_20260102_0000aaaabbbbccccdddd", "OriginatorConversationID": "op-000042",
     "ResponseCode": "0", "ResponseDescription": "Accept the service request successfully."}

The same id again: HTTP 500, 500.002.1001 "Duplicate OriginatorConversationID."
"""

from dataclasses import dataclass
from sqlite3 import Row
from typing import Any

from simulator.standins import callbacks, money, results, stamps
from simulator.standins.book import Book
from simulator.standins.calls import Call, DarajaError, conversation_id, invalid
from simulator.standins.results import Conversation, Result

COMMANDS = ("SalaryPayment", "BusinessPayment", "PromotionPayment")
ORIGINATOR_CHARACTERS_MAX = 128
REMARKS_CHARACTERS_MIN = 2
REMARKS_CHARACTERS_MAX = 100


@dataclass(frozen=True, slots=True)
class Payout:
    """A request to pay somebody, and what came of it. `result_code` is `0` when the money moved."""

    originator_id: str
    conversation_id: str
    phone: str
    amount_cents: int
    shortcode: str
    result_code: str
    receipt: str | None
    at: float


async def pay(call: Call) -> dict[str, Any]:
    """Move the money, or find out why not, and say only that the request was accepted."""
    conversation = _conversation(call)
    payment = _payment(call, conversation)
    with call.world.change() as book:
        if payout_by_id(book, conversation.originator_id) is not None:
            raise DarajaError(500, "500.002.1001", "Duplicate OriginatorConversationID.")
        results.plan_result(call, conversation, _perform(call, conversation, payment))
    return await results.acknowledge(call, conversation)


def payout_by_id(book: Book, either_id: str) -> Payout | None:
    """The pay-out with this OriginatorConversationID, or with this ConversationID."""
    row = book.one("SELECT * FROM payouts WHERE originator_id = ? OR conversation_id = ?", either_id, either_id)
    return None if row is None else _payout(row)


def payout_by_receipt(book: Book, receipt: str) -> Payout | None:
    row = book.one("SELECT * FROM payouts WHERE receipt = ?", receipt)
    return None if row is None else _payout(row)


def _conversation(call: Call) -> Conversation:
    return Conversation(
        originator_id=call.fields.text("OriginatorConversationID", longest=ORIGINATOR_CHARACTERS_MAX),
        conversation_id=conversation_id(call.world),
        result_url=call.fields.url("ResultURL"),
        timeout_url=call.fields.url("QueueTimeOutURL"),
    )


def _payment(call: Call, conversation: Conversation) -> money.Payment:
    fields = call.fields
    fields.text("InitiatorName")
    fields.text("SecurityCredential")
    fields.one_of("CommandID", COMMANDS)
    if fields.text("PartyA") != call.app.shortcode:
        raise invalid("PartyA")
    if len(fields.text("Remarks", longest=REMARKS_CHARACTERS_MAX)) < REMARKS_CHARACTERS_MIN:
        raise invalid("Remarks")
    return money.Payment(
        "b2c",
        fields.phone("PartyB"),
        fields.whole_cents("Amount"),
        conversation.originator_id,
        call.app.shortcode,
    )


def _perform(call: Call, conversation: Conversation, payment: money.Payment) -> Result:
    try:
        paid = money.pay_out(call.world, payment)
    except money.RefusedError as refused:
        _record(call, conversation, payment, code=refused.refusal.value, receipt=None)
        return Result(refused.refusal.value, money.next_receipt(call.world))
    _record(call, conversation, payment, code=results.DONE, receipt=paid.receipt)
    return Result(results.DONE, paid.receipt, _parameters(call, paid))


def _parameters(call: Call, paid: money.Movement) -> list[tuple[str, Any]]:
    float_cents = money.utility_cents(call.world.book, paid.shortcode)
    return [
        ("TransactionAmount", callbacks.told_cents(paid.amount_cents, call.drawn) // 100),
        ("TransactionReceipt", paid.receipt),
        ("B2CRecipientIsRegisteredCustomer", "Y"),
        ("B2CChargesPaidAccountAvailableFunds", 0.0),
        ("ReceiverPartyPublicName", money.person(call.world, paid.phone).public_name),
        ("TransactionCompletedDateTime", stamps.dotted(paid.at)),
        ("B2CUtilityAccountAvailableFunds", float_cents / 100),
        ("B2CWorkingAccountAvailableFunds", 0.0),
    ]


def _record(call: Call, conversation: Conversation, payment: money.Payment, *, code: str, receipt: str | None) -> None:
    call.world.book.execute(
        "INSERT INTO payouts (originator_id, conversation_id, phone, amount_cents, shortcode,"
        " result_code, receipt, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        conversation.originator_id,
        conversation.conversation_id,
        payment.phone,
        payment.amount_cents,
        payment.shortcode,
        code,
        receipt,
        call.world.now(),
    )


def _payout(row: Row) -> Payout:
    return Payout(
        originator_id=row["originator_id"],
        conversation_id=row["conversation_id"],
        phone=row["phone"],
        amount_cents=row["amount_cents"],
        shortcode=row["shortcode"],
        result_code=row["result_code"],
        receipt=row["receipt"],
        at=row["at"],
    )
