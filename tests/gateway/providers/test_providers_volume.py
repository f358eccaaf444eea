"""Many messages to Africa's Talking over HTTP: the answer is read whole, however it comes."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from gateway.config import AfricasTalking
from gateway.providers.africastalking_volume import Volume
from gateway.providers.contract import SentSms

PHONES = [f"+25471100{number:04d}" for number in range(100)]


async def in_pieces(request: web.Request) -> web.StreamResponse:
    """Everybody is accepted; the answer leaves in pieces, each once the one before is on its way."""
    recipients = [{"statusCode": 101, "number": phone, "messageId": f"ATX{phone}", "cost": ""} for phone in PHONES]
    body = json.dumps({"SMSMessageData": {"Message": "Sent", "Recipients": recipients}}).encode()
    response = web.StreamResponse(status=201, headers={"Content-Type": "application/json"})
    await response.prepare(request)
    for start in range(0, len(body), 1_000):
        await response.write(body[start : start + 1_000])
        await asyncio.sleep(0)
    await response.write_eof()
    return response


@pytest.fixture
async def url() -> AsyncIterator[str]:
    application = web.Application()
    application.router.add_post("/messaging", in_pieces)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


class TestAnswers:
    async def test_one_that_comes_in_pieces_tells_everybodys_fate(self, url: str) -> None:
        """Half of it would be doubt for all of them, and receipts would be sent twice."""
        volume = Volume(AfricasTalking(sms_base_url=url))
        try:
            fates = await volume.send("hello", PHONES)
        finally:
            await volume.close()

        assert fates == {phone: SentSms(f"ATX{phone}", "", "NYOTA") for phone in PHONES}
