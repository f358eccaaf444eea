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
