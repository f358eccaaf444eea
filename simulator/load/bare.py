"""The yardstick: the least that any Python gateway does with a USSD callback, as a process of its own.

aiohttp on uvloop, no access log: parse the form, answer a constant. `python -m simulator.load.bare --port 9000`
"""

import argparse
import asyncio
import signal
from urllib.parse import parse_qsl

import uvloop
from aiohttp import web

from simulator.load.child import HOST

CONSTANT = "CON Nyota: Amina\n1 Balance\n2 Borrow\n3 Repay\n4 My loans\n8 My account\n9 Help"
PATH = "/api/ussd/handler"


async def handle(request: web.Request) -> web.Response:
    """Parse the form as a gateway must, and say always the same."""
    form = dict(parse_qsl((await request.read()).decode(), keep_blank_values=True))
    if "sessionId" not in form:
        return web.Response(status=400)
    return web.Response(text=CONSTANT, content_type="text/plain")


async def serve(port: int) -> None:
    """Answer until SIGTERM or Ctrl-C."""
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    application = web.Application()
    application.router.add_post(PATH, handle)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, HOST, port).start()
    await told.wait()
    await runner.cleanup()


def main() -> None:
    parser = argparse.ArgumentParser(prog="bare", description="A form handler that always says the same.")
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1")
    uvloop.run(serve(parser.parse_args().port))


if __name__ == "__main__":
    main()
