"""Callbacks of carriers over HTTP: what names a phone gets a screen, what is no callback a 4xx and one log line."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway import app
from gateway.errors import Misconfigured
from tests.house import House, Houses
from tests.meddling import AMINA

HOP = {"sessionId": "ATUid_1", "phoneNumber": AMINA, "serviceCode": "*383#", "text": ""}
HANDLER = "/api/ussd/handler"


async def sent(house: House, method: str = "POST", path: str = HANDLER, **request: Any) -> tuple[int, str, str]:
    async with house.http.request(method, f"{house.url}{path}", **request) as response:
        return response.status, response.headers["Content-Type"], await response.text()


class TestACallback:
    """The road in and out."""

    @pytest.mark.parametrize("path", [HANDLER, "/api/ussd/africastalking"])
    async def test_it_is_answered_in_the_carriers_own_words(self, house: House, path: str) -> None:
        """Plain text that begins with CON or END."""
        status, kind, body = await sent(house, path=path, data=HOP)

        assert (status, kind) == (200, "text/plain; charset=utf-8")
        assert body.startswith("CON Nyota")

    async def test_a_form_with_a_charset_in_its_type_is_a_form(self, house: House) -> None:
        """As many clients write it."""
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
        body = b"sessionId=ATUid_1&phoneNumber=%2B254711000001&serviceCode=%2A383%23&text="

        status, _, answer = await sent(house, data=body, headers=headers)

        assert status == 200
        assert answer.startswith("CON ")

    async def test_bytes_that_are_no_utf_8_are_still_a_hop(self, house: House) -> None:
        """A broken handset is a customer too."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        body = b"sessionId=ATUid_1&phoneNumber=%2B254711000001&serviceCode=%2A383%23&text=%ff%fe\xff"

        status, _, answer = await sent(house, data=body, headers=headers)

        assert status == 200
        assert answer.startswith("CON ")


class TestNoCallback:
    """A request that is no hop at all."""

    @pytest.mark.parametrize(
        ("form", "named"),
        [
            ({**HOP, "sessionId": ""}, "sessionId"),
            ({**HOP, "phoneNumber": ""}, "phoneNumber"),
            ({**HOP, "phoneNumber": "nobody"}, "phoneNumber"),
            ({"text": "1"}, "sessionId"),
        ],
    )
    async def test_without_phone_or_session_it_is_a_400_and_one_log_line(
        self, house: House, form: dict[str, str], named: str
    ) -> None:
        """Which names the field and not the value."""
        with capture_logs() as logs:
            status, kind, body = await sent(house, data=form)

        assert (status, kind) == (400, "application/problem+json")
        assert "urn:nyota:problem:not-a-callback" in body
        assert [(line["event"], line["reason"]) for line in logs if line["log_level"] == "warning"] == [
            ("not_a_callback", f"{named} is missing or malformed")
        ]

    @pytest.mark.parametrize(
        "request_",
        [
            {"json": HOP},
            {"data": b"", "headers": {"Content-Type": "text/plain"}},
            {"data": b"sessionId=ATUid_1", "headers": {"Content-Type": "application/octet-stream"}},
            {"data": "&".join(f"field{number}=1" for number in range(100)),
             "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
        ],
        ids=["json", "text", "bytes", "too-many-fields"],
    )  # fmt: skip
    async def test_another_content_type_or_shape_is_a_400(self, house: House, request_: dict[str, Any]) -> None:
        """Read as a form, it would be a hop that nobody sent."""
        status, kind, body = await sent(house, **request_)

        assert (status, kind) == (400, "application/problem+json")
        assert "urn:nyota:problem:not-a-callback" in body

    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
    async def test_another_method_is_a_405(self, house: House, method: str) -> None:
        """The carrier posts."""
        status, kind, _ = await sent(house, method)

        assert (status, kind) == (405, "application/problem+json")

    async def test_a_body_without_end_is_a_413(self, house: House) -> None:
        """The limit is in the configuration."""
        status, kind, _ = await sent(house, data={**HOP, "text": "1" * 70_000})

        assert (status, kind) == (413, "application/problem+json")

    @pytest.mark.parametrize("path", ["/api/ussd/nobody", "/api/ussd/", "/", "/api/ussd/handler/a/b"])
    async def test_another_path_is_a_404(self, house: House, path: str) -> None:
        """As a problem, like every error."""
        status, kind, body = await sent(house, path=path, data=HOP)

        assert (status, kind) == (404, "application/problem+json")
        assert "urn:nyota:problem:not-found" in body

    async def test_none_of_them_leaves_a_trace(self, house: House) -> None:
        """No session, no operation."""
        await sent(house, json=HOP)
        await sent(house, data={"text": "1"})

        assert await house.operations() == []
        assert (await house.ops("GET", "/api/ussd/sessions"))[1]["sessions"] == []


class TestTokens:
    """Whoever knows the path is the carrier."""

    async def test_with_a_token_only_its_path_is_open(self, houses: Houses) -> None:
        """Refused without saying more, before the form is read."""
        house = await houses.build(
            works=False, providers={"africastalking": {"callback_token": "feedbeef", "open_callbacks": False}}
        )
        opened = [f"{HANDLER}/feedbeef", "/api/ussd/africastalking/feedbeef"]
        closed = [HANDLER, f"{HANDLER}/feedbee", f"{HANDLER}/FEEDBEEF", f"{HANDLER}/%66eedbee", f"{HANDLER}/%ff"]

        answers = {path: (await sent(house, path=path, data=HOP))[0] for path in [*opened, *closed]}

        assert [answers[path] for path in opened] == [200, 200]
        assert {answers[path] for path in closed} == {403}
        assert (await sent(house, path=HANDLER, json="junk"))[0] == 403

    async def test_open_callbacks_have_no_token(self, house: House) -> None:
        """A path with one is somebody guessing."""
        assert (await sent(house, path=f"{HANDLER}/anything", data=HOP))[0] == 403

    async def test_neither_token_nor_permission_stops_the_start(self, house: House, tmp_path: Any) -> None:
        """Naming the key that is missing."""
        closed = house.config.providers.africastalking.model_copy(update={"open_callbacks": False})
        providers = house.config.providers.model_copy(update={"africastalking": closed})

        with pytest.raises(Misconfigured, match=r"providers\.africastalking\.callback_token"):
            app.build(house.config.model_copy(update={"providers": providers}), tmp_path)
