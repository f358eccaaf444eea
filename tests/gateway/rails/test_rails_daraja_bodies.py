"""Reading without trust: amounts, phones, receipts, times, names of fields, and lists that are none."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.clock import local
from gateway.rails.daraja_bodies import Fields, cents, harmless, moment, phone, receipt, rows, text

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40)
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


class TestText:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (" 1032 ", "1032"),
            (1032, "1032"),
            (1032.0, "1032"),
            (0, "0"),
            (1.5, "1.5"),
            (254712345600, "254712345600"),
            (True, ""),
            (False, ""),
            (None, ""),
            ([0], ""),
            ({"a": 0}, ""),
            ("a\x00b\ud800c\n", "abc"),
            ("x" * 500, "x" * 200),
        ],
    )
    def test_text_and_numbers_are_text(self, value: object, expected: str) -> None:
        """Never what a database cannot keep, and false is not zero."""
        assert text(value) == expected

    @given(JSON)
    def test_whatever_comes_it_can_be_stored(self, value: object) -> None:
        """Short, printable and encodable."""
        found = text(value)

        assert len(found) <= 200
        assert found.isprintable()
        assert found.encode().decode() == found


class TestCents:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ("150.00", 150_00),
            ("150", 150_00),
            (150, 150_00),
            (150.0, 150_00),
            (150.25, 150_25),
            ("0.01", 1),
            ("10.500", 10_50),
            (0, 0),
            ("150.005", None),
            ("-150", None),
            (-1, None),
            ("1e3", None),
            (1e300, None),
            (float("inf"), None),
            (float("nan"), None),
            ("١٥٠", None),
            ("1,500", None),
            ("KES 150", None),
            ("", None),
            (None, None),
            (True, None),
            ([150], None),
        ],
    )
    def test_shillings_become_cents_or_nothing(self, value: object, expected: int | None) -> None:
        """Exactly, and never by rounding."""
        assert cents(value) == expected

    @given(st.integers(0, 10**12))
    def test_every_amount_survives_each_way_of_writing_it(self, amount: int) -> None:
        """As text, and as the number that JSON makes of it."""
        written = str(Decimal(amount) / 100)

        assert cents(f"{Decimal(amount) / 100:.2f}") == amount
        assert cents(json.loads(written)) == amount


class TestPhone:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (254712345600, "+254712345600"),
            ("254112345600", "+254112345600"),
            ("+254712345600", "+254712345600"),
            ("254712345600 - AMINA WANJIRU", "+254712345600"),
            ("0712345600 - AMINA", "+254712345600"),
            ("2547 ***** 600", None),
            ("25470****149", None),
            ("2547 ***** 600 - AMINA", None),
            ("600999 - NYOTA", None),
            ("a" * 64, None),
            ("٢٥٤٧١٢٣٤٥٦٠٠", None),
            ("", None),
            (None, None),
        ],
    )
    def test_only_a_whole_number_is_a_phone(self, value: object, expected: str | None) -> None:
        """A masked or hashed one identifies nobody."""
        assert phone(value) == expected


class TestReceipt:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ("UA12BC34DE", "UA12BC34DE"),
            (" UA12BC34DE ", "UA12BC34DE"),
            ("0", "0"),
            ("UA12 BC34", None),
            ("UA12-BC34", None),
            ("ÜA12", None),
            ("U" * 41, None),
            ("", None),
            (None, None),
        ],
    )
    def test_letters_and_digits_make_one(self, value: object, expected: str | None) -> None:
        """How many is not promised, but there is an end."""
        assert receipt(value) == expected


class TestMoment:
    @pytest.mark.parametrize("value", ["20260102030431", 20260102030431, 20260102030431.0])
    def test_it_is_nairobi_time(self, value: object) -> None:
        """Text or number."""
        at = moment(value)

        assert at is not None
        assert local(at).isoformat() == "2026-01-02T03:04:31+03:00"

    @pytest.mark.parametrize("value", ["20261302030431", "00010101000000", "2026", "", None, 1e30])
    def test_what_is_no_time_is_none(self, value: object) -> None:
        """Also a time before the first day there is."""
        assert moment(value) is None


class TestFields:
    def test_names_with_spaces_and_in_any_case_are_the_same(self) -> None:
        """Both have been seen."""
        fields = Fields.of({"Originator Conversation ID": "op-1", "RESULTCODE": 0})

        assert fields.text("OriginatorConversationID") == "op-1"
        assert fields.text("ResultCode") == "0"

    def test_items_are_read_by_name(self) -> None:
        """Under either heading, in any order, without a value, or alone."""
        listed = Fields.of_items([{"Name": "Balance"}, {"Key": "Amount", "Value": 150.0}, "noise", None, 7])
        single = Fields.of_items({"Key": "Amount", "Value": "150"})

        assert (listed.cents("Amount"), listed.text("Balance")) == (150_00, "")
        assert single.cents("Amount") == 150_00

    def test_two_items_of_one_name_are_both_kept(self) -> None:
        """The official sample calls payer and payee the same."""
        twice = [{"Key": "DebitPartyName", "Value": "600998 - NYOTA"}, {"Key": "DebitPartyName", "Value": "B"}]

        assert Fields.of_items(twice).values("DebitPartyName") == ("600998 - NYOTA", "B")

    def test_the_first_name_that_says_anything_counts(self) -> None:
        """An empty one does not hide the next."""
        assert Fields.of({"ReceiptNo": "", "TransactionID": "UA1"}).receipt("ReceiptNo", "TransactionID") == "UA1"

    @pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"7", b"<html>", b"\xff\xfe", b"[" * 100_000])
    def test_a_document_that_is_no_object_has_no_fields(self, raw: bytes) -> None:
        """However it is broken."""
        assert Fields.parse(raw).value("a") is None

    @given(value=JSON, name=st.text())
    def test_reading_never_fails(self, value: object, name: str) -> None:
        """Whatever the shape."""
        for fields in (Fields.of(value), Fields.of_items(value), Fields.of({name: value}), *rows(value)):
            found = fields.inner(name)
            assert isinstance(found.text(name), str)
            assert isinstance(fields.items(name).values(name), tuple)


class TestRows:
    def test_a_list_in_a_list_is_flat(self) -> None:
        """Also when there is only one list, or just one row; empty ones are none."""
        row = {"transactionId": "UA1"}

        full: list[object] = [[[row]], [row], row, [[], [row, {}], "noise", None]]
        empty: list[object] = [[[]], [], None, "text", 7]

        assert [[found.text("transactionId") for found in rows(value)] for value in full] == [["UA1"]] * 4
        assert [rows(value) for value in empty] == [[]] * 5


class TestHarmless:
    @pytest.mark.parametrize(
        ("message", "expected"),
        [
            ("invalid phonenumber", "invalid phonenumber"),
            ("invalid 254712345600", "invalid ***"),
            ("token a1b2c3d4e5f6 is dead", "token *** is dead"),
            ("code 400.002.02", "code 400.002.02"),
        ],
    )
    def test_long_words_with_digits_are_masked(self, message: str, expected: str) -> None:
        """They may be somebody's number or a token."""
        assert harmless(message) == expected
