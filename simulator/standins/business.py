"""B2B and codes to scan: a shortcode pays another, and a picture that pays the shortcode.

    POST /mpesa/b2b/v1/paymentrequest
    {"Initiator": "nyota", "SecurityCredential": "...", "CommandID": "BusinessPayBill",
     "SenderIdentifierType": "4", "RecieverIdentifierType": "4", "Amount": 500, "PartyA": "600999",
     "PartyB": "600100", "AccountReference": "RENT", "Remarks": "Rent",
     "QueueTimeOutURL": "http://127.0.0.1:8383/...", "ResultURL": "http://127.0.0.1:8383/..."}

There is no id of the caller: the same request again is another payment. Money that leaves for a foreign shortcode
leaves this world; the bulk shortcode we pay customers from is topped up.
"""

import base64
import struct
import zlib
from typing import Any

from simulator.standins import callbacks, money, results, stamps
from simulator.standins.calls import Call, conversation_id, invalid, request_id
from simulator.standins.results import Result, conversation_of

COMMANDS = ("BusinessPayBill", "BusinessBuyGoods", "BusinessPayToBulk", "BusinessTransferFromMMFToUtility")
REFERENCE_CHARACTERS_MAX = 13
REMARKS_CHARACTERS_MAX = 100
CODE_TYPES = ("BG", "PB", "WA", "SM", "SB")
PIXELS_MAX = 1000


async def pay(call: Call) -> dict[str, Any]:
    """Move the money, or find out why not, and say only that the request was accepted."""
    fields = call.fields
    fields.text("Initiator")
    fields.text("SecurityCredential")
    command = fields.one_of("CommandID", COMMANDS)
    fields.one_of("SenderIdentifierType", ("4",))
    fields.one_of("RecieverIdentifierType", ("2", "4"))
    if fields.text("PartyA") != call.app.shortcode:
        raise invalid("PartyA")
    receiver = fields.text("PartyB", longest=7)
    if not (receiver.isascii() and receiver.isdigit()):
        raise invalid("PartyB")
    reference = fields.text("AccountReference", longest=REFERENCE_CHARACTERS_MAX)
    fields.text("Remarks", longest=REMARKS_CHARACTERS_MAX)
    amount_cents = fields.whole_cents("Amount")
    conversation = conversation_of(call)
    with call.world.change():
        results.plan_result(call, conversation, _perform(call, command, receiver, amount_cents, reference))
    return await results.acknowledge(call, conversation)


async def code(call: Call) -> dict[str, Any]:
    """A picture of the size asked for. It is blank: nobody in this world scans it."""
    fields = call.fields
    fields.text("MerchantName")
    fields.text("RefNo")
    fields.whole_cents("Amount")
    fields.one_of("TrxCode", CODE_TYPES)
    fields.text("CPI")
    size = fields.text("Size", longest=4)
    if not (size.isascii() and size.isdigit() and 1 <= int(size) <= PIXELS_MAX):
        raise invalid("Size")
    return {
        "ResponseCode": conversation_id(call.world),
        "RequestID": request_id(),
        "ResponseDescription": "QR Code Successfully Generated.",
        "QRCode": base64.b64encode(_blank_png(int(size))).decode(),
    }


def _perform(call: Call, command: str, receiver: str, amount_cents: int, reference: str) -> Result:
    book, shortcode = call.world.book, call.app.shortcode
    receipt = money.next_receipt(call.world)
    if amount_cents > money.utility_cents(book, shortcode):
        return Result("1", receipt)
    moved = "UPDATE shortcodes SET utility_cents = utility_cents + ? WHERE shortcode = ?"
    book.execute(moved, -amount_cents, shortcode)
    book.execute(moved, amount_cents, receiver)
    book.execute(
        "INSERT INTO business_payments (receipt, command, shortcode, receiver, amount_cents, reference, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        receipt, command, shortcode, receiver, amount_cents, reference, call.world.now(),
    )  # fmt: skip
    return Result(results.DONE, receipt, _parameters(call, amount_cents, receiver))


def _parameters(call: Call, amount_cents: int, receiver: str) -> list[tuple[str, Any]]:
    held = money.shillings(money.utility_cents(call.world.book, call.app.shortcode))
    written = f"{{Amount={{CurrencyCode=KES, MinimumAmount={held.replace('.', '')}, BasicAmount={held}}}}}"
    return [
        ("DebitAccountBalance", written),
        ("Amount", money.shillings(callbacks.told_cents(amount_cents, call.drawn))),
        ("DebitPartyAffectedAccountBalance", f"Utility Account|KES|{held}|{held}|0.00|0.00"),
        ("TransCompletedTime", stamps.compact(call.world.now())),
        ("DebitPartyCharges", None),
        ("ReceiverPartyPublicName", f"{receiver} - {call.world.settings.organisation(receiver) or 'SOMEBODY'}"),
        ("Currency", "KES"),
        ("InitiatorAccountCurrentBalance", written),
    ]


def _blank_png(pixels: int) -> bytes:
    """A white square, one bit a pixel."""
    header = struct.pack(">IIBBBBB", pixels, pixels, 1, 0, 0, 0, 0)
    rows = (b"\x00" + b"\xff" * ((pixels + 7) // 8)) * pixels
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
