"""An HTTP gateway for SMS that is configuration only: what it wants, how it answers, what its codes mean.

    messages:
      gateways:
        celcom: {preset: kenyan, url: https://isms.celcomafrica.com/api/services/sendsms/, user: "1234", sender: NYOTA}

Presets are in `gateway.sending.presets`. A code that nobody has explained is doubt: the message may have gone out.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import aiohttp
import msgspec

from gateway.bodies import read_up_to
from gateway.config import HttpGateway as Settings
from gateway.errors import Rejected, Throttled, Unavailable, Uncertain
from gateway.providers.contract import SENT_ID_CHARACTERS_MAX, OutgoingSms, SentSms, storable
from gateway.sending.presets import PRESETS

ANSWER_BYTES_MAX = 100_000


class HttpGateway:
    """One account. Speaks `SmsProvider.send_sms`. Reports of delivery are not read: what it took stays `sent`."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self._settings = settings
        self._shape = PRESETS[settings.preset]
        self._timeout = aiohttp.ClientTimeout(total=settings.timeout_seconds, connect=settings.timeout_seconds / 2)
        self._session: aiohttp.ClientSession | None = None

    async def send_sms(self, message: OutgoingSms) -> SentSms:
        shape = self._shape
        fields = self._fields(message)
        where: Mapping[str, Any] = {{"json": "json", "form": "data", "query": "params"}[shape.body]: fields}
        try:
            async with self._opened().request(
                shape.method, self._settings.url, timeout=self._timeout, headers=self._headers(), **where
            ) as response:
                status, body = response.status, await read_up_to(response, ANSWER_BYTES_MAX)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            raise Unavailable(f"{self.name}: could not connect") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Uncertain(f"{self.name}: no answer in time") from error
        return replace(self._read(status, body), sender=message.sender or self._settings.sender)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        return self._session

    def _headers(self) -> Mapping[str, str]:
        key = self._settings.api_key.get_secret_value()
        return {name: value.format(key=key) for name, value in self._shape.headers.items()}

    def _fields(self, message: OutgoingSms) -> dict[str, str]:
        key = self._settings.api_key.get_secret_value()
        known = {
            "to": _written(message.msisdn, self._shape.number),
            "text": message.text,
            "sender": message.sender or self._settings.sender,
            "user": self._settings.user,
            "key": key,
            "key_md5": hashlib.md5(key.encode(), usedforsecurity=False).hexdigest(),
        }
        return {name: value.format(**known) for name, value in self._shape.fields.items()}

    def _read(self, status: int, body: bytes) -> SentSms:
        """The one recipient's fate. An answer that cannot be read came after the message may have gone out."""
        if status == 429:
            raise Throttled(f"{self.name}: too fast")
        if status in {401, 403}:
            raise Rejected(f"{self.name}: the credentials are not accepted", "credentials")
        try:
            answer = msgspec.json.decode(body)
        except msgspec.DecodeError as error:
            raise Uncertain(f"{self.name}: status {status}, an answer that is no JSON") from error
        code = str(_at(answer, self._shape.code_paths) or "")
        if code in self._shape.accepted:
            return SentSms(storable(str(_at(answer, self._shape.id_paths) or ""), SENT_ID_CHARACTERS_MAX), "")
        meaning = self._shape.meanings.get(code)
        if meaning is None:
            raise Uncertain(f"{self.name}: status {status}, code {code[:20] or 'none'}", code=code[:20])
        if meaning == "later":
            raise Unavailable(f"{self.name}: refused for now", code=code)
        raise Rejected(f"{self.name}: {meaning}", code if meaning == "number" else meaning)


def _written(msisdn: str, form: str) -> str:
    """E.164 as the gateway wants it."""
    local = msisdn.removeprefix("+254")
    return {"254": f"254{local}", "+254": f"+254{local}", "07": f"0{local}", "7": local}[form]


def _at(answer: Any, paths: tuple[str, ...]) -> Any:
    """What stands at the first of these paths that is there: `responses.0.messageid`."""
    for path in paths:
        found = answer
        for name in path.split("."):
            if isinstance(found, list) and name.isdigit() and int(name) < len(found):
                found = found[int(name)]
            elif isinstance(found, dict):
                found = found.get(name)
            else:
                found = None
        if found is not None:
            return found
    return None
