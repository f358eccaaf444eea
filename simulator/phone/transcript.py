"""A dialogue played without a screen: every hop printed as it happens, and the difference if there is one."""

import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import aiohttp

from simulator.dialogue import Dialogue, Difference, Scene, load, play
from simulator.line import Lines, dialled_at
from simulator.outside import Outside
from simulator.phone.people import person

WIDTH = 34

_PIN = re.compile(r"\bPIN\b")
_CAPTIONS = {
    "dial": "{phone} dials {typed}",
    "press": "{phone} types {typed}",
    "repeat": "the carrier delivers the last hop to {phone} again",
    "drop": "{phone} hangs up",
    "sms": "{phone} gets an SMS",
    "write": "{phone} writes an SMS: {typed}",
    "stk": "{phone} gets an M-PESA prompt and answers: {typed}",
    "outside": "the world outside from now on: {typed}",
    "core": "the core banking server is now {typed}",
}


async def perform(
    path: Path, url: str, standins: str, *, msisdn: str | None = None, secrets: Mapping[str, str] | None = None,
    over: str = "http", say: Callable[[str], None] = print,
) -> bool:  # fmt: skip
    """Play the file and tell how it went; False at the first difference.

    `msisdn` takes the place of the phone that the file starts with. `secrets` are what the file does not say, by name;
    the PIN of demo people is known. `over` is the network: `http` or `smpp`. Raises DialogueError or OSError when
    there is no dialogue in that file.
    """
    dialogue = load(path)
    if msisdn is not None:
        dialogue = dialogue.on(msisdn)
    known = {"pin": person(dialogue.phone).pin} | dict(secrets or {})
    say(f"{dialogue.name} ({path}) at {url}")
    async with aiohttp.ClientSession() as http:
        try:
            lines, outside = Lines(http, dialled_at(url, standins, over)), Outside(http, standins, over=over)
            await play(dialogue, lines, outside, on_screen=Narrator(say), secrets=known)
        except Difference as difference:
            say(f"\nDIFFERENCE {difference}")
            return False
    say(f"\nOK {_counted(dialogue)}, no difference")
    return True


class Narrator:
    """Says what happens, as a caption and a little screen. What is typed at a PIN question is not shown."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._screens: dict[str, str] = {}

    def __call__(self, scene: Scene) -> None:
        action, asked = scene.step.action, self._screens.get(scene.phone, "")
        hidden = action == "press" and _PIN.search(asked)
        typed = "*" * len(scene.typed) if hidden else scene.typed
        self._say("\n" + _CAPTIONS[action].format(phone=scene.phone, typed=typed))
        for line in _boxed(scene.text):
            self._say(line)
        if action in ("dial", "press", "repeat"):
            self._screens[scene.phone] = scene.text
            if not scene.open:
                self._say("  (the session is closed)")


def _boxed(text: str) -> Iterator[str]:
    if not text:
        return
    lines = [piece for line in text.splitlines() for piece in textwrap.wrap(line, WIDTH) or [""]]
    yield f"  ┌{'─' * (WIDTH + 2)}┐"
    for line in lines:
        yield f"  │ {line:<{WIDTH}} │"
    yield f"  └{'─' * (WIDTH + 2)}┘"


def _counted(dialogue: Dialogue) -> str:
    count = len(dialogue.steps)
    return f"{count} step{'' if count == 1 else 's'}"
