"""Money that came: confirmations in all their forms, and a list whose times may be on either of two clocks."""

from typing import Any

import pytest

from gateway.clock import iso
from gateway.errors import NotACallback
from gateway.rails.contract import Received
from gateway.rails.daraja_bodies import Fields
from gateway.rails.daraja_received import confirmed, listed

NOW = 1_767_312_245_000
HOUR_MS = 3_600_000
SHORTCODE = "600999"
CONFIRMATION = {
    "TransactionType": "Pay Bill",
    "TransID": "UA12BC34DE",
    "TransTime": "20260102030431",
    "TransAmount": "150.00",
    "BusinessShortCode": "600999",
    "BillRefNumber": "LN00042",
    "InvoiceNumber": "",
    "OrgAccountBalance": "10250.00",
    "ThirdPartyTransID": "",
    "MSISDN": "2547 ***** 600",
    "FirstName": "AMINA",
}


def told(**changes: Any) -> Received:
    return confirmed(Fields.of({**CONFIRMATION, **changes}), shortcode="600111", now=NOW)


class TestConfirmed:
    def test_a_payment_is_told(self) -> None:
        """In cents and milliseconds, with the account as it was typed."""
        assert told() == Received("UA12BC34DE", "600999", 150_00, "LN00042", "2547 ***** 600", NOW + 26_000)

    @pytest.mark.parametrize(
        "payer", ["254712345600", "a1" * 32, "25470****149", "2547 ***** 126", "a" * 34 + " ***** " + "b" * 25]
    )
    def test_the_payer_is_kept_as_given(self, payer: str) -> None:
        """Plain, hashed, masked, or hashed and then masked."""
        assert told(MSISDN=payer).payer == payer

    @pytest.mark.parametrize(("typed", "account"), [(" ln 42 ", "ln 42"), ("", ""), (None, ""), (42, "42")])
    def test_the_account_is_what_was_typed(self, typed: object, account: str) -> None:
        """Tills have none."""
        assert told(BillRefNumber=typed).account == account

    @pytest.mark.parametrize(("amount", "amount_cents"), [("5.00", 5_00), ("10", 10_00), (10, 10_00), (10.5, 10_50)])
    def test_the_amount_is_text_or_number(self, amount: object, amount_cents: int) -> None:
        """Exact either way."""
        assert told(TransAmount=amount).amount_cents == amount_cents

    @pytest.mark.parametrize("shortcode", ["", None, "no", "1" * 13, "٦٠٠٩٩٩"])
    def test_an_unreadable_shortcode_is_ours(self, shortcode: object) -> None:
        """It was told to us."""
        assert told(BusinessShortCode=shortcode).shortcode == "600111"

    @pytest.mark.parametrize("at", ["", None, "yesterday", "20261399999999"])
    def test_an_unreadable_time_is_now(self, at: object) -> None:
        """The money has moved all the same."""
        assert told(TransTime=at).at == NOW

    @pytest.mark.parametrize(
        "changes",
        [
            {"TransID": ""},
            {"TransID": None},
            {"TransID": "not one"},
            {"TransAmount": ""},
            {"TransAmount": "0.00"},
            {"TransAmount": "-5"},
            {"TransAmount": "much"},
        ],
    )
    def test_without_receipt_or_amount_it_is_no_callback(self, changes: dict[str, Any]) -> None:
        """These two are what a payment is."""
        with pytest.raises(NotACallback):
            told(**changes)


def times(*written: object, start: int, end: int) -> list[str]:
    """When payments with these stamps were made, in Nairobi, for a list asked from `start` to `end`."""
    found = [Fields.of({"transactionId": f"UA{n}", "trxDate": at, "amount": 1}) for n, at in enumerate(written)]
    return [iso(received.at)[11:19] for received in listed(found, shortcode=SHORTCODE, start=start, end=end)]


class TestListed:
    def test_a_row_is_a_payment(self) -> None:
        """Whose shortcode is the one that was asked about."""
        row = {
            "transactionId": "UA12BC34DE",
            "trxDate": "2026-01-02T00:04:31Z",
            "msisdn": "254712345600",
            "sender": "MPESA",
            "billreference": "LN00042",
            "amount": "150.00",
        }

        found = listed([Fields.of(row)], shortcode=SHORTCODE, start=NOW - HOUR_MS, end=NOW + HOUR_MS)

        assert found == [
            Received("UA12BC34DE", SHORTCODE, 150_00, "LN00042", "254712345600", NOW + 26_000),
        ]

    @pytest.mark.parametrize(
        "row",
        [{}, {"transactionId": "UA1"}, {"amount": "5"}, {"transactionId": "", "amount": "5"},
         {"transactionId": "UA1", "amount": "0"}, {"transactionId": "UA1", "amount": "five"}],
    )  # fmt: skip
    def test_an_unreadable_row_is_left_out(self, row: dict[str, str]) -> None:
        """The others stay."""
        good = {"transactionId": "UA2", "amount": "5", "trxDate": "2026-01-02T00:04:31Z"}

        found = listed([Fields.of(row), Fields.of(good)], shortcode=SHORTCODE, start=0, end=NOW)

        assert [received.receipt for received in found] == ["UA2"]

    def test_a_label_that_fits_the_window_is_believed(self) -> None:
        """Asked at 03:04 for the last hour: 00:01 UTC is 03:01 in Nairobi."""
        assert times("2026-01-02T00:01:00Z", start=NOW - HOUR_MS, end=NOW) == ["03:01:00"]

    def test_a_label_that_only_fits_as_local_time_is_not(self) -> None:
        """03:01 UTC would be three hours ahead: it is Nairobi's clock with the wrong label."""
        assert times("2026-01-02T03:01:00Z", start=NOW - HOUR_MS, end=NOW) == ["03:01:00"]

    def test_one_row_decides_for_all(self) -> None:
        """Of two rows in a window of a day the older fits either way; the newer only one."""
        stamps = ("2026-01-01T20:00:00Z", "2026-01-02T03:01:00Z")

        assert times(*stamps, start=NOW - 24 * HOUR_MS, end=NOW) == ["20:00:00", "03:01:00"]

    def test_a_window_that_cannot_tell_believes_the_label(self) -> None:
        """Both readings lie within it."""
        assert times("2026-01-01T20:00:00Z", start=NOW - 24 * HOUR_MS, end=NOW) == ["23:00:00"]

    def test_a_minute_beside_the_window_is_still_in_it(self) -> None:
        """Clocks differ a little: this is no reason to take the label for wrong."""
        assert times("2026-01-02T00:05:00Z", start=NOW - 4 * HOUR_MS, end=NOW) == ["03:05:00"]

    @pytest.mark.parametrize(
        "written", ["2026-01-02T03:01:00+03:00", "2026-01-02 03:01:00", "2026-01-02T03:01:00", "2026-01-02T03:01:00.5"]
    )
    def test_other_forms_are_plain(self, written: str) -> None:
        """With Nairobi's offset, or with none: that is Nairobi's."""
        assert times(written, start=NOW - HOUR_MS, end=NOW) == ["03:01:00"]

    @pytest.mark.parametrize("written", ["", None, "soon", "0001-01-01T00:00:00", 7])
    def test_an_unreadable_time_is_the_end_of_the_window(self, written: object) -> None:
        """A payment is not lost for its time."""
        assert times(written, start=NOW - HOUR_MS, end=NOW) == ["03:04:05"]
