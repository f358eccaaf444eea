"""Money that customers bring to the paybill, and what the paybill tells the gateway about it.

A confirmation, as it goes to the registered ConfirmationURL:

    {"TransactionType": "Pay Bill", "TransID": "UA12BC34DE", "TransTime": "20260102030431",
     "TransAmount": "150.00", "BusinessShortCode": "600999", "BillRefNumber": "LN00042",
     "InvoiceNumber": "", "OrgAccountBalance": "10250.00", "ThirdPartyTransID": "",
     "MSISDN": "2547 ***** 600", "FirstName": "AMINA", "MiddleName": "", "LastName": "WANJIRU"}
"""

import json
from dataclasses import dataclass
from typing import Any

import aiohttp

from simulator.standins import callbacks, money, phones, stamps
from simulator.standins.book import Book
from simulator.standins.world import World

PAY_BILL = "Pay Bill"
BUY_GOODS = "Customer Merchant Payment"
STK_TYPES = {"CustomerPayBillOnline": PAY_BILL, "CustomerBuyGoodsOnline": BUY_GOODS}
BILL_REFERENCE_CHARACTERS_MAX = 20


@dataclass(frozen=True, slots=True)
class Registration:
    """Where a shortcode's C2B payments are told. `version` decides how the payer's number is hidden."""

    version: str
    response_type: str
    confirmation_url: str
    validation_url: str


class PaymentRejectedError(Exception):
    """The gateway's validation did not want this payment; the text is its result code."""


def registration(book: Book, shortcode: str) -> Registration | None:
    row = book.one("SELECT * FROM shortcodes WHERE shortcode = ?", shortcode)
    if row is None or row["confirmation_url"] is None:
        return None
    return Registration(
        version=row["c2b_version"],
        response_type=row["response_type"],
        confirmation_url=row["confirmation_url"],
        validation_url=row["validation_url"],
    )


def register(world: World, shortcode: str, wanted: Registration) -> None:
    with world.change() as book:
        book.execute(
            "UPDATE shortcodes SET c2b_version = ?, response_type = ?, confirmation_url = ?,"
            " validation_url = ? WHERE shortcode = ?",
            wanted.version,
            wanted.response_type,
            wanted.confirmation_url,
            wanted.validation_url,
            shortcode,
        )


async def pay(world: World, phone: str, amount_cents: int, account: str) -> money.Movement:
    """A customer pays the paybill from the M-PESA menu.

    Raises PaymentRejectedError when validation is on and says no, money.RefusedError when M-PESA says no.
    """
    shortcode = world.settings.collection.shortcode
    payment = money.Payment("c2b", phone, amount_cents, account, shortcode, money.next_receipt(world))
    registered = registration(world.book, shortcode)
    if world.settings.validation and registered is not None:
        await _validate(world, registered, payment)
    with world.change():
        paid = money.pay_in(world, payment)
        plan_confirmation(world, paid, "CustomerPayBillOnline")
    return paid


def plan_confirmation(world: World, paid: money.Movement, transaction_type: str) -> None:
    """Tell the gateway about a payment, however it was made. Call inside the payment's transaction."""
    registered = registration(world.book, paid.shortcode)
    if registered is None:
        return
    drawn = world.faults.draw("c2b")
    body = {
        **_body(world, registered, paid),
        "TransactionType": STK_TYPES[transaction_type],
        "TransTime": stamps.compact(paid.at),
        "TransAmount": money.shillings(callbacks.told_cents(paid.amount_cents, drawn)),
        "OrgAccountBalance": money.shillings(money.utility_cents(world.book, paid.shortcode)),
    }
    if transaction_type == "CustomerBuyGoodsOnline":
        body["BillRefNumber"] = ""
    callbacks.plan(
        world,
        callbacks.json_callback("c2b", paid.receipt, registered.confirmation_url, body),
        after_seconds=world.settings.callback_seconds,
        drawn=drawn,
    )


def _body(world: World, registered: Registration, payment: money.Payment | money.Movement) -> dict[str, str]:
    phone = payment.phone
    first, _, rest = money.person(world, phone).name.partition(" ")
    middle, _, last = rest.rpartition(" ")
    return {
        "TransactionType": PAY_BILL,
        "TransID": payment.receipt,
        "TransTime": stamps.compact(world.now()),
        "TransAmount": money.shillings(payment.amount_cents),
        "BusinessShortCode": payment.shortcode,
        "BillRefNumber": payment.reference,
        "InvoiceNumber": "",
        "OrgAccountBalance": "",
        "ThirdPartyTransID": "",
        "MSISDN": phones.hashed(phone) if registered.version == "v1" else phones.masked(phone),
        "FirstName": first,
        "MiddleName": middle,
        "LastName": last,
    }


async def _validate(world: World, registered: Registration, payment: money.Payment) -> None:
    """No usable answer in time leaves it to the response type the shortcode was registered with."""
    answer = await _ask(world, registered.validation_url, _body(world, registered, payment))
    code = str(answer.get("ResultCode", ""))
    if code == "0" or (not code and registered.response_type == "Completed"):
        return
    raise PaymentRejectedError(code or "C2B00016")


async def _ask(world: World, url: str, body: dict[str, str]) -> dict[str, Any]:
    timeout = aiohttp.ClientTimeout(total=world.settings.validation_seconds)
    try:
        async with world.client.post(
            url, data=json.dumps(body), headers=callbacks.JSON_HEADERS, timeout=timeout, allow_redirects=False
        ) as response:
            answer = await response.json(content_type=None)
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
        return {}
    return answer if isinstance(answer, dict) else {}
