"""Starts the phone: with a script it plays and tells how it went, without one it opens the terminal phone."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from simulator.dialogue import DialogueError
from simulator.line import dialled_at
from simulator.numbers import e164
from simulator.outside import standins_url
from simulator.phone.app import PhoneApp
from simulator.phone.people import PEOPLE
from simulator.phone.transcript import perform

OK = 0
DIFFERENCE = 1
UNUSABLE = 2


def main(
    url: str, standins: str | None = None, msisdn: str | None = None, script: Path | str | None = None,
    secrets: Sequence[str] = (), over: str = "http",
) -> int:  # fmt: skip
    """Run the phone and answer with an exit code: 0 fine, 1 a difference, 2 it could not be started.

    The stand-ins are on the port after the gateway's unless named. With a script `msisdn` takes the place
    of the phone that the script starts with; without one it chooses the line that is picked up first. `secrets` are
    what the script leaves out, as `name=value`. `over` is the network: `http`, or `smpp` through the stand-ins' centre.
    """
    try:
        outside = standins or standins_url(url)
        phone = None if msisdn is None else e164(msisdn)
        if script is None:
            return _open(url, outside, phone or PEOPLE[0].msisdn, over)
        same = asyncio.run(perform(Path(script), url, outside, msisdn=phone, secrets=_named(secrets), over=over))
    except (DialogueError, ValueError, OSError) as error:
        return _refuse(str(error))
    return OK if same else DIFFERENCE


def _named(secrets: Sequence[str]) -> dict[str, str]:
    pairs = dict(secret.partition("=")[::2] for secret in secrets)
    if wrong := [name for name, value in pairs.items() if not name or not value]:
        raise ValueError(f"a secret is given as name=value, not {wrong[0]!r}")
    return pairs


def _open(url: str, standins: str, msisdn: str, over: str) -> int:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return _refuse("the phone needs a terminal to draw on; without one, play a dialogue with --script FILE")
    asyncio.run(_attend(PhoneApp(url, standins, msisdn, dialled=dialled_at(url, standins, over), over=over)))
    return OK


async def _attend(app: PhoneApp) -> None:
    """Run the app so that closing its window ends it as politely as Ctrl-Q does."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP):
        with contextlib.suppress(NotImplementedError, ValueError):
            loop.add_signal_handler(number, app.exit)
    await app.run_async()


def _refuse(reason: str) -> int:
    print(f"nyota phone: {reason}", file=sys.stderr)
    return UNUSABLE
