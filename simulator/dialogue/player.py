"""Plays a dialogue step by step and stops at the first difference; a Transport carries the hops."""

import asyncio
import contextlib
import difflib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from simulator.dialogue.script import NAME, Dialogue, DialogueError, Fault, Step
from simulator.errors import SimulatorError
from simulator.line import Screen
from simulator.outside import Message, Outside, Prompt

PATIENCE_SECONDS = 20.0
POLL_SECONDS = 0.05
CORE_AWAY = Fault("fineract", "down", 1.0, 1)

Found = TypeVar("Found")


class Difference(SimulatorError):
    """What came is not what the dialogue expects. The text shows the step, the expectation and the screen."""

    def __init__(self, dialogue: Dialogue, step: Step, expected: str, screen: str) -> None:
        self.file = dialogue.file
        self.step = step.number
        self.expected = expected
        self.screen = screen
        place = f"{dialogue.file}:{step.line}: step {step.number} ({step.title})"
        shown = "\n".join(f"  | {line}" for line in screen.splitlines()) or "  | (nothing)"
        super().__init__(f"{place}: {expected}\nthe screen:\n{shown}")


class Transport(Protocol):
    """Whatever carries a hop to a gateway or to a bare engine: each hop answers with (text, open)."""

    async def dial(self, phone: str, dialled: str, /) -> tuple[str, bool]: ...

    async def send(self, phone: str, answer: str, /) -> tuple[str, bool]: ...

    async def repeat(self, phone: str, /) -> tuple[str, bool]: ...

    def hang_up(self, phone: str, /) -> None: ...


@dataclass(frozen=True, slots=True)
class Scene:
    """What just happened: the step, on which phone, what was typed, and the screen, SMS or prompt it got."""

    step: Step
    phone: str
    typed: str
    text: str
    open: bool


OnScreen = Callable[[Scene], None]
"""Told about every scene, also the one that turns out to be a Difference."""


async def play(
    dialogue: Dialogue,
    transport: Transport,
    outside: Outside | None = None,
    *,
    on_screen: OnScreen | None = None,
    patience_seconds: float = PATIENCE_SECONDS,
    secrets: Mapping[str, str] | None = None,
) -> Mapping[str, str]:
    """Play every step in order and answer with what was captured.

    `secrets` are the values of those that the dialogue names; one that is missing raises DialogueError, and so does a
    missing outside when the dialogue needs one. Raises Difference at the first step where something else came, or
    nothing at all. While a dialogue answers prompts, the stand-ins do not pay them by themselves; they do so again
    afterwards, and the faults that it put are taken away.
    """
    known = {name: value for name, value in (secrets or {}).items() if name in dialogue.secrets}
    if missing := sorted(set(dialogue.secrets) - known.keys()):
        raise DialogueError(f"{dialogue.file}: nobody said what {', '.join(missing)} is")
    if outside is None and dialogue.needs_outside:
        raise DialogueError(f"{dialogue.file}: this dialogue needs a world outside, and there is none here")
    player = _Player(dialogue, transport, outside, on_screen or _look_away, patience_seconds, known)
    if outside is not None and dialogue.has("stk"):
        await player.reach(outside.settings(auto_answer=False))
    try:
        return await player.play()
    finally:
        # What happened in the dialogue matters more than stand-ins that have gone away since.
        with contextlib.suppress(SimulatorError):
            await player.tidy()


class _Player:
    """One performance of a dialogue."""

    def __init__(
        self,
        dialogue: Dialogue,
        transport: Transport,
        outside: Outside | None,
        on_screen: OnScreen,
        patience_seconds: float,
        known: Mapping[str, str],
    ) -> None:
        self._dialogue = dialogue
        self._transport = transport
        self._outside = outside
        self._on_screen = on_screen
        self._patience_seconds = patience_seconds
        self._step = dialogue.steps[0]
        self._phone = dialogue.phone
        self._screens: dict[str, Screen] = {}
        self._captured: dict[str, str] = dict(known)
        self._read: set[str] = set()
        self._answered: set[str] = set()
        self._faults: list[Fault] = []

    async def play(self) -> Mapping[str, str]:
        if self._outside is not None and self._dialogue.has("sms"):
            await self._read_old_messages(self._outside)
        for step in self._dialogue.steps:
            self._step = step
            in_hand = self._phone
            self._phone = step.on or in_hand
            await self._take(step)
            if step.on:
                self._phone = in_hand
        return self._captured

    async def tidy(self) -> None:
        """Leave the world outside as it was found."""
        if self._outside is None:
            return
        if self._dialogue.has("stk"):
            await self._outside.settings(auto_answer=True)
        await self._mend(self._outside)

    async def reach(self, call: Awaitable[Found]) -> Found:
        """Await something of the world outside; its troubles are differences too."""
        try:
            return await call
        except Difference:
            raise
        except SimulatorError as error:
            raise self._difference(f"expected an answer, but {error}") from error

    async def _read_old_messages(self, outside: Outside) -> None:
        for phone in self._dialogue.phones:
            old = await self.reach(outside.messages(phone))
            self._read.update(message.id for message in old)

    async def _take(self, step: Step) -> None:
        match step.action:
            case "dial" | "press" | "repeat":
                await self._hop(step)
            case "end":
                self._end(step)
            case "drop":
                self._drop()
            case "phone":
                self._phone = step.value
            case "sms" if self._outside is not None:
                await self._sms(step, self._outside)
            case "write" if self._outside is not None:
                await self._write(step, self._outside)
            case "stk" if self._outside is not None:
                await self._stk(step, self._outside)
            case "outside" | "core" if self._outside is not None:
                await self._meddle(step, self._outside)

    async def _hop(self, step: Step) -> None:
        before = self._screen
        typed = self._typed(step)
        answer = Screen(*await self.reach(self._send(step.action, typed)))
        self._screens[self._phone] = answer
        self._tell(answer.text, typed)
        if step.action == "repeat" and answer != before:
            difference = _diff(_face(before), _face(answer))
            raise self._difference(f"expected the same screen again, byte for byte\n{difference}")
        self._check(step, answer.text)

    def _typed(self, step: Step) -> str:
        if step.action == "press" and not self._screen.open:
            raise self._difference("expected an open session to type in")
        if step.action == "repeat" and self._phone not in self._screens:
            raise self._difference("expected a hop to repeat")
        typed = self._fill(step.value)
        if typed is None:
            raise self._difference("expected to know what to type, but the step that captures it was skipped")
        return typed

    def _send(self, action: str, typed: str) -> Awaitable[tuple[str, bool]]:
        match action:
            case "dial":
                return self._transport.dial(self._phone, typed)
            case "press":
                return self._transport.send(self._phone, typed)
            case _:
                return self._transport.repeat(self._phone)

    def _end(self, step: Step) -> None:
        if self._phone not in self._screens or self._screen.open:
            raise self._difference("expected that the last screen closed the session")
        self._check(step, self._screen.text)

    def _drop(self) -> None:
        self._transport.hang_up(self._phone)
        self._screens[self._phone] = Screen(self._screen.text, open=False)
        self._tell("")

    async def _sms(self, step: Step, outside: Outside) -> None:
        needles = self._filled(step.see)
        unread: list[Message] = []

        async def matching() -> Message | None:
            unread[:] = [sms for sms in await outside.messages(self._phone) if sms.id not in self._read]
            return next((sms for sms in unread if all(needle in sms.text for needle in needles)), None)

        found = await self.reach(self._wait_for(matching))
        if found is None:
            got = _quoted([sms.text for sms in unread]) if unread else "none"
            raise self._difference(f"expected an SMS to {self._phone} with {_quoted(needles)}, got {got}")
        self._read.add(found.id)
        self._tell(found.text)
        self._keep(step, found.text)

    async def _write(self, step: Step, outside: Outside) -> None:
        typed = self._typed(step)
        await self.reach(outside.write_sms(self._phone, typed))
        self._tell("", typed)

    async def _stk(self, step: Step, outside: Outside) -> None:
        async def asking() -> Prompt | None:
            prompts = reversed(await outside.prompts(self._phone))
            return next((prompt for prompt in prompts if self._fits(step, prompt)), None)

        found = await self.reach(self._wait_for(asking))
        if found is None:
            wanted = "" if step.amount_cents is None else f" for {step.amount_cents / 100:,.2f}"
            raise self._difference(f"expected an open M-PESA prompt on {self._phone}{wanted}")
        self._answered.add(found.id)
        self._tell(f"Pay {found.amount} to account {found.account_reference}?", step.value)
        await self.reach(outside.answer(found.id, step.value))

    async def _meddle(self, step: Step, outside: Outside) -> None:
        """Break something outside, or mend it: all of it, or only the core."""
        if step.fault is not None:
            await self.reach(self._break(outside, step.fault))
        elif step.action == "outside":
            await self.reach(self._mend(outside))
        elif step.value == "down":
            await self.reach(self._break(outside, CORE_AWAY))
        else:
            await self.reach(outside.clear_faults(api=CORE_AWAY.api, fault=CORE_AWAY.kind))
        self._tell("", step.value)

    async def _break(self, outside: Outside, fault: Fault) -> None:
        self._faults.append(fault)
        await outside.faults(api=fault.api, fault=fault.kind, rate=fault.rate, seed=fault.seed)

    async def _mend(self, outside: Outside) -> None:
        for fault in self._faults:
            await outside.clear_faults(api=fault.api, fault=fault.kind)
        self._faults.clear()

    def _fits(self, step: Step, prompt: Prompt) -> bool:
        amount_fits = step.amount_cents in (None, prompt.amount_cents)
        return prompt.is_open and amount_fits and prompt.id not in self._answered

    @property
    def _screen(self) -> Screen:
        return self._screens.get(self._phone, Screen("", open=False))

    def _check(self, step: Step, text: str) -> None:
        for whole in self._filled([] if step.whole is None else [step.whole]):
            if _trimmed(text) != _trimmed(whole):
                difference = _diff(_trimmed(whole), _trimmed(text))
                raise self._difference(f"expected exactly another screen\n{difference}")
        if missing := [needle for needle in self._filled(step.see) if needle not in text]:
            raise self._difference(f"expected to see {_quoted(missing)}")
        if unwanted := [needle for needle in self._filled(step.hide) if needle in text]:
            raise self._difference(f"expected not to see {_quoted(unwanted)}")
        self._keep(step, text)

    def _keep(self, step: Step, text: str) -> None:
        for name, pattern in step.capture.items():
            match = pattern.search(text)
            if match is None:
                raise self._difference(f"expected something like {pattern.pattern} to keep as {name}")
            self._captured[name] = match[1] if pattern.groups else match[0]

    def _filled(self, texts: Sequence[str]) -> list[str]:
        """The texts with captures put in, without those whose capture was skipped with its step."""
        return [filled for text in texts if (filled := self._fill(text)) is not None]

    def _fill(self, text: str) -> str | None:
        if any(name not in self._captured for name in NAME.findall(text)):
            return None
        return NAME.sub(lambda match: self._captured[match[1]], text)

    async def _wait_for(self, look: Callable[[], Awaitable[Found | None]]) -> Found | None:
        """Look at least once, and again until something is found or patience ends."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + self._patience_seconds
        while True:
            found = await look()
            if found is not None or clock() >= deadline:
                return found
            await asyncio.sleep(POLL_SECONDS)

    def _tell(self, text: str, typed: str = "") -> None:
        self._on_screen(Scene(self._step, self._phone, typed, text, self._screen.open))

    def _difference(self, expected: str) -> Difference:
        return Difference(self._dialogue, self._step, expected, self._screen.text)


def _look_away(_scene: Scene) -> None:
    """Nobody watches this performance."""


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def _face(screen: Screen) -> str:
    return f"{'CON' if screen.open else 'END'} {screen.text}"


def _diff(expected: str, real: str) -> str:
    lines = difflib.ndiff(expected.splitlines(), real.splitlines())
    return "\n".join(f"  {line}" for line in lines if not line.startswith("?"))


def _quoted(texts: Sequence[str]) -> str:
    return ", ".join(f'"{text}"' for text in texts)
