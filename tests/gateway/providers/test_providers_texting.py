"""What people write, in each carrier's own dialect."""

import pytest

from gateway.config import AfricasTalking
from gateway.errors import NotACallback
from gateway.providers import africastalking, generic
from gateway.providers.contract import IncomingSms
from tests.gateway.texting.pen import AMINA

CODES = ("*383#",)


@pytest.fixture
def africas_talking() -> africastalking.Provider:
    return africastalking.Provider(AfricasTalking(api_key="a-key"), CODES)


@pytest.fixture
def ours() -> generic.Provider:
    return generic.Provider(generic.Settings(), CODES)


class TestAfricasTalking:
    def test_a_message_comes_whole(self, africas_talking: africastalking.Provider) -> None:
        """With the short code, the network and, where it is premium, the link."""
        form = {
            "id": "8f7c", "from": AMINA, "to": "383", "text": "LOAN 5000", "date": "2026-08-05T07:42:00Z",
            "linkId": "SampleLink", "networkCode": "63902",
        }  # fmt: skip

        assert africas_talking.parse_sms(form) == IncomingSms(
            "africastalking", "8f7c", AMINA, "383", "LOAN 5000", "SampleLink", "63902"
        )

    def test_what_is_not_there_is_empty(self, africas_talking: africastalking.Provider) -> None:
        """All but the phone may be missing."""
        assert africas_talking.parse_sms({"from": "254711000001"}) == IncomingSms("africastalking", "", AMINA, "", "")

    @pytest.mark.parametrize("sender", ["", "MPESA", "383", "+25471100000x"])
    def test_a_sender_without_a_phone_is_nobody(self, africas_talking: africastalking.Provider, sender: str) -> None:
        """Nobody could be answered."""
        with pytest.raises(NotACallback, match="from"):
            africas_talking.parse_sms({"from": sender, "text": "BAL"})

    def test_an_opt_out_names_its_line(self, africas_talking: africastalking.Provider) -> None:
        """As the dashboard's bulk opt-out sends it."""
        assert africas_talking.parse_stop({"senderId": "NYOTA", "phoneNumber": AMINA}) == AMINA


class TestOurs:
    def test_a_part_says_of_what_it_is_one(self, ours: generic.Provider) -> None:
        """Which of how many, and what they have in common."""
        fields = {"phoneNumber": AMINA, "to": "383", "text": "SEND 2", "reference": "77", "part": "1", "parts": "3"}

        found = ours.parse_sms(fields)

        assert (found.joined, found.part, found.parts, found.provider_id) == ("77", 1, 3, "")

    @pytest.mark.parametrize(("part", "parts"), [("0", "0"), ("4", "3"), ("1", "21"), ("x", "2"), ("2", "x")])
    def test_parts_that_cannot_be_are_refused_or_taken_as_whole(
        self, ours: generic.Provider, part: str, parts: str
    ) -> None:
        """Nothing waits for a part that can never come."""
        fields = {"phoneNumber": AMINA, "text": "BAL", "part": part, "parts": parts}

        try:
            found = ours.parse_sms(fields)
        except NotACallback:
            return
        assert 1 <= found.part <= found.parts <= 20

    def test_a_part_of_nothing_is_refused(self, ours: generic.Provider) -> None:
        """Two messages at one time would be made into one that nobody wrote."""
        fields = {"phoneNumber": AMINA, "text": "SEND 2", "reference": " ", "part": "1", "parts": "2"}

        with pytest.raises(NotACallback, match="reference"):
            ours.parse_sms(fields)

    def test_an_opt_out_names_its_line(self, ours: generic.Provider) -> None:
        """In any usual form."""
        assert ours.parse_stop({"phoneNumber": "0711000001"}) == AMINA
