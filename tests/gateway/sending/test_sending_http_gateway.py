"""HTTP gateways over real HTTP: what they are sent, and what their answers mean."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from gateway.config import HttpGateway as Settings
from gateway.errors import NyotaError, Rejected, Throttled, Unavailable, Uncertain
from gateway.providers.contract import OutgoingSms
from gateway.sending.http_gateway import HttpGateway

MESSAGE = OutgoingSms("+254711000001", "Wallet Ksh 5,000")
MD5_OF_KEY = "3c6e0b8a9c15224a8228b9a98ca1531d"


class Gateway:
    """Answers what it was told to, and keeps what it was asked."""

    def __init__(self) -> None:
        self.status, self.body = 200, ""
        self.asked: list[dict[str, Any]] = []
        self.headers: list[str] = []

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.text()
        self.asked.append(json.loads(body) if body else dict(request.query))
        self.headers.append(request.headers.get("Authorization", ""))
        return web.Response(status=self.status, text=self.body)


@pytest.fixture
def far() -> Gateway:
    return Gateway()


@pytest.fixture
async def url(far: Gateway) -> AsyncIterator[str]:
    application = web.Application()
    application.router.add_route("*", "/send", far.handle)
    async with TestServer(application) as server:
        yield str(server.make_url("/send"))


async def sent(preset: str, url: str) -> tuple[str, str]:
    gateway = HttpGateway(
        "far", Settings(preset=preset, url=url, user="1234", api_key="key", sender="NYOTA", timeout_seconds=2)
    )
    try:
        answer = await gateway.send_sms(MESSAGE)
    finally:
        await gateway.close()
    return answer.provider_id, answer.cost


class TestKenyan:
    async def test_it_is_asked_in_its_own_words(self, far: Gateway, url: str) -> None:
        """And answers with its id."""
        far.body = '{"responses": [{"response-code": 200, "mobile": 254711000001, "messageid": 8290842}]}'

        assert await sent("celcom", url) == ("8290842", "")
        assert far.asked == [
            {
                "apikey": "key", "partnerID": "1234", "message": "Wallet Ksh 5,000", "shortcode": "NYOTA",
                "mobile": "254711000001",
            }
        ]  # fmt: skip

    async def test_the_misspelt_key_of_some_hosts_is_read_too(self, far: Gateway, url: str) -> None:
        """As seen in the wild."""
        far.body = '{"responses": [{"respose-code": 200, "messageid": 1}]}'

        assert await sent("advanta", url) == ("1", "")

    @pytest.mark.parametrize(
        ("code", "error", "said"),
        [
            (1003, Rejected, "1003"),
            (1004, Rejected, "credit"),
            (1006, Rejected, "credentials"),
            (4090, Unavailable, None),
            (1007, Uncertain, None),
            (9999, Uncertain, None),
        ],
    )
    async def test_what_its_codes_mean(
        self, far: Gateway, url: str, code: int, error: type[NyotaError], said: str | None
    ) -> None:
        """A code that nobody has explained is doubt."""
        far.body = json.dumps({"responses": [{"response-code": code}]})

        with pytest.raises(error) as raised:
            await sent("kenyan", url)

        assert type(raised.value) is error
        assert getattr(raised.value, "code", None) == said


class TestAirtouch:
    async def test_the_key_goes_out_hashed(self, far: Gateway, url: str) -> None:
        """In the query, as it wants it."""
        far.body = '{"status_code": "1000", "message_id": "77"}'

        assert await sent("damza", url) == ("77", "")
        assert far.asked[0]["password"] == MD5_OF_KEY
        assert far.asked[0]["msisdn"] == "254711000001"


class TestMobilesasa:
    async def test_the_key_goes_into_a_header(self, far: Gateway, url: str) -> None:
        """And nowhere else."""
        far.body = '{"responseCode": "0200", "messageId": "abc"}'

        assert await sent("mobilesasa", url) == ("abc", "")
        assert far.headers == ["Bearer key"]
        assert "key" not in far.asked[0].values()


class TestAnswers:
    @pytest.mark.parametrize(
        ("status", "body", "error"),
        [
            (429, "", Throttled),
            (401, "", Rejected),
            (500, "<html>oops</html>", Uncertain),
            (200, "", Uncertain),
            (200, "[]", Uncertain),
            (200, '{"responses": []}', Uncertain),
            (200, '{"responses": [{"response-code": null}]}', Uncertain),
        ],
    )
    async def test_what_cannot_be_understood_is_doubt(
        self, far: Gateway, url: str, status: int, body: str, error: type[NyotaError]
    ) -> None:
        """The message may have gone out."""
        far.status, far.body = status, body

        with pytest.raises(error):
            await sent("kenyan", url)

    async def test_nobody_there_is_no_doubt(self, unused_tcp_port: int) -> None:
        """A connection that never was carried nothing."""
        with pytest.raises(Unavailable):
            await sent("kenyan", f"http://127.0.0.1:{unused_tcp_port}/send")
