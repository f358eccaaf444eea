"""Sessions on the phone over SMPP."""

import pytest

from gateway.errors import NotACallback
from gateway.inbound import Ended, Inbound, Reply
from gateway.smpp.ussd import hop_of, screen_of
from gateway.smpp.wire import ITS_SESSION_INFO, USSD_SERVICE_OP, Deliver

CODES = ("*383#",)
PHONE = "254711000001"


def said(operation: int, text: str, session: int = 5, number: int = 0, *, ends: bool = False) -> Deliver:
    tlvs = {USSD_SERVICE_OP: bytes((operation,)), ITS_SESSION_INFO: bytes((session, number << 1 | ends))}
    return Deliver(PHONE, "383", text.encode(), 0, 0, tlvs)


def hop(message: Deliver) -> Inbound:
    found = hop_of("mno", message, CODES)
    assert isinstance(found, Inbound)
    return found


class TestHops:
    def test_dialling_begins_a_session(self) -> None:
        """With what was dialled after the code."""
        found = hop(said(1, "*383*2*1#"))

        assert (found.provider, found.msisdn, found.session_ref) == ("mno", "+254711000001", "254711000001-5")
        assert (found.code, found.text, found.is_opening, found.sequence) == ("*383#", "2*1", True, "0")

    def test_an_answer_belongs_to_the_same_session(self) -> None:
        """It is one answer, not all of them."""
        began, found = hop(said(1, "*383#")), hop(said(18, "1", number=1))

        assert (found.session_ref, found.code) == (began.session_ref, began.code)
        assert (found.text, found.is_opening, found.is_cumulative, found.sequence) == ("1", False, False, "1")

    def test_without_numbers_a_session_is_its_phone(self) -> None:
        """Some centres leave them out; then repeats cannot be told."""
        message = Deliver(PHONE, "383", b"1", 0, 0, {USSD_SERVICE_OP: b"\x12"})

        assert (hop(message).session_ref, hop(message).sequence) == ("254711000001-0", "")

    def test_the_carrier_says_that_the_caller_is_gone(self) -> None:
        """By the lowest bit."""
        found = hop_of("mno", said(18, "", ends=True), CODES)

        assert isinstance(found, Ended)
        assert (found.session_ref, found.status) == ("254711000001-5", "incomplete")

    def test_a_note_that_was_shown_wants_nothing(self) -> None:
        """USSN confirm."""
        assert hop_of("mno", said(19, ""), CODES) is None

    @pytest.mark.parametrize(
        "message",
        [
            said(2, "x"),
            said(200, "x"),
            Deliver("nobody", "383", b"1", 0, 0, {USSD_SERVICE_OP: b"\x12"}),
            Deliver(PHONE, "383", b"1", 0, 0, {USSD_SERVICE_OP: b"\x12", ITS_SESSION_INFO: b"\1"}),
        ],
    )
    def test_what_no_phone_says_is_refused(self, message: Deliver) -> None:
        """An operation of ours, one that does not exist, no phone, half a number."""
        with pytest.raises(NotACallback):
            hop_of("mno", message, CODES)


class TestScreens:
    @pytest.mark.parametrize(("is_final", "operation", "info"), [(False, 2, b"\x05\x06"), (True, 17, b"\x05\x07")])
    def test_a_screen_goes_back_where_it_was_asked_for(self, is_final: bool, operation: int, info: bytes) -> None:
        """It asks, or it closes, under the number of what it answers."""
        sent = screen_of(said(18, "1", number=3), Reply("Nyota: Amina {1}", is_final))

        assert (sent.to, sent.sender, sent.wants_receipt) == (PHONE, "383", False)
        assert (sent.payload, sent.coding) == (b"Nyota: Amina \x1b(1\x1b)", 0)
        assert sent.tlvs == {USSD_SERVICE_OP: bytes((operation,)), ITS_SESSION_INFO: info}
