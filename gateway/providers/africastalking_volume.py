"""Many messages to Africa's Talking: the same endpoint as the package's, on connections that stay open.

The package opens a connection and holds a thread per request, which is the cost of a message. A text that goes to
several people goes once, with all their numbers.

    POST /version1/messaging   apiKey: ...
    username=sandbox&to=%2B254711000001,%2B254711000002&message=Office%20closed&bulkSMSMode=1&from=NYOTA
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import aiohttp

from gateway.bodies import read_up_to
from gateway.config import AfricasTalking
from gateway.errors import NyotaError, Throttled, Unavailable, Uncertain
from gateway.providers.africastalking_answers import NOT_UNDERSTOOD, fates, refusal
from gateway.providers.contract import SentSms

ANSWER_BYTES_MAX = 1_000_000
CONNECT_SECONDS = 5.0


class Volume:
    """One account. Opens its connections when it is first used."""

    def __init__(self, settings: AfricasTalking) -> None:
        self._url = f"{settings.sms_base_url.rstrip('/')}/messaging"
        self._username, self._key, self._sender = settings.username, settings.api_key, settings.sender
        self._connections = settings.connections
        self._timeout = aiohttp.ClientTimeout(total=settings.timeout_seconds, connect=CONNECT_SECONDS)
        self._session: aiohttp.ClientSession | None = None

    async def send(self, text: str, numbers: Sequence[str], sender: str = "") -> Mapping[str, SentSms | NyotaError]:
        """What became of it for each. Raises what became of it for all: see `gateway.errors`."""
        form = {"username": self._username, "to": ",".join(numbers), "message": text, "bulkSMSMode": "1"}
        if sender := sender or self._sender:
            form["from"] = sender
        try:
            async with self._opened().post(self._url, data=form) as response:
                status, body = response.status, await read_up_to(response, ANSWER_BYTES_MAX)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            raise Unavailable("could not connect") from error
        except TimeoutError as error:
            raise Uncertain("no answer in time") from error
        except (aiohttp.ClientError, OSError) as error:
            raise Uncertain("connection broke") from error
        told = self._read(status, body, numbers)
        return {
            number: replace(fate, sender=sender) if isinstance(fate, SentSms) else fate for number, fate in told.items()
        }

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _read(self, status: int, body: bytes, numbers: Sequence[str]) -> Mapping[str, SentSms | NyotaError]:
        if status == 429:
            raise Throttled("too fast")
        if status in {200, 201}:
            return fates(body, numbers)
        if status >= 500:
            raise Uncertain(NOT_UNDERSTOOD)
        raise refusal(body[:1000].decode("utf-8", "replace"))

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections),
                headers={"apiKey": self._key.get_secret_value(), "Accept": "application/json"},
                timeout=self._timeout,
            )
        return self._session
