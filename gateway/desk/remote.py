"""A running gateway, asked from a terminal with the operators' token, so that one process writes.

`nyota up` keeps the token in `<data>/ops-token`; elsewhere it is `server.ops_token` of the configuration.
"""

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from gateway.config import load
from gateway.errors import Misconfigured, Rejected, Unavailable

ANSWER_SECONDS = 3_600
CONNECT_SECONDS = 5
LOOK_SECONDS = 0.5
SERVERS_FAULT = 500

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Office:
    """Where the gateway is, and what opens its desk."""

    url: str
    token: str = field(repr=False)

    async def fetched(self, path: str) -> bytes:
        """A file. Raises Rejected, Unavailable."""
        async with self._session() as session, _called(session, "GET", path) as response:
            return await response.read()

    async def asked(self, path: str, body: dict[str, Any], *, key: str = "") -> dict[str, Any]:
        """What the desk answers to a body; the same `key` again is the same wish. Raises Rejected, Unavailable."""
        headers = {"Idempotency-Key": key} if key else {}
        async with self._session() as session:
            return await _answer(session, "POST", path, json=body, headers=headers)

    async def called(self, method: str, path: str, **how: Any) -> dict[str, Any]:
        """What the desk answers to any other call, `how` as aiohttp takes it. Raises Rejected, Unavailable."""
        async with self._session() as session:
            return await _answer(session, method, path, **how)

    async def put(self, path: str, content: bytes) -> dict[str, Any]:
        """What the desk answers to a file. Raises Rejected, Unavailable."""
        async with self._session() as session:
            return await _answer(session, "PUT", path, data=io.BytesIO(content))

    async def brought(self, content: bytes, name: str, by: str) -> dict[str, Any]:
        """What a loan book comes to. Raises Rejected, Unavailable."""
        query, body = {"by": by, "name": name}, io.BytesIO(content)
        async with (
            self._session() as session,
            _called(session, "POST", "/api/loans/uploads", params=query, data=body) as response,
        ):
            return dict(await response.json())

    async def imported(self, upload: str, by: str, progress: Progress) -> dict[str, Any]:
        """Bring it in; `progress` hears of it meanwhile. Raises Rejected, Unavailable."""
        path = f"/api/loans/uploads/{upload}"
        async with self._session() as session:
            work = asyncio.create_task(_answer(session, "POST", f"{path}/import", json={"by": by}))
            while not (await asyncio.wait([work], timeout=LOOK_SECONDS))[0]:
                found = await _answer(session, "GET", path)
                if found["state"] == "importing":
                    progress(found["done"], found["of"])
            return await work

    def _session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            self.url,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS, sock_connect=CONNECT_SECONDS),
        )


def office(config: Path | None, data: Path, url: str | None) -> Office:
    """Raises Misconfigured when the token is nowhere."""
    settings = load(config)
    kept = data / "ops-token"
    token = settings.server.ops_token.get_secret_value() or (kept.read_text().strip() if kept.is_file() else "")
    if not token:
        raise Misconfigured(f"server.ops_token: needed; set NYOTA_SERVER__OPS_TOKEN, or name the folder with {kept}")
    return Office(url or f"http://{settings.server.host}:{settings.server.port}", token)


async def _answer(session: aiohttp.ClientSession, method: str, path: str, **body: Any) -> dict[str, Any]:
    async with _called(session, method, path, **body) as response:
        return dict(await response.json())


@asynccontextmanager
async def _called(
    session: aiohttp.ClientSession, method: str, path: str, **body: Any
) -> AsyncIterator[aiohttp.ClientResponse]:
    try:
        async with session.request(method, path, **body) as response:
            if response.status >= SERVERS_FAULT:  # whoever asked must not take it for a no: it may have been done
                raise Unavailable(f"HTTP {response.status}: {await _refusal(response)}")
            if response.status >= 400:
                raise Rejected(await _refusal(response), str(response.status))
            yield response
    except (aiohttp.ClientError, TimeoutError) as error:
        raise Unavailable(f"no gateway answers there: {type(error).__name__}") from error


async def _refusal(response: aiohttp.ClientResponse) -> str:
    if response.content_type != "application/problem+json":
        return f"HTTP {response.status}"
    return str((await response.json(content_type=None))["detail"])
