"""Texts as octets and back."""

from typing import get_args

import gsm0338  # noqa: F401 - registers the codec of another hand
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sending.parts import size_of
from gateway.smpp.texts import Default, Long, Part, decoded, encoded, heard, mark_of, submits
from gateway.smpp.wire import (
    HAS_HEADER,
    MESSAGE_PAYLOAD,
    RECEIPTED_MESSAGE_ID,
    SAR_TOTAL,
    USER_MESSAGE_REFERENCE,
    Deliver,
    Submit,
)
from menus.gsm import BASIC, EXTENSION

ENVELOPE = Submit("254711000001", "NYOTA")
GSM = st.text(st.sampled_from(BASIC + EXTENSION), max_size=700)
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=400)


def arrived(each: Submit) -> Deliver:
    """What the phone's side would hear of it."""
    payload = each.payload or each.tlvs.get(MESSAGE_PAYLOAD, b"")
    return Deliver(each.to, each.sender, payload, each.coding, each.esm_class, each.tlvs)


class TestAlphabets:
    @given(GSM)
    def test_the_default_alphabet_is_gsm_as_another_codec_writes_it(self, text: str) -> None:
        """Octet by octet."""
        assert encoded(text) == (text.encode("gsm03.38"), 0)

    @pytest.mark.parametrize("default", get_args(Default))
    @given(text=st.one_of(GSM, ANY))
    def test_what_is_written_is_read(self, default: Default, text: str) -> None:
        """In whatever alphabet it left."""
        octets, coding = encoded(text, default)

        assert decoded(octets, coding, default) == text

    def test_a_character_that_latin_1_lacks_makes_it_ucs2(self) -> None:
        """A centre of that alphabet would show a question mark."""
        assert encoded("KES 5 \u20ac", "latin1")[1] == 8

    @given(st.binary(max_size=300), st.integers(0, 255))
    def test_octets_of_any_kind_are_some_text(self, octets: bytes, coding: int) -> None:
        """Never an error: the message may be anything."""
        assert isinstance(decoded(octets, coding), str)


class TestParts:
    @pytest.mark.parametrize("default", get_args(Default))
    @pytest.mark.parametrize("long", get_args(Long))
    @given(text=st.one_of(GSM, ANY), reference=st.integers(0, 70_000))
    def test_the_parts_make_the_whole(self, long: Long, default: Default, text: str, reference: int) -> None:
        """In as many messages as the price says, each with its place, none longer than may be."""
        sent = submits(ENVELOPE, text, reference=reference, long=long, default=default)

        parts = [heard(arrived(each), default) for each in sent]
        assert "".join(part.text for part in parts) == text
        assert all(len(each.payload) <= 160 for each in sent)
        if len(sent) > 1:
            assert {(part.reference, part.total) for part in parts} == {(parts[0].reference, len(sent))}
            assert [part.number for part in parts] == list(range(1, len(sent) + 1))
        if default == "gsm" and long != "payload":
            assert len(sent) == size_of(text).parts

    @given(st.binary(max_size=160))
    def test_a_header_of_any_kind_is_survived(self, payload: bytes) -> None:
        """A place is one within its whole, or none."""
        part = heard(Deliver("254711000001", "383", payload, 0, HAS_HEADER))

        assert 1 <= part.number <= part.total

    def test_parameters_without_a_number_are_no_place(self) -> None:
        """The text then stands alone."""
        message = Deliver("254711000001", "383", b"BAL", 0, 0, {0x020C: b"\0\7", SAR_TOTAL: b"\2"})

        assert heard(message) == Part("BAL")


class TestMarks:
    @pytest.mark.parametrize(
        ("tlvs", "mark"),
        [
            ({}, ""),
            ({USER_MESSAGE_REFERENCE: b"\x00\x2a"}, "002a"),
            ({RECEIPTED_MESSAGE_ID: b"7f\0"}, "3766"),
            ({RECEIPTED_MESSAGE_ID: b"7f\0", USER_MESSAGE_REFERENCE: b"\x00\x2a"}, "3766/002a"),
            ({USER_MESSAGE_REFERENCE: b"\0\0"}, ""),
        ],
    )
    def test_what_phone_or_centre_number_it_with_marks_it(self, tlvs: dict[int, bytes], mark: str) -> None:
        """Nothing and zero mark nothing."""
        assert mark_of(Deliver("254711000001", "383", b"BAL", 0, 0, tlvs)) == mark
