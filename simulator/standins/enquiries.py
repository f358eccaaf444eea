"""Transaction status, account balance and reversal: asked now, answered later in a Result.

    POST /mpesa/transactionstatus/v1/query
    {"Initiator": "nyota", "SecurityCredential": "...", "CommandID": "TransactionStatusQuery",
     "OriginalConversationID": "op-000042", "PartyA": "600998", "IdentifierType": "4",
     "ResultURL": "http://127.0.0.1:8383/...", "QueueTimeOutURL": "http://127.0.0.1:8383/...",
     "Remarks": "ask"}

A ResultCode of 0 only says that the question was answered; `TransactionStatus` says what became of it.
"""

from typing import Any

from simulator.standins import callbacks, money, payouts, results, stamps
from simulator.standins.calls import Call, invalid
from simulator.standins.results import Result, conversation_of

UNKNOWN_TRANSACTION = "R000002"
ALREADY_REVERSED = "R000001"
INVALID_PARAMETERS = "25"
IDENTIFIER_TYPES = ("1", "2", "4")
ORIGINAL_ID_FIELDS = ("OriginalConversationID", "OriginatorConversationID")


async def status(call: Call) -> dict[str, Any]:
    """Look a transaction up by receipt, or by either id of the conversation that asked for it."""
    _check_operator(call, "TransactionStatusQuery")
    _check_party(call, "PartyA")
    call.fields.one_of("IdentifierType", IDENTIFIER_TYPES)
    return await _answer_later(call, _find(call))


async def balance(call: Call) -> dict[str, Any]:
    """What the shortcode of the calling app holds."""
    _check_operator(call, "AccountBalance")
    _check_party(call, "PartyA")
    call.fields.one_of("IdentifierType", IDENTIFIER_TYPES)
    world = call.world
    held = money.shillings(money.utility_cents(world.book, call.app.shortcode))
    accounts = (
        "Working Account|KES|0.00|0.00|0.00|0.00",
        f"Utility Account|KES|{held}|{held}|0.00|0.00",
        "Charges Paid Account|KES|0.00|0.00|0.00|0.00",
    )
    parameters = [
        ("AccountBalance", "&".join(accounts)),
        ("BOCompletedTime", int(stamps.compact(world.now()))),
    ]
    return await _answer_later(call, Result(results.DONE, money.next_receipt(world), parameters))


async def reverse(call: Call) -> dict[str, Any]:
    """Give a customer's payment back, all of it, once."""
    _check_operator(call, "TransactionReversal")
    _check_party(call, "ReceiverParty")
    call.fields.one_of("RecieverIdentifierType", ("11",))
    conversation = conversation_of(call)
    receipt, amount_cents = call.fields.text("TransactionID"), call.fields.whole_cents("Amount")
    with call.world.change():
        results.plan_result(call, conversation, _reverse(call, receipt, amount_cents))
    return await results.acknowledge(call, conversation)


def _check_operator(call: Call, command: str) -> None:
    call.fields.text("Initiator")
    call.fields.text("SecurityCredential")
    call.fields.one_of("CommandID", (command,))


def _check_party(call: Call, field: str) -> None:
    if call.fields.text(field) != call.app.shortcode:
        raise invalid(field)


async def _answer_later(call: Call, result: Result) -> dict[str, Any]:
    conversation = conversation_of(call)
    with call.world.change():
        results.plan_result(call, conversation, result)
    return await results.acknowledge(call, conversation)


def _find(call: Call) -> Result:
    receipt = call.fields.optional("TransactionID")
    original_id = next((found for name in ORIGINAL_ID_FIELDS if (found := call.fields.optional(name))), "")
    own_id = money.next_receipt(call.world)
    if not receipt and not original_id:
        return Result(INVALID_PARAMETERS, own_id)
    book = call.world.book
    payout = payouts.payout_by_receipt(book, receipt) if receipt else payouts.payout_by_id(book, original_id)
    if payout is not None and payout.shortcode == call.app.shortcode:
        return Result(results.DONE, own_id, _of_payout(call, payout))
    paid = money.movement(book, receipt)
    if paid is not None and paid.shortcode == call.app.shortcode:
        return Result(results.DONE, own_id, _of_payment(call, paid))
    return Result(UNKNOWN_TRANSACTION, own_id)


def _of_payout(call: Call, payout: payouts.Payout) -> list[tuple[str, Any]]:
    return [
        ("DebitPartyName", _organisation(call, payout.shortcode)),
        ("CreditPartyName", money.person(call.world, payout.phone).public_name),
        ("OriginatorConversationID", payout.originator_id),
        ("ConversationID", payout.conversation_id),
        ("InitiatedTime", int(stamps.compact(payout.at))),
        ("FinalisedTime", int(stamps.compact(payout.at))),
        ("DebitAccountType", "Utility Account"),
        ("DebitPartyCharges", None),
        ("TransactionReason", None),
        ("ReasonType", "Business Payment to Customer via API"),
        ("TransactionStatus", "Completed" if payout.result_code == results.DONE else "Failed"),
        ("Amount", callbacks.told_cents(payout.amount_cents, call.drawn) / 100),
        ("ReceiptNo", payout.receipt),
    ]


def _of_payment(call: Call, paid: money.Movement) -> list[tuple[str, Any]]:
    customer = money.person(call.world, paid.phone).public_name
    organisation = _organisation(call, paid.shortcode)
    is_given_back = paid.kind == "reversal"
    return [
        ("DebitPartyName", organisation if is_given_back else customer),
        ("CreditPartyName", customer if is_given_back else organisation),
        ("InitiatedTime", int(stamps.compact(paid.at))),
        ("FinalisedTime", int(stamps.compact(paid.at))),
        ("DebitAccountType", "Utility Account" if is_given_back else "MMF Account For Customer"),
        ("DebitPartyCharges", None),
        ("TransactionReason", None),
        ("ReasonType", "Transaction Reversal" if is_given_back else "Pay Bill Online"),
        ("TransactionStatus", "Completed"),
        ("Amount", callbacks.told_cents(paid.amount_cents, call.drawn) / 100),
        ("ReceiptNo", paid.receipt),
    ]


def _organisation(call: Call, shortcode: str) -> str:
    return f"{shortcode} - {call.world.settings.organisation(shortcode)}"


def _reverse(call: Call, receipt: str, amount_cents: int) -> Result:
    world = call.world
    own_id = money.next_receipt(world)
    paid = money.movement(world.book, receipt)
    if paid is None or paid.kind not in ("stk", "c2b") or paid.shortcode != call.app.shortcode:
        return Result(UNKNOWN_TRANSACTION, own_id)
    if money.reversal_of(world.book, receipt) is not None:
        return Result(ALREADY_REVERSED, own_id)
    if amount_cents != paid.amount_cents:
        return Result(INVALID_PARAMETERS, own_id)
    try:
        given_back = money.give_back(world, paid)
    except money.RefusedError as refused:
        return Result(refused.refusal.value, own_id)
    return Result(results.DONE, given_back.receipt, _of_reversal(call, paid, given_back))


def _of_reversal(call: Call, paid: money.Movement, given_back: money.Movement) -> list[tuple[str, Any]]:
    held = money.shillings(money.utility_cents(call.world.book, paid.shortcode))
    return [
        ("DebitAccountBalance", f"Utility Account|KES|{held}|{held}|0.00|0.00"),
        ("Amount", callbacks.told_cents(given_back.amount_cents, call.drawn) / 100),
        ("TransCompletedTime", int(stamps.compact(given_back.at))),
        ("OriginalTransactionID", paid.receipt),
        ("Charge", 0.0),
        ("CreditPartyPublicName", money.person(call.world, paid.phone).public_name),
        ("DebitPartyPublicName", _organisation(call, paid.shortcode)),
    ]
