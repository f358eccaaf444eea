"""Africa's Talking: what is a hop and what is none, and every way in which handing over an SMS can end."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import parse_qs

import pytest
from africastalking.SMS import SMSService
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from gateway.config import AfricasTalking
from gateway.errors import NotACallback, Rejected, Throttled, Unavailable, Uncertain
from gateway.inbound import Ended, Inbound, Reply
from gateway.providers.africastalking import Provider
from gateway.providers.contract import Delivery, OutgoingSms, SentSms, Written

CODES = ("*383#",)
JSON = "application/json"
HELLO = OutgoingSms("+254711000001", "Hello é")
HOP = {
    "sessionId": "ATUid_0123", "phoneNumber": "+254711000001", "networkCode": "63902", "serviceCode": "*383#",
    "text": "2*1",
}  # fmt: skip

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def provider(base_url: str = "http://127.0.0.1:1", **settings: object) -> Provider:
    values = {"api_key": SecretStr("hush"), "sms_base_url": base_url, "threads": 2, **settings}
    return Provider(AfricasTalking.model_validate(values), CODES)


def accepted(code: int = 101, status: str = "Success") -> dict[str, object]:
    """What the service answers with 201."""
    recipient = {
        "statusCode": code, "number": "+254711000001", "status": status, "cost": "KES 0.8000",
        "messageId": "ATXid_1" if code in {100, 101, 102} else "None",
    }  # fmt: skip
    return {"SMSMessageData": {"Message": "Sent to 1/1", "Recipients": [recipient]}}


class TestHops:
    """A form from the carrier as one hop."""

    def test_an_ordinary_hop(self) -> None:
        """Phone, session, code and everything typed so far."""
        assert provider().parse_ussd(HOP) == Inbound("africastalking", "+254711000001", "ATUid_0123", "*383#", "2*1")

    @pytest.mark.parametrize(
        ("code", "text", "expected"),
        [
            ("*383*2*1*2000#", "", "2*1*2000"),
            ("*383*2*1*2000#", "1", "2*1*2000*1"),
            ("*383*2*1", "", "2*1"),
            ("*383#", "2*1*2000", "2*1*2000"),
            (" *383# ", "", ""),
            ("", "2", "2"),
        ],
    )
    def test_what_was_dialled_with_the_code_is_text(self, code: str, text: str, expected: str) -> None:
        """However the carrier hands it over, both mean the same."""
        inbound = provider().parse_ussd({**HOP, "serviceCode": code, "text": text})

        assert (inbound.code, inbound.text) == ("*383#", expected)

    @pytest.mark.parametrize(
        "phone",
        ["+254711000001", " 254711000001", "254711000001", "0711000001", "711000001", "+254 711 000 001"],
    )
    def test_every_usual_form_of_a_phone_is_one_phone(self, phone: str) -> None:
        """Also with the blank that a decoder makes of an unescaped plus."""
        assert provider().parse_ussd({**HOP, "phoneNumber": phone}).msisdn == "+254711000001"

    def test_a_phone_from_abroad_is_a_phone(self) -> None:
        """A roaming guest gets a screen too."""
        assert provider().parse_ussd({**HOP, "phoneNumber": "+256701234567"}).msisdn == "+256701234567"

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("sessionId", ""),
            ("sessionId", "a b"),
            ("sessionId", "x" * 129),
            ("sessionId", "é"),
            ("sessionId", "a\nb"),
            ("phoneNumber", ""),
            ("phoneNumber", "Amina"),
            ("phoneNumber", "+"),
            ("phoneNumber", "+254711000001; DROP"),
            ("phoneNumber", "9" * 16),
        ],
    )
    def test_what_names_no_session_or_phone_is_no_callback(self, field: str, value: str) -> None:
        """Said by the field's name, without its value."""
        with pytest.raises(NotACallback, match=f"^{field} is missing or malformed$"):
            provider().parse_ussd({**HOP, field: value})

    @given(st.dictionaries(st.sampled_from([*HOP, "other"]), st.text(max_size=30)))
    def test_any_form_is_a_hop_or_no_callback(self, form: dict[str, str]) -> None:
        """Nothing else is ever raised, and what is a hop is within bounds."""
        parsing = provider()
        try:
            inbound = parsing.parse_ussd({**HOP, **form})
        except NotACallback:
            return

        assert re.fullmatch(r"\+\d{9,15}", inbound.msisdn, re.ASCII)
        assert re.fullmatch(r"[\x21-\x7e]{1,128}", inbound.session_ref)

    def test_a_text_without_end_is_cut(self) -> None:
        """No session grows with what is sent."""
        assert len(provider().parse_ussd({**HOP, "text": "1" * 60_000}).text) == 20_000

    def test_replies_go_on_or_end(self) -> None:
        """Plain text with the carrier's own prefix."""
        assert provider().reply_ussd(Reply("Hi", is_final=False)) == Written("text/plain", "CON Hi")
        assert provider().reply_ussd(Reply("Bye", is_final=True)) == Written("text/plain", "END Bye")


NOTICE = {
    "date": "2026-08-05 10:44:00",
    "sessionId": "ATUid_0123",
    "serviceCode": "*383#",
    "phoneNumber": "+254711000001",
    "status": "Incomplete",
    "cost": "KES 0.50",
    "durationInMillis": "61500",
    "hopsCount": "4",
    "input": "2*1*2000*4826",
    "lastAppResponse": "CON Enter Nyota PIN",
    "errorMessage": "",
}


class TestEndedSessions:
    """The notification after a session."""

    def test_it_says_how_long_how_far_and_for_how_much(self) -> None:
        """And nothing of what was typed: it may be a PIN."""
        ended = provider().parse_end(NOTICE)

        assert ended == Ended(
            "africastalking", "+254711000001", "ATUid_0123", "*383#", "incomplete", "Incomplete", "KES 0.50", 61, 4, ""
        )
        assert "4826" not in repr(ended)

    def test_a_word_nobody_knows_counts_as_failed(self) -> None:
        """It is kept as it came."""
        ended = provider().parse_end({**NOTICE, "status": "Exploded", "hopsCount": "many"})

        assert (ended.status, ended.said, ended.hops) == ("failed", "Exploded", None)

    def test_without_a_status_it_is_no_notification(self) -> None:
        """A hop sent to the wrong address, for instance."""
        with pytest.raises(NotACallback, match="status"):
            provider().parse_end(HOP)


class TestDeliveryReports:
    """What became of a message."""

    @pytest.mark.parametrize(
        ("status", "state"),
        [
            ("Success", "delivered"), ("Sent", "sent"), ("Submitted", "sent"), ("Buffered", "sent"),
            ("Rejected", "failed"), ("Failed", "failed"), ("AbsentSubscriber", "failed"), ("Expired", "failed"),
            ("SomethingNew", "sent"),
        ],
    )  # fmt: skip
    def test_every_status_is_kept_and_has_a_state(self, status: str, state: str) -> None:
        """An unknown one is not refused."""
        report = provider().parse_delivery({"id": "ATXid_1", "status": status, "failureReason": "UserInBlacklist"})

        assert report == Delivery("ATXid_1", status, state, "UserInBlacklist")

    @pytest.mark.parametrize("form", [{}, {"id": "ATXid_1"}, {"status": "Success"}, {"id": "", "status": "x"}])
    def test_without_id_or_status_it_is_none(self, form: dict[str, str]) -> None:
        """There is nothing to match."""
        with pytest.raises(NotACallback):
            provider().parse_delivery(form)


class Service:
    """A small local Africa's Talking that answers as it is told, and keeps what it was sent."""

    def __init__(self) -> None:
        self.answer: Answer = self._accept
        self.forms: list[dict[str, list[str]]] = []
        self.keys: list[str] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.forms.append(parse_qs(await request.text()))
        self.keys.append(request.headers.get("apiKey", ""))
        return await self.answer(request)

    async def _accept(self, _: web.Request) -> web.StreamResponse:
        return as_it_answers(json.dumps(accepted()))

    def says(self, text: str, *, status: int = 201, kind: str = JSON) -> None:
        async def answer(_: web.Request) -> web.StreamResponse:
            return as_it_answers(text, status, kind)

        self.answer = answer


def as_it_answers(text: str, status: int = 201, kind: str = JSON) -> web.Response:
    """With exactly this content type: the package looks at it."""
    return web.Response(status=status, body=text.encode(), headers={"Content-Type": kind})


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
async def sending(service: Service) -> AsyncIterator[Provider]:
    """The provider, pointed at the local service."""
    application = web.Application()
    application.router.add_post("/version1/messaging", service.handle)
    async with TestServer(application) as server:
        made = provider(str(server.make_url("/version1")))
        yield made
        made.close()


class TestSending:
    """One message through the official package, over real HTTP."""

    async def test_it_is_sent_as_the_service_wants_it(self, sending: Provider, service: Service) -> None:
        """Account, recipient, sender id and text; the key in its header."""
        sent = await sending.send_sms(HELLO)

        assert sent == SentSms("ATXid_1", "KES 0.8000", "NYOTA")
        assert service.keys == ["hush"]
        (form,) = service.forms
        assert (form["username"], form["to"]) == (["sandbox"], ["+254711000001"])
        assert (form["message"], form["from"]) == (["Hello é"], ["NYOTA"])

    async def test_one_with_a_link_is_charged_to_it(self, sending: Provider, service: Service) -> None:
        """From the short code, as a premium message; the keyword where there is one."""
        for keyword in ("NEWS", ""):
            await sending.send_sms(OutgoingSms(HELLO.msisdn, HELLO.text, "20384", link_id="L1", keyword=keyword))

        with_keyword, without = service.forms
        assert (with_keyword["from"], with_keyword["linkId"], with_keyword["bulkSMSMode"]) == (["20384"], ["L1"], ["0"])
        assert with_keyword["keyword"] == ["NEWS"]
        assert "keyword" not in without

    async def test_one_from_a_short_code_is_charged_to_nobody(self, sending: Provider, service: Service) -> None:
        """The code is its sender, and that is all."""
        await sending.send_sms(OutgoingSms(HELLO.msisdn, HELLO.text, "20383"))

        (form,) = service.forms
        assert (form["from"], form["bulkSMSMode"]) == (["20383"], ["1"])
        assert "linkId" not in form

    @pytest.mark.parametrize(
        ("settings", "expected"),
        [
            (
                {"sms_base_url": "https://api.africastalking.com/version1"},
                "https://content.africastalking.com/version1",
            ),
            ({"sms_base_url": "http://127.0.0.1:1/at/version1/"}, "http://127.0.0.1:1/at/version1"),
            ({"premium_base_url": "http://127.0.0.1:2/v1/"}, "http://127.0.0.1:2/v1"),
        ],
    )
    def test_premium_messages_go_to_their_own_place(self, settings: dict[str, str], expected: str) -> None:
        """The service's, the same one outside of production, or where the configuration says."""
        made = provider(**settings)

        assert made._service._contentUrl == expected
        made.close()

    @pytest.mark.parametrize("code", [100, 101, 102])
    async def test_taken_is_taken(self, sending: Provider, service: Service, code: int) -> None:
        """Processed, sent, queued."""
        service.says(json.dumps(accepted(code)))

        assert (await sending.send_sms(HELLO)).provider_id == "ATXid_1"

    async def test_a_charset_in_the_content_type_changes_nothing(self, sending: Provider, service: Service) -> None:
        """The package then hands over text instead of a mapping."""
        service.says(json.dumps(accepted()), kind="application/json; charset=utf-8")

        assert (await sending.send_sms(HELLO)).provider_id == "ATXid_1"

    async def test_nobody_accepted_is_a_final_refusal(self, sending: Provider, service: Service) -> None:
        """201 with an empty list: the sender id, say. The message says which."""
        service.says(json.dumps({"SMSMessageData": {"Message": "InvalidSenderId", "Recipients": []}}))

        with pytest.raises(Rejected) as refused:
            await sending.send_sms(HELLO)

        assert refused.value.code == "InvalidSenderId"

    @pytest.mark.parametrize("code", [401, 402, 403, 404, 406, 407, 409])
    async def test_codes_of_a_recipient_that_are_final(self, sending: Provider, service: Service, code: int) -> None:
        """Blacklisted, unroutable, invalid: a repeat would not help."""
        service.says(json.dumps(accepted(code, "UserInBlacklist")))

        with pytest.raises(Rejected) as refused:
            await sending.send_sms(HELLO)

        assert refused.value.code == str(code)

    @pytest.mark.parametrize("code", [405, 500, 501, 502])
    async def test_codes_of_a_recipient_that_pass(self, sending: Provider, service: Service, code: int) -> None:
        """No money on the account, their own trouble: again later."""
        service.says(json.dumps(accepted(code, "InsufficientBalance")))

        with pytest.raises(Throttled):
            await sending.send_sms(HELLO)

    async def test_a_wrong_key_is_a_final_refusal_that_does_not_show_it(
        self, sending: Provider, service: Service
    ) -> None:
        """401 with plain text."""
        service.says("The supplied authentication is invalid", status=401, kind="text/plain")

        with pytest.raises(Rejected) as refused:
            await sending.send_sms(HELLO)

        assert refused.value.code == "401"
        assert "hush" not in str(refused.value)

    @pytest.mark.parametrize(
        ("status", "text", "kind"),
        [
            (500, "<html>oops</html>", "text/html"),
            (502, "", "text/html"),
            (200, "<html>a proxy</html>", "text/html"),
            (201, "", "application/json"),
            (201, "{broken", "application/json"),
            (201, "{broken", "application/json; charset=utf-8"),
            (201, "[]", "application/json"),
            (201, "null", "application/json"),
            (201, '"text"', "application/json"),
            (201, '{"SMSMessageData": "Sent"}', "application/json"),
            (201, '{"SMSMessageData": {"Recipients": "one"}}', "application/json"),
            (201, '{"SMSMessageData": {"Recipients": ["+254711000001"]}}', "application/json"),
            (201, '{"SMSMessageData": {"Recipients": [{"statusCode": "what"}]}}', "application/json"),
            (201, '{"SMSMessageData": {"Recipients": [{"statusCode": null}]}}', "application/json"),
        ],
    )
    async def test_an_answer_nobody_understands_is_uncertain(
        self, sending: Provider, service: Service, status: int, text: str, kind: str
    ) -> None:
        """The message may have gone out: neither sent nor refused."""
        service.says(text, status=status, kind=kind)

        with pytest.raises(Uncertain):
            await sending.send_sms(HELLO)

    async def test_nobody_listening_is_unavailable(self) -> None:
        """The request never left."""
        away = provider(f"http://127.0.0.1:{unused_port()}")

        with pytest.raises(Unavailable):
            await away.send_sms(HELLO)
        away.close()

    async def test_a_name_that_does_not_resolve_is_unavailable(self) -> None:
        """Nor did this one."""
        away = provider("http://nyota.invalid")

        with pytest.raises(Unavailable):
            await away.send_sms(HELLO)
        away.close()

    async def test_a_connection_that_breaks_after_the_request_is_uncertain(
        self, sending: Provider, service: Service
    ) -> None:
        """They may have taken it."""

        async def hang_up(request: web.Request) -> web.StreamResponse:
            assert request.transport
            request.transport.abort()
            return web.Response()

        service.answer = hang_up

        with pytest.raises(Uncertain):
            await sending.send_sms(HELLO)

    async def test_an_answer_that_breaks_off_is_uncertain(self, sending: Provider, service: Service) -> None:
        """Half an answer is none."""

        async def break_off(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse(status=201, headers={"Content-Type": "application/json"})
            response.enable_chunked_encoding()
            await response.prepare(request)
            await response.write(b'{"SMSMessageData": ')
            assert request.transport
            request.transport.abort()
            return response

        service.answer = break_off

        with pytest.raises(Uncertain):
            await sending.send_sms(HELLO)

    async def test_no_answer_in_time_is_uncertain(
        self, sending: Provider, service: Service, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The package's own patience, shortened."""
        released = asyncio.Event()

        async def wait(_: web.Request) -> web.StreamResponse:
            await released.wait()
            return web.Response()

        service.answer = wait
        monkeypatch.setattr(SMSService.send, "__defaults__", (None, False, None, (0.2, 0.2)))

        with pytest.raises(Uncertain, match="in time"):
            await sending.send_sms(HELLO)
        released.set()

    async def test_a_number_the_package_refuses_never_leaves(self, sending: Provider, service: Service) -> None:
        """Final: no repeat makes a phone of it."""
        with pytest.raises(Rejected):
            await sending.send_sms(OutgoingSms("not a phone", "Hello"))

        assert service.forms == []

    async def test_sending_does_not_hold_the_loop(self, sending: Provider, service: Service) -> None:
        """The answer comes from the very loop that waits for it, several at once."""
        both = asyncio.Barrier(2)

        async def together(_: web.Request) -> web.StreamResponse:
            async with asyncio.timeout(5):
                await both.wait()
            return as_it_answers(json.dumps(accepted()))

        service.answer = together

        sent = await asyncio.gather(sending.send_sms(HELLO), sending.send_sms(HELLO))

        assert [one.provider_id for one in sent] == ["ATXid_1", "ATXid_1"]
