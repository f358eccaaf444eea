"""Puts the outside world together and runs it, on the loopback only."""

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import aiohttp
from aiohttp import web

from simulator.standins import africastalking, callbacks, centre, control, customers, daraja, mail, money
from simulator.standins.book import Book, BookInUseError
from simulator.standins.core import server, truth
from simulator.standins.settings import Settings, is_loopback_url
from simulator.standins.world import WORLD, World

HOST = "127.0.0.1"
BOOK_FILE = "standins.sqlite"
BODY_BYTES_MAX = 128 * 1024
SHUTDOWN_SECONDS = 2.0


def build_app(settings: Settings, *, now: Callable[[], float] = time.time) -> web.Application:
    """The whole outside world as one application. `now` gives seconds since the epoch.

    Raises BookInUseError at start-up when another process has the book in this directory open.
    """
    app = web.Application(middlewares=[daraja.refuse_strangers], client_max_size=BODY_BYTES_MAX)
    app.add_routes([*daraja.routes(), *africastalking.routes(), *server.routes()])
    app.add_routes([*control.routes(), *truth.routes(), *centre.routes(), *mail.routes()])

    async def live(app: web.Application) -> AsyncIterator[None]:
        async with aiohttp.ClientSession() as client:
            book = Book(settings.data / BOOK_FILE)
            world = World(settings, book, client, now)
            money.open_shortcodes(world)
            core = server.open_core(world)
            app[WORLD], app[server.CORE] = world, core
            tasks = [
                _background(callbacks.deliver_forever(world)),
                _background(customers.answer_forever(world)),
            ]
            async with AsyncExitStack() as stack:
                if settings.smsc_port:
                    opened = centre.Centre(world, settings.smsc_port).open()
                    app[centre.CENTRE] = await stack.enter_async_context(opened)
                if settings.mail_port:
                    await stack.enter_async_context(mail.PostOffice(world, settings.mail_port).open())
                yield
                await _stop(app)
            await asyncio.gather(*tasks, return_exceptions=True)
            await server.close_core(core)
            book.close()

    app.cleanup_ctx.append(live)
    app.on_shutdown.append(_stop)
    return app


@dataclass(frozen=True, slots=True)
class Standins:
    """A running outside world. `url` has no slash at its end."""

    url: str
    runner: web.AppRunner

    async def stop(self) -> None:
        """Stop answering and sending; what is still to be sent stays on disk."""
        await self.runner.cleanup()


async def start(settings: Settings, *, port: int = 0) -> Standins:
    """Start on this port of the loopback (0: any free one).

    Raises BookInUseError for data in use, and OSError for a taken port.
    """
    runner = web.AppRunner(build_app(settings), access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, port).start()
    except OSError:
        await runner.cleanup()
        raise
    return Standins(f"http://{HOST}:{runner.addresses[0][1]}", runner)


def run(
    *, port: int, data: Path, gateway_url: str | None = None, smsc_port: int | None = None, mail_port: int | None = None
) -> None:
    """Run until Ctrl-C or SIGTERM, then stop cleanly. Exits with one line when it cannot start."""
    if smsc_port and find_spec("smpp34") is None:
        sys.exit("a message centre needs the extra: pip install 'nyota[smpp]'")
    if gateway_url is not None and not is_loopback_url(gateway_url):
        sys.exit(f"the gateway must be on this machine, and {gateway_url} is not")
    try:
        settings = Settings(data=data, gateway_url=gateway_url, smsc_port=smsc_port, mail_port=mail_port)
        asyncio.run(_serve(settings, port))
    except BookInUseError:
        sys.exit(f"another outside world already runs on {data}")
    except OSError as error:
        sys.exit(f"cannot listen on {HOST}:{port}: {error.strerror}")


async def _serve(settings: Settings, port: int) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signal_number, stopped.set)
    standins = await start(settings, port=port)
    others = {"message centre": settings.smsc_port, "mail server": settings.mail_port}
    beside = "".join(f", {name} at {HOST}:{port}" for name, port in others.items() if port)
    print(f"stand-ins at {standins.url}{beside}", flush=True)
    await stopped.wait()
    await standins.stop()


def _background(work: Coroutine[None, None, None]) -> asyncio.Task[None]:
    """Run it beside the server; should it ever fail, say so at once and not only when the world stops."""
    task = asyncio.create_task(work)
    task.add_done_callback(_report_failure)
    return task


def _report_failure(task: asyncio.Task[None]) -> None:
    error = None if task.cancelled() else task.exception()
    if error is not None:
        context = {"message": "a part of the outside world has stopped", "exception": error, "task": task}
        task.get_loop().call_exception_handler(context)


async def _stop(app: web.Application) -> None:
    app[WORLD].is_stopping = True
    app[WORLD].pulse.beat()
