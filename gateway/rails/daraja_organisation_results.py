"""What M-PESA answers later to what the organisation asked: balances, a reversal, a payment to a business, an order.

{"Result": {"ResultType": "0", "ResultCode": "0", "ConversationID": "AG_20260102_0000",
  "ResultParameters": {"ResultParameter": [{"Key": "AccountBalance",
    "Value": "Working Account|KES|0.00|0.00|0.00|0.00&Utility Account|KES|2500.00|2500.00|0.00|0.00"}]}}}

All functions are pure. What cannot be read is nothing, never a balance of nought.
"""

from dataclasses import replace

from gateway.errors import NotACallback
from gateway.rails.contract import Result
from gateway.rails.daraja_bodies import Fields, cents, moment
from gateway.rails.daraja_codes import DONE
from gateway.rails.daraja_results import ID_CHARACTERS_MAX, payout_result
from gateway.rails.organisation import Account, Balances, Ordered

REVERSED_BEFORE = "R000001"
CURRENCY = "KES"
ACCOUNT_FIELDS = 6
ACCOUNTS_MAX = 20
ACCOUNTS_CHARACTERS_MAX = 4_000


def balances(body: Fields) -> Balances | None:
    """None when M-PESA could not say. Raises NotACallback for a body without a result."""
    envelope = body.inner("Result")
    if not envelope.text("ResultCode"):
        raise NotACallback("there is no result code")
    if envelope.text("ResultCode") != DONE:
        return None
    told = envelope.inner("ResultParameters").items("ResultParameter")
    written = told.value("AccountBalance")
    accounts = _accounts(written) if isinstance(written, str) else ()
    if not accounts:
        return None
    rail_id = envelope.text("ConversationID")[:ID_CHARACTERS_MAX]
    return Balances(accounts, rail_id, moment(told.value("BOCompletedTime")))


def reversal_result(body: Fields) -> Result:
    """As of a pay-out. That it was reversed before does not say by whom, so it proves nothing of this request."""
    result = payout_result(body)
    if result.code == REVERSED_BEFORE:
        return replace(result, kind="uncertain", words="uncertain", description="it was reversed before")
    return result


def business_result(body: Fields) -> Result:
    """The result of a payment to a business: in the shape of a pay-out, with the receipt in the envelope."""
    return payout_result(body)


def ordered(body: Fields) -> Ordered:
    """Whether the payer has agreed. The case of the keys differs between success and error; we read any."""
    header, data = body.inner("ResponseHeader"), body.inner("ResponseBody")
    told = _named(data.value("ResponseData"))
    code = told.text("responseCode") or header.text("responseCode")
    if not code:
        raise NotACallback("there is no response code")
    order_id = told.text("TransactionID")[:ID_CHARACTERS_MAX]
    is_agreed = code == DONE and told.text("Status").upper() == "OKAY"
    return Ordered(is_agreed, code, order_id, header.text("responseRefID", "requestRefID")[:ID_CHARACTERS_MAX])


def _named(value: object) -> Fields:
    items = [Fields.of(item) for item in (value if isinstance(value, list) else [value])]
    return Fields((item.text("Name"), item.value("Value")) for item in items)


def _accounts(written: str) -> tuple[Account, ...]:
    lines = written[:ACCOUNTS_CHARACTERS_MAX].split("&")[:ACCOUNTS_MAX]
    return tuple(account for line in lines if (account := _account(line)))


def _account(line: str) -> Account | None:
    """`Utility Account|KES|2500.00|2500.00|0.00|0.00`; None for any other line and any other currency."""
    parts = [part.strip() for part in line.split("|")]
    if len(parts) < ACCOUNT_FIELDS or parts[1].upper() != CURRENCY or not parts[0]:
        return None
    amounts = [_signed_cents(part) for part in parts[2:ACCOUNT_FIELDS]]
    current, available, reserved, uncleared = amounts
    if current is None or available is None:
        return None
    return Account(parts[0][:60], current, available, reserved or 0, uncleared or 0)


def _signed_cents(written: str) -> int | None:
    amount = cents(written.removeprefix("-"))
    return -amount if amount is not None and written.startswith("-") else amount
