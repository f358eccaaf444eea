"""One table for all carriers: what each dialect says for the same hop, and what it refuses."""

from typing import Any

import pytest
from pydantic import SecretStr

from gateway.config import AfricasTalking
from gateway.errors import NotACallback
from gateway.inbound import Ended, Inbound, Reply
from gateway.providers import africastalking, comviva, generic, safaricom

CODES = ("*383#",)
AMINA = "+254711000001"
TOKEN = SecretStr("feedbeef")

CARRIERS: dict[str, Any] = {
    "africastalking": africastalking.Provider(AfricasTalking(callback_token=TOKEN), CODES),
    "generic": generic.Provider(generic.Settings(callback_token=TOKEN), CODES),
    "safaricom": safaricom.Provider(safaricom.Settings(callback_token=TOKEN), CODES),
    "comviva": comviva.Provider(comviva.Settings(callback_token=TOKEN), CODES),
}

AT = {"sessionId": "s1", "phoneNumber": AMINA, "serviceCode": "*383#", "text": ""}
GENERIC = {"sessionId": "s1", "phoneNumber": AMINA, "serviceCode": "*383#", "input": "", "newSession": "false"}
SAFARICOM = {"SESSION_ID": "s1", "MSISDN": "254711000001", "SERVICE_CODE": "*383#", "USSD_STRING": ""}
COMVIVA = {"SessionId": "s1", "MSISDN": "254711000001", "INPUT": "1"}

HOPS = [
    # carrier, fields, text, whether it opens
    ("africastalking", AT, "", False),
    ("africastalking", {**AT, "text": "2*1"}, "2*1", False),
    ("africastalking", {**AT, "serviceCode": "*383*2*1#"}, "2*1", False),
    ("generic", {**GENERIC, "newSession": "true"}, "", True),
    ("generic", {**GENERIC, "newSession": "true", "input": "2*1"}, "2*1", True),
    ("generic", {**GENERIC, "newSession": "true", "serviceCode": "*383*2*1#"}, "2*1", True),
    ("generic", {**GENERIC, "input": "2000"}, "2000", False),
    ("generic", {**GENERIC, "input": "a*b"}, "a*b", False),
    ("safaricom", SAFARICOM, "", False),
    ("safaricom", {**SAFARICOM, "USSD_STRING": "2*1"}, "2*1", False),
    ("safaricom", {**SAFARICOM, "SERVICE_CODE": "383"}, "", False),
    ("safaricom", {**SAFARICOM, "SERVICE_CODE": "*383*2#", "USSD_STRING": "1"}, "2*1", False),
    ("safaricom", {**SAFARICOM, "USSD_STRING": "*383#"}, "", False),
    ("safaricom", {**SAFARICOM, "USSD_STRING": "*383*2*1#*500"}, "2*1*500", False),
    ("safaricom", {**SAFARICOM, "USSD_STRING": "*500"}, "*500", False),
    ("comviva", {**COMVIVA, "INPUT": "*383#"}, "", True),
    ("comviva", {**COMVIVA, "INPUT": "*383*2*1#"}, "2*1", True),
    ("comviva", COMVIVA, "1", False),
    ("comviva", {**COMVIVA, "INPUT": ""}, "", False),
]

REFUSED = [
    ("africastalking", {**AT, "phoneNumber": ""}, "phoneNumber"),
    ("africastalking", {**AT, "sessionId": ""}, "sessionId"),
    ("generic", {**GENERIC, "phoneNumber": "nobody"}, "phoneNumber"),
    ("generic", {**GENERIC, "sessionId": "a b"}, "sessionId"),
    ("safaricom", {**SAFARICOM, "MSISDN": ""}, "MSISDN"),
    ("safaricom", {**SAFARICOM, "SESSION_ID": ""}, "SESSION_ID"),
    ("comviva", {**COMVIVA, "MSISDN": ""}, "MSISDN"),
    ("comviva", {**COMVIVA, "SessionId": ""}, "SessionId"),
    ("comviva", {"MSISDN": "x", "clean": "clean-session"}, "MSISDN"),
]

WRITTEN = {
    "africastalking": ("CON Hi", "END Bye"),
    "generic": ('{"message":"Hi","continue":true}', '{"message":"Bye","continue":false}'),
    "safaricom": ("CON Hi", "END Bye"),
    "comviva": ("Hi", "Bye"),
}

ENDS = [
    ("generic", {**GENERIC, "status": "incomplete", "cost": "KES 1", "seconds": "61", "hops": "4"}, "incomplete", "s1"),
    ("comviva", {"MSISDN": "254711000001", "clean": "clean-session", "status": "522"}, "incomplete", ""),
    ("comviva", {"MSISDN": "254711000001", "SessionId": "s1", "clean": "clean-session"}, "incomplete", "s1"),
]


class TestEveryDialect:
    """What a hop is, whoever carries it."""

    @pytest.mark.parametrize(("name", "fields", "text", "opens"), HOPS)
    def test_a_hop_is_read_into_the_same_shape(self, name: str, fields: dict[str, str], text: str, opens: bool) -> None:
        """Whose phone, which session, which code, what was typed."""
        inbound = CARRIERS[name].parse_ussd(fields)

        assert isinstance(inbound, Inbound)
        assert (inbound.provider, inbound.msisdn, inbound.session_ref, inbound.code) == (name, AMINA, "s1", "*383#")
        assert (inbound.text, inbound.is_opening) == (text, opens)

    @pytest.mark.parametrize(("name", "fields", "named"), REFUSED)
    def test_what_is_no_hop_is_refused_by_the_fields_name(self, name: str, fields: dict[str, str], named: str) -> None:
        """Never guessed."""
        with pytest.raises(NotACallback, match=named):
            CARRIERS[name].parse_ussd(fields)

    @pytest.mark.parametrize("name", CARRIERS)
    def test_ten_thousand_characters_are_cut_and_read(self, name: str) -> None:
        """Junk is a hop too; only its length is bounded."""
        fields = {**AT, **GENERIC, **SAFARICOM, **COMVIVA} | dict.fromkeys(
            ("text", "input", "USSD_STRING", "INPUT"), "9" * 60_000
        )

        assert len(CARRIERS[name].parse_ussd(fields).text) == 20_000

    @pytest.mark.parametrize("name", CARRIERS)
    def test_an_answer_keeps_or_ends_the_session(self, name: str) -> None:
        """In the carrier's own words."""
        goes_on = CARRIERS[name].reply_ussd(Reply("Hi", is_final=False))
        ends = CARRIERS[name].reply_ussd(Reply("Bye", is_final=True))

        assert (goes_on.body, ends.body) == WRITTEN[name]
        if name == "comviva":
            assert (goes_on.headers["Freeflow"], ends.headers["Freeflow"]) == ("FC", "FB")

    @pytest.mark.parametrize(("name", "fields", "status", "session"), ENDS)
    def test_an_ended_session_is_told(self, name: str, fields: dict[str, str], status: str, session: str) -> None:
        """With the session it was, where the dialect says."""
        ended = CARRIERS[name].parse_end(fields)

        assert isinstance(ended, Ended)
        assert (ended.provider, ended.msisdn, ended.session_ref, ended.status) == (name, AMINA, session, status)

    @pytest.mark.parametrize("name", ["generic", "safaricom", "comviva"])
    def test_what_tells_of_no_end_is_refused(self, name: str) -> None:
        """A hop sent to the wrong address, or a carrier that has no such notification."""
        with pytest.raises(NotACallback):
            CARRIERS[name].parse_end({**GENERIC, **COMVIVA})

    def test_comviva_tells_on_the_address_of_hops_that_the_caller_is_gone(self) -> None:
        """There is no other address."""
        found = CARRIERS["comviva"].parse_ussd({"MSISDN": "254711000001", "clean": "clean-session", "status": "522"})

        assert isinstance(found, Ended)
        assert found.said == "522"
