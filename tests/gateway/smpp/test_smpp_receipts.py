"""Reports of delivery as centres write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import NotACallback
from gateway.smpp.receipts import answered_as, delivery_of, known_as
from gateway.smpp.wire import MESSAGE_STATE, RECEIPTED_MESSAGE_ID, Deliver

WORDS = "id:{id} sub:001 dlvrd:001 submit date:2608051042 done date:2608051043 stat:{stat} err:{err} text:Nyota"


def report(words: str = "", **tlvs: bytes) -> Deliver:
    tags = {"id": RECEIPTED_MESSAGE_ID, "state": MESSAGE_STATE}
    return Deliver("254711000001", "NYOTA", words.encode(), 0, 4, {tags[name]: value for name, value in tlvs.items()})


class TestReports:
    @pytest.mark.parametrize(
        ("stat", "state", "reason"),
        [
            ("DELIVRD", "delivered", ""), ("EXPIRED", "failed", "011"), ("DELETED", "failed", "011"),
            ("UNDELIV", "failed", "011"), ("REJECTD", "failed", "011"), ("ACCEPTD", "sent", ""),
            ("UNKNOWN", "sent", ""), ("ENROUTE", "sent", ""), ("BUFFERED", "sent", ""),
        ],
    )  # fmt: skip
    def test_each_word_has_its_meaning(self, stat: str, state: str, reason: str) -> None:
        """A word that nobody knows leaves the message where it is."""
        found = delivery_of(report(WORDS.format(id="A1B2", stat=stat, err="011")))

        assert (found.provider_id, found.status, found.state, found.reason) == ("A1B2", stat, state, reason)

    def test_parameters_win_over_words(self) -> None:
        """They are the standard's own."""
        found = delivery_of(report(WORDS.format(id="0", stat="UNDELIV", err="1"), id=b"7f3a\0", state=b"\2"))

        assert (found.provider_id, found.state) == ("7f3a", "delivered")

    def test_what_the_message_said_is_no_field(self) -> None:
        """It begins with whatever its writer wrote, and may name another message."""
        words = WORDS.format(id="A1B2", stat="DELIVRD", err="000").replace("text:Nyota", "Text:id:9 stat:UNDELIV x")

        found = delivery_of(report(words))

        assert (found.provider_id, found.state) == ("A1B2", "delivered")

    def test_no_id_holds_what_a_database_refuses(self) -> None:
        """One that it cannot keep would be sent again for ever."""
        assert delivery_of(report("id:a\0b stat:DELIVRD")).provider_id == "ab"
        assert delivery_of(report(id=b"a\0b\0")).provider_id == "ab"

    def test_a_report_on_the_way_is_nothing_that_somebody_wrote(self) -> None:
        """An intermediate notification (5.2.12); the phone it is about is sent no answer."""
        on_the_way = Deliver("254711000001", "NYOTA", b"id:a1 stat:ENROUTE", 0, 0x20)

        assert on_the_way.is_receipt
        assert delivery_of(on_the_way).state == "sent"

    def test_a_report_on_nothing_is_refused(self) -> None:
        """There is no message to move."""
        with pytest.raises(NotACallback):
            delivery_of(report("stat:DELIVRD"))

    @given(st.binary(max_size=300), st.binary(max_size=5))
    def test_junk_is_refused_or_read_and_nothing_else(self, words: bytes, state: bytes) -> None:
        """An id of at most 80 characters, in one of three states."""
        try:
            found = delivery_of(Deliver("1", "2", words, 0, 4, {MESSAGE_STATE: state}))
        except NotACallback:
            return
        assert len(found.provider_id) <= 80
        assert found.state in {"sent", "delivered", "failed"}

    @given(st.integers(0, 2**63))
    def test_a_hexadecimal_answer_meets_its_decimal_report(self, number: int) -> None:
        """In capitals, with leading zeros, as it comes."""
        assert answered_as(f"{number:010X}", "hex") == known_as(str(number), "hex")
