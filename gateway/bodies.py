"""The body of an answer, whole or up to a bound: a single read is only what has come so far."""

import aiohttp


async def read_up_to(response: aiohttp.ClientResponse, most: int) -> bytes:
    """At most so many bytes of it. Raises what reading from a connection raises."""
    read = bytearray()
    async for piece in response.content.iter_any():
        read += piece
        if len(read) >= most:
            break
    return bytes(read[:most])
