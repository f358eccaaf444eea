"""A measured dialogue is what a carrier sends: growing text, a new session each time, one phone."""

from itertools import count
from urllib.parse import parse_qsl

from simulator.load.dialogues import BROWSING, Dialogue, viewing

PHONE = "+254720000001"


def form_of(request: bytes) -> dict[str, str]:
    head, _, body = request.partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    return dict(parse_qsl(body.decode(), keep_blank_values=True))


class TestDialogue:
    def test_it_sends_every_hop_in_one_session(self) -> None:
        """Phone, code and session stay; the text grows as in the script."""
        dialogue = Dialogue(PHONE, BROWSING, count(7))

        forms = [form_of(dialogue.following()) for _ in BROWSING]

        assert [form["text"] for form in forms] == [hop.text for hop in BROWSING]
        assert {form["sessionId"] for form in forms} == {f"ATUid_{7:032x}"}
        assert {(form["phoneNumber"], form["serviceCode"]) for form in forms} == {(PHONE, "*383#")}

    def test_it_dials_anew_when_it_is_over(self) -> None:
        """The hop after the last one is the first of another session."""
        dialogue = Dialogue(PHONE, BROWSING, count(7))
        for _ in BROWSING:
            dialogue.following()
        assert dialogue.is_over

        following = form_of(dialogue.following())

        assert following["sessionId"] == f"ATUid_{8:032x}"
        assert following["text"] == ""
        assert dialogue.expects == BROWSING[0].expects
        assert not dialogue.is_over

    def test_viewing_ends_with_the_pin(self) -> None:
        """Dial, Balance, PIN."""
        assert [hop.text for hop in viewing("4826")] == ["", "1", "1*4826"]
