"""Which short code answers how: in whose name, through whom, charged to what."""

import pytest
from pydantic import ValidationError
from structlog.testing import capture_logs

from gateway.clock import HOUR_MS
from gateway.config import Messages
from gateway.errors import Misconfigured
from gateway.texting.short_codes import NOBODYS, Desk, ShortCodes, carried, name_of, proved

NOW = 1_800_000_000_000
CODES = {
    "20383": {"carrier": "africastalking", "language": "sw"},
    "20384": {"carrier": "africastalking", "premium": True, "keyword": "NEWS"},
    "20385": {"carrier": "celcom", "partner": "damza"},
    "20386": {},
    "254711000000": {"carrier": "celcom", "partner": "damza", "name": "Damza Sacco"},
}


class Charges:
    has_premium = True


CARRIERS = {"africastalking": Charges(), "celcom": object()}
LANGUAGES = {"en": object(), "sw": object()}


def settings(**codes: object) -> Messages:
    return Messages.model_validate({"partners": {"damza": "DAMZA"}, "short_codes": CODES | codes})


def desk(code: str, **more: str) -> Desk:
    return ShortCodes(settings()).of({"short_code": code, "provider": "africastalking", **more}, NOW)


class TestDesks:
    def test_an_answer_leaves_from_the_code_through_who_has_it(self) -> None:
        """In nobody else's name."""
        assert desk("20383") == Desk("", "sw", "", {"carrier": "africastalking", "short_code": "20383"})

    @pytest.mark.parametrize("provider", ["africastalking", "mno"])
    def test_a_code_of_no_carrier_is_of_whoever_hands_its_messages_over(self, provider: str) -> None:
        """Several may have it."""
        reply = ShortCodes(settings()).of({"short_code": "20386", "provider": provider}, NOW).reply

        assert reply == {"carrier": provider, "short_code": "20386"}

    def test_a_partners_code_has_its_sender_and_its_name(self) -> None:
        """Its name is its sender id, unless it is called otherwise; a plus before a long number is none of it."""
        assert (desk("20385").sender, desk("20385").name) == ("DAMZA", "DAMZA")
        assert (desk("+254711000000").sender, desk("+254711000000").name) == ("DAMZA", "Damza Sacco")

    def test_nobody_pays_for_the_answer_to_stop(self) -> None:
        """It leaves from the code all the same."""
        assert desk("20384", link_id="L1", keyword="stop").reply == desk("20384").reply
        assert "link_id" in desk("20384", link_id="L1", keyword="start").reply

    def test_a_premium_answer_carries_the_link_of_the_message(self) -> None:
        """With the code's keyword, for so many hours."""
        reply = desk("20384", link_id="L1").reply

        assert (reply["link_id"], reply["keyword"]) == ("L1", "NEWS")
        assert reply["link_until"] == NOW + 24 * HOUR_MS

    @pytest.mark.parametrize(("code", "link"), [("20384", ""), ("20383", "L1")])
    def test_without_a_link_or_a_premium_code_nobody_is_charged(self, code: str, link: str) -> None:
        """Both are needed."""
        assert set(desk(code, link_id=link).reply) == {"carrier", "short_code"}

    def test_a_link_goes_with_the_first_sms_of_an_answer(self) -> None:
        """It is good for one; the others leave from the same code."""
        answering = desk("20384", link_id="L1")

        assert answering.fields(is_first=True)["reply"]["link_id"] == "L1"
        assert "link_id" not in answering.fields(is_first=False)["reply"]
        assert answering.fields(is_first=False)["reply"]["short_code"] == "20384"

    @pytest.mark.parametrize("code", ["NYOTA", "383", ""])
    def test_what_nobody_has_configured_is_answered_as_ever(self, code: str) -> None:
        """A name, an unknown code, none at all: nothing is said of where it leaves from."""
        assert desk(code) == NOBODYS
        assert NOBODYS.fields(is_first=True) == {}

    def test_an_unknown_code_is_logged_once(self) -> None:
        """However many write to it."""
        codes = ShortCodes(settings())

        with capture_logs() as logs:
            for number in ("383", "383", "NYOTA", "20383", ""):
                codes.of({"short_code": number, "provider": "generic"}, NOW)

        assert [(each["event"], each["short_code"]) for each in logs] == [
            ("short_code_unknown", "383"),
            ("short_code_unknown", "NYOTA"),
        ]

    def test_a_message_from_before_there_were_desks_has_none(self) -> None:
        """Its operation says nothing of a code."""
        assert ShortCodes(settings()).of({"msisdn": "+254711000001"}, NOW) == NOBODYS


class TestConfiguration:
    def test_what_works_is_taken(self) -> None:
        """All of the codes above."""
        its = settings()

        proved(its, LANGUAGES)
        carried(its, CARRIERS)

        assert name_of(its.short_codes["20383"], its) == ""

    @pytest.mark.parametrize(
        ("code", "key"),
        [
            ({"carrier": "nobody"}, "carrier"),
            ({"carrier": "celcom", "partner": "nobody"}, "partner"),
            ({"carrier": "celcom", "language": "fr"}, "language"),
            ({"carrier": "celcom", "premium": True}, "premium"),
            ({"premium": True}, "carrier"),
            ({"carrier": "africastalking", "keyword": "NEWS"}, "keyword"),
        ],
    )
    def test_nonsense_is_refused_by_the_name_of_its_key(self, code: dict[str, object], key: str) -> None:
        """At the start, not when somebody writes."""
        with pytest.raises(Misconfigured, match=rf"^messages\.short_codes\.999\.{key}: "):
            its = settings(**{"999": code})
            proved(its, LANGUAGES)
            carried(its, CARRIERS)

    @pytest.mark.parametrize("number", ["NYOTA", "12", "+20383", "20 383", "1" * 16, "٢٠٣٨٣"])
    def test_a_code_is_digits(self, number: str) -> None:
        """To a name nobody can write."""
        with pytest.raises(ValidationError):
            settings(**{number: {"carrier": "celcom"}})
