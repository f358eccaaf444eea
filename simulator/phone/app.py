"""The terminal phone: holds the SIMs, carries keys to the network, watches for SMS and M-PESA prompts, records."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import ClassVar

import aiohttp
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.events import Key as KeyEvent
from textual.events import Resize
from textual.widgets import Footer, Input, OptionList, Static
from textual.worker import Worker, WorkerCancelled, WorkerFailed

from simulator.errors import Away
from simulator.line import SERVICE_CODE, Line, reachable
from simulator.outside import Outside, Prompt
from simulator.phone.handset import KEYS, Handset
from simulator.phone.inbox import Inbox
from simulator.phone.people import spaced
from simulator.phone.picker import PhonePicker
from simulator.phone.prompt import StkPrompt, shillings
from simulator.phone.recorder import Recorder
from simulator.phone.sign import Sign
from simulator.phone.sim import SESSION_SECONDS, Face, Happened, Sim
from simulator.phone.writer import SmsWriter

POLL_SECONDS = 1.0
TICK_SECONDS = 0.5
TALL_ROWS = 34
WIDE_COLUMNS = 116
RECORDINGS = Path("dialogues")

ANSWERED = {
    "pay": "Paying {amount}. M-PESA will confirm.",
    "cancel": "Cancelled. Nothing was paid.",
    "wrong-pin": "Wrong M-PESA PIN. Nothing was paid.",
    "insufficient": "Not enough money in M-PESA. Nothing was paid.",
    "ignore": "Left unanswered; the prompt runs out by itself.",
}


class PhoneApp(App[None]):
    """One terminal, one phone in hand, as many in the drawer as were picked up.

    On a wide terminal the phone that was in hand before lies beside it. While it runs, M-PESA prompts wait for an
    answer here instead of paying by themselves. It dials at `dialled`, the gateway unless named, and writes `over` http
    or smpp. Recordings go to `recordings`, a folder.
    """

    TITLE = "Nyota phone"
    CSS_PATH = "phone.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "quick_dial", "Dial", priority=True),
        Binding("escape", "hang_up", "Hang up"),
        Binding("f2", "pick_phone", "Phones"),
        Binding("f3", "read_all", "Read all"),
        Binding("f4", "write_sms", "Write SMS"),
        Binding("f5", "signal", "Signal"),
        Binding("f6", "record", "Record"),
        Binding("f7", "swap", "Other phone"),
        Binding("f9", "repeat", "Repeat"),
        Binding("ctrl+q", "quit", "Quit", priority=True),
    ]

    def __init__(
        self,
        url: str,
        standins: str,
        msisdn: str,
        *,
        dialled: str = "",
        over: str = "http",
        clock: Callable[[], float] = time.monotonic,
        session_seconds: float = SESSION_SECONDS,
        poll_seconds: float = POLL_SECONDS,
        recordings: Path = RECORDINGS,
    ) -> None:
        super().__init__()
        self.sims: dict[str, Sim] = {}
        self.in_service = True
        self.standins_here = True
        self._url = url
        self._standins = standins
        self._dialled = dialled or url
        self._over = over
        self._msisdn = msisdn
        self._clock = clock
        self._session_seconds = session_seconds
        self._poll_seconds = poll_seconds
        self._recordings = recordings
        self._recorder: Recorder | None = None
        self._before = ""
        self._settled_prompts: set[str] = set()
        self._watcher: Worker[None] | None = None
        self._handset = Handset(id="handset", classes="handset")
        self._beside = Handset(id="beside", classes="handset")
        self._inbox = Inbox(id="inbox")
        self._owner = Sign(id="owner")
        self._service = Sign(id="service")

    @property
    def sim(self) -> Sim:
        """The SIM in hand."""
        return self.sims[self._msisdn]

    def compose(self) -> ComposeResult:
        with Horizontal(id="top"):
            yield Static("[b]★ Nyota[/b]  USSD phone", id="title")
            yield self._service
        with Horizontal(id="desk"):
            yield self._handset
            yield self._beside
            with Vertical(id="side"):
                yield self._owner
                yield self._inbox
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        self._http = aiohttp.ClientSession()
        self._outside = Outside(self._http, self._standins, over=self._over)
        self._pick_up(self._msisdn)
        self.set_interval(TICK_SECONDS, self.tick)
        self._watcher = self.run_worker(self._watch(), name="watch")
        self._handset.entry.focus()

    async def on_unmount(self) -> None:
        if self._watcher is None:
            return
        self._watcher.cancel()
        with contextlib.suppress(WorkerCancelled, WorkerFailed):
            await self._watcher.wait()
        with contextlib.suppress(Away):
            await self._outside.settings(auto_answer=True)
        await self._http.close()

    def on_resize(self, event: Resize) -> None:
        self.set_class(event.size.height >= TALL_ROWS, "-tall")
        self.set_class(event.size.width >= WIDE_COLUMNS, "-wide")

    def tick(self) -> None:
        """Let the carrier's clock run: sessions end when their time is over."""
        for sim in self.sims.values():
            sim.expire()
        self.draw()

    def draw(self) -> None:
        """Show how things are; safe at any time, also under a dialog or while the app goes down."""
        sim = self.sim
        self._handset.show(sim, in_service=self.in_service, new_messages=len(sim.unread))
        beside = self.sims.get(self._before)
        self._beside.display = beside is not None and self.has_class("-wide")
        if beside is not None:
            self._beside.show(beside, in_service=self.in_service, new_messages=len(beside.unread))
        self._inbox.show(sim.thread, sim.unread, away=not self.standins_here)
        self._service.say(self._service_line())
        self._owner.say(self._owner_lines())

    def on_key(self, event: KeyEvent) -> None:
        """Digits are for the phone, wherever the focus is."""
        typing = isinstance(self.focused, Input) or len(self.screen_stack) > 1
        if not typing and event.character in KEYS:
            event.stop()
            self._handset.type(event.character)

    def on_handset_taken(self, event: Handset.Taken) -> None:
        if event.handset is self._beside:
            self.action_swap()

    def on_handset_called(self, event: Handset.Called) -> None:
        if self.sim.face is not Face.WAITING:
            self._handset.clear()
        self._carry(self.sim.enter(event.typed))

    def on_handset_quick_dialled(self) -> None:
        self.action_quick_dial()

    def on_handset_ended(self) -> None:
        self.action_hang_up()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.sim.unread.discard(event.option.id or "")
        self._handset.entry.focus()
        self.draw()

    def action_quick_dial(self) -> None:
        if len(self.screen_stack) > 1:
            return
        if self.sim.in_call:
            self.sim.hang_up()
        self._carry(self.sim.enter(SERVICE_CODE))

    def action_hang_up(self) -> None:
        self._handset.clear()
        self.sim.hang_up()
        self.draw()

    def action_read_all(self) -> None:
        self.sim.unread.clear()
        self.draw()

    def action_signal(self) -> None:
        """Lose the signal of the phone in hand, or find it again."""
        if self.sim.has_signal:
            self.sim.lose_signal()
        else:
            self.sim.find_signal()
        self.draw()

    def action_swap(self) -> None:
        """Take the phone that was in hand before."""
        if self._before:
            self._picked(self._before)

    def action_record(self) -> None:
        """Begin to write down what happens on all phones, or stop and keep it as a file."""
        if self._recorder is None:
            self._recorder = Recorder("recorded on the phone")
            self.notify("Recording. Dial, and press F6 again when it is done.")
        else:
            self._keep(self._recorder)
            self._recorder = None
        self.draw()

    def _keep(self, recorder: Recorder) -> None:
        if recorder.is_empty:
            self.notify("Nothing was recorded.")
            return
        path = self._recordings / f"{datetime.now(UTC):%Y%m%d-%H%M%S}.yaml"
        try:
            self._recordings.mkdir(parents=True, exist_ok=True)
            path.write_text(recorder.yaml(), encoding="utf-8")
        except OSError as trouble:
            self.notify(f"The recording was not kept: {trouble}", severity="error")
        else:
            self.notify(f"Kept as {path}. Play it: nyota phone --script {path}", timeout=10)

    def _noted(self, event: Happened) -> None:
        if self._recorder:
            self._recorder.note(event)

    def action_repeat(self) -> None:
        self._carry(self._repeat())

    def action_pick_phone(self) -> None:
        self.push_screen(PhonePicker(self._state_of), self._picked)

    def action_write_sms(self) -> None:
        self.push_screen(SmsWriter(self.sim.msisdn), self._written)

    def _written(self, text: str | None) -> None:
        if text is not None:
            self.run_worker(self._post_sms(self.sim.msisdn, text), group="answers")

    async def _post_sms(self, msisdn: str, text: str) -> None:
        try:
            await self._outside.write_sms(msisdn, text)
        except Away as trouble:
            self.notify(f"The SMS was not sent: {trouble}", severity="error")
        else:
            self.sims[msisdn].wrote(text)
            self.notify("SMS sent to Nyota.")
            self.draw()

    def _pick_up(self, msisdn: str) -> None:
        if msisdn not in self.sims:
            self.sims[msisdn] = Sim(
                Line(self._http, self._dialled, msisdn),
                self._clock,
                self.draw,
                session_seconds=self._session_seconds,
                on_event=self._noted,
                later=self._later,
            )
        if msisdn != self._msisdn:
            self._before = self._msisdn
        self._msisdn = msisdn

    def _later(self, call: Coroutine[None, None, None]) -> None:
        """What nobody waits for."""
        self.run_worker(call, group="ends")

    def _picked(self, msisdn: str | None) -> None:
        if msisdn is not None:
            self._pick_up(msisdn)
            self._handset.clear()
        self.draw()

    def _carry(self, hop: Coroutine[None, None, object]) -> None:
        """Let a hop run while the phone stays alive; draw what it leaves behind."""

        async def carried() -> None:
            await hop
            self.draw()

        self.run_worker(carried(), group="hops")

    async def _repeat(self) -> None:
        match await self.sim.repeat():
            case True:
                self.notify("The carrier delivered the last hop again: same screen, byte for byte.")
            case False:
                self.notify("The carrier delivered the last hop again: ANOTHER screen came.", severity="error")

    async def _watch(self) -> None:
        while True:
            await self._look()
            self._ask_for_payment()
            self.draw()
            await asyncio.sleep(self._poll_seconds)

    async def _look(self) -> None:
        self.in_service = await reachable(self._http, self._url)
        try:
            # Said each time: stand-ins may have started again, or another phone gave the setting back.
            await self._outside.settings(auto_answer=False)
            for sim in list(self.sims.values()):
                self._announce(sim, len(sim.receive(await self._outside.messages(sim.msisdn))))
                sim.prompts = [one for one in await self._outside.prompts(sim.msisdn) if one.is_open]
            self.standins_here = True
        except Away:
            self.standins_here = False

    def _announce(self, sim: Sim, new: int) -> None:
        if not new:
            return
        self.bell()
        if sim is not self.sim:
            self.notify(f"New SMS for {sim.person.name}. F2 picks up that phone.")

    def _ask_for_payment(self) -> None:
        """Raise the prompt that waits on the phone in hand, or take away one that ran out."""
        waiting = [prompt for prompt in self.sim.prompts if prompt.id not in self._settled_prompts]
        stack = self.screen_stack
        if stack and isinstance(stack[-1], StkPrompt):
            if self.standins_here and stack[-1].prompt.id not in {prompt.id for prompt in self.sim.prompts}:
                stack[-1].dismiss(None)
        elif waiting and len(stack) == 1:
            self.push_screen(StkPrompt(waiting[0]), partial(self._answered, waiting[0]))

    def _answered(self, prompt: Prompt, answer: str | None) -> None:
        if answer is None:
            self.notify("The M-PESA prompt has run out. Nothing was paid.", severity="warning")
            return
        self._settled_prompts.add(prompt.id)
        self.run_worker(self._answer(prompt, answer), group="answers")

    async def _answer(self, prompt: Prompt, answer: str) -> None:
        try:
            await self._outside.answer(prompt.id, answer)
        except Away as trouble:
            self._settled_prompts.discard(prompt.id)
            self.notify(f"M-PESA did not take the answer: {trouble}", severity="error")
        else:
            if self._recorder:
                self._recorder.answered(prompt.phone, answer, prompt.amount)
            self.notify(ANSWERED[answer].format(amount=shillings(prompt.amount_cents)))

    def _state_of(self, msisdn: str) -> str:
        sim = self.sims.get(msisdn)
        if sim is None:
            return ""
        states = {
            "in hand": sim is self.sim,
            "in a call": sim.in_call,
            "no signal": not sim.has_signal,
            f"{len(sim.unread)} new SMS": bool(sim.unread),
            "M-PESA asks": any(prompt.id not in self._settled_prompts for prompt in sim.prompts),
        }
        return ", ".join(state for state, is_so in states.items() if is_so)

    def _service_line(self) -> str:
        recording = "[$error]● REC[/]  " if self._recorder else ""
        return recording + "  ".join(
            f"[$success]●[/] {name}" if here else f"[$error]○ {name} away[/]"
            for name, here in (("Nyota", self.in_service), ("stand-ins", self.standins_here))
        )

    def _owner_lines(self) -> str:
        who = self.sim.person
        other = self.sims.get(self._before)
        beside = f"  [dim]F7: {other.person.name}[/]" if other else ""
        return f"[b]{who.name}[/b]  {spaced(who.msisdn)}{beside}\n[dim]{who.about}[/dim]"
