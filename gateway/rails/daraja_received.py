"""Money that reached our shortcode: told by a confirmation, or read in M-PESA's own list.

{"TransactionType": "Pay Bill", "TransID": "UA12BC34DE", "TransTime": "20260102030431",
 "TransAmount": "150.00", "BusinessShortCode": "600999", "BillRefNumber": "LN00042",
 "OrgAccountBalance": "10250.00", "MSISDN": "2547 ***** 600", "FirstName": "AMINA"}

{"ResponseCode": "1000", "Response": [[{"transactionId": "UA12BC34DE", "trxDate": "2026-01-02T00:04:31Z",
  "msisdn": "254712345600", "billreference": "LN00042", "amount": "150.00"}]]}
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.clock import EAT, HOUR_MS, MINUTE_MS, milliseconds
from gateway.errors import NotACallback
from gateway.rails.contract import Received
from gateway.rails.daraja_bodies import Fields, moment

SHORTCODE_DIGITS_MAX = 12
EAT_AHEAD_MS = 3 * HOUR_MS
SLACK_MS = MINUTE_MS
ROW_ID = "transactionId"


def confirmed(body: Fields, *, shortcode: str, now: int) -> Received:
    """A payment confirmed. What the payer typed as account is passed on as typed.

    Raises NotACallback without a receipt or an amount. The money has moved, so nothing less is a reason to
    refuse: an unreadable time is `now`, an unreadable shortcode ours.
    """
    receipt, amount_cents = body.receipt("TransID"), body.cents("TransAmount")
    if receipt is None or not amount_cents:
        raise NotACallback("there is no receipt or no amount")
    told_at, told_shortcode = moment(body.value("TransTime")), body.text("BusinessShortCode")
    return Received(
        receipt=receipt,
        shortcode=told_shortcode if _is_shortcode(told_shortcode) else shortcode,
        amount_cents=amount_cents,
        account=body.text("BillRefNumber"),
        payer=body.text("MSISDN"),
        at=now if told_at is None else told_at,
    )


def listed(found: Sequence[Fields], *, shortcode: str, start: int, end: int) -> list[Received]:
    """The rows of the list that was asked for between `start` and `end`; unreadable rows are left out."""
    moments = _moments([row.text("trxDate") for row in found], start, end)
    read = (_listed(row, shortcode, at) for row, at in zip(found, moments, strict=True))
    return [received for received in read if received is not None]


def _listed(row: Fields, shortcode: str, at: int) -> Received | None:
    receipt, amount_cents = row.receipt(ROW_ID), row.cents("amount")
    if receipt is None or not amount_cents:
        return None
    return Received(receipt, shortcode, amount_cents, row.text("billreference"), row.text("msisdn"), at)


@dataclass(frozen=True, slots=True)
class _Stamp:
    """A written time. `is_labelled_utc` times may be Nairobi's all the same: nobody knows."""

    at: int
    is_labelled_utc: bool


def _moments(written: Sequence[str], start: int, end: int) -> list[int]:
    """When each happened; an unreadable time is the end of the window.

    The window that was asked for tells which clock the label means: if any row is in it only by Nairobi's,
    all are Nairobi's. If they are in it by either clock, the label is believed.
    """
    stamps = [_stamp(text, end) for text in written]
    is_local = any(
        stamp.is_labelled_utc
        and not _is_within(stamp.at, start, end)
        and _is_within(stamp.at - EAT_AHEAD_MS, start, end)
        for stamp in stamps
    )
    return [stamp.at - EAT_AHEAD_MS if is_local and stamp.is_labelled_utc else stamp.at for stamp in stamps]


def _stamp(written: str, otherwise: int) -> _Stamp:
    try:
        told = datetime.fromisoformat(written)
        if told.tzinfo is None:
            return _Stamp(milliseconds(told.replace(tzinfo=EAT)), is_labelled_utc=False)
        return _Stamp(milliseconds(told), is_labelled_utc=told.utcoffset() == UTC.utcoffset(None))
    except (ValueError, OverflowError):
        return _Stamp(otherwise, is_labelled_utc=False)


def _is_within(at: int, start: int, end: int) -> bool:
    return start - SLACK_MS <= at <= end + SLACK_MS


def _is_shortcode(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= SHORTCODE_DIGITS_MAX
