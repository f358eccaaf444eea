"""What goes wrong between a call and its answer, whichever service was called.

| fault | the call | what the caller sees |
|---|---|---|
| timeout | is performed | nothing for `seconds`, then a closed connection |
| http-500 | is performed | a 500 with a page of HTML |
| slow | is performed | the answer, `seconds` late |
| drop | is not performed | a closed connection |
| busy | is not performed | the service's own words for "too much traffic" |
"""

from collections.abc import Awaitable, Callable

from aiohttp import web

from simulator.standins.faults import Drawn
from simulator.standins.world import World

JUNK = (
    "<html><head><title>500 Internal Server Error</title></head>"
    "<body><h1>Internal Server Error</h1><p>Incident 0x7f3a, policy execution.</p></body></html>"
)


async def misbehave(
    world: World,
    request: web.Request,
    drawn: Drawn,
    *,
    perform: Callable[[], Awaitable[web.Response]],
    busy: Callable[[], web.Response],
) -> web.Response:
    """Perform a call and answer it as the drawn faults want."""
    if "drop" in drawn:
        return _hang_up(request)
    if "busy" in drawn:
        return busy()
    response = await perform()
    await _hold(world, drawn.of("slow"))
    if "timeout" in drawn:
        await _hold(world, drawn.of("timeout"))
        return _hang_up(request)
    if "http-500" in drawn:
        return web.Response(status=500, text=JUNK, content_type="text/html")
    return response


async def _hold(world: World, seconds: float) -> None:
    if seconds:
        await world.pulse.until(lambda: world.is_stopping, seconds)


def _hang_up(request: web.Request) -> web.Response:
    """Close the connection; the response that the framework insists on goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
