"""Tables that are written while they are read."""

from collections.abc import AsyncIterator, Mapping

from aiohttp import web

UNKEPT: Mapping[str, str] = {"Cache-Control": "no-store"}


async def streamed(
    request: web.Request, name: str, pieces: AsyncIterator[bytes], headers: Mapping[str, str] = UNKEPT
) -> web.StreamResponse:
    """A CSV file. One that breaks off in the middle ends without its last line."""
    response = web.StreamResponse(headers={**headers, "Content-Disposition": f'attachment; filename="{name}"'})
    response.content_type, response.charset = "text/csv", "utf-8"
    await response.prepare(request)
    async for piece in pieces:
        await response.write(piece)
    await response.write_eof()
    return response
