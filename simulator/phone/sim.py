"""One SIM card: its line, what its screen shows, the carrier's clocks, its signal, and its SMS, received and sent."""

import secrets
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

from simulator.errors import NoService
from simulator.line import Line, Screen, split_shortcut
from simulator.outside import Message, Prompt
from simulator.phone.people import Person, person

SESSION_SECONDS = 180
IDLE_SECONDS = 60
SELF = "You"

IDLE_HINT = "Type *383# and press Call"
EMPTY_HINT = "Type an answer first, or press End"
NOT_A_CODE_HINT = "Nobody to answer yet: dial *383#"
NO_CALL_HINT = "No call to end. Dial *383# to begin"
NOTHING_TO_REPEAT_HINT = "Nothing to repeat yet: dial *383#"
CLOSED_HINT = "Press End, or dial *383# again"
BUSY_HINT = "One moment, still waiting"

IDLED_OUT = "No answer in a minute: the network ended the session.\n\nDial again: Nyota remembers where you left off."
TIMED_OUT = "Session timed out.\n\nDial again: Nyota remembers where you left off."
HUNG_UP = "Call ended."
SIGNAL_LOST = "Signal lost.\n\nWhen it is back, dial again: Nyota remembers where you left off."
NO_SIGNAL = "No signal\n\nNothing can be dialled here. F5 finds the signal again."
NO_SERVICE = "No service\n\nThe network did not answer. Dial *383# again to see what was received."


class Face(Enum):
    """What kind of thing the screen shows."""

    IDLE = "idle"
    WAITING = "waiting"
    ASKING = "asking"
    CLOSED = "closed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that happened on this phone, for whoever keeps a record: `action` is a word of a dialogue."""

    msisdn: str
    action: str
    typed: str = ""
    text: str = ""
    open: bool = False


class Sim:
    """A SIM card in use. It never raises: what goes wrong is shown, as on a phone.

    `hint` is a kind word about the last key pressed. `clock` answers seconds from any fixed point.
    `on_change` is called when a hop starts; what other calls change is known to their caller. `on_event` is told what
    happens. `later` runs what nobody waits for: the carrier telling that a session is over.
    """

    def __init__(
        self,
        line: Line,
        clock: Callable[[], float],
        on_change: Callable[[], None],
        *,
        session_seconds: float = SESSION_SECONDS,
        idle_seconds: float = IDLE_SECONDS,
        on_event: Callable[[Happened], None] = lambda _: None,
        later: Callable[[Coroutine[None, None, None]], None] = lambda call: call.close(),
    ) -> None:
        self.person: Person = person(line.msisdn)
        self.face = Face.IDLE
        self.text = ""
        self.hint = IDLE_HINT
        self.trouble = ""
        self.messages: Sequence[Message] = ()
        self.unread: set[str] = set()
        self.prompts: Sequence[Prompt] = ()
        self.sent: list[Message] = []
        self.has_signal = True
        self._line = line
        self._clock = clock
        self._on_change = on_change
        self._session_seconds = session_seconds
        self._idle_seconds = idle_seconds
        self._on_event = on_event
        self._later = later
        self._began_at = 0.0
        self._ends_at = 0.0
        self._idles_at = 0.0
        self._hops = 0
        self._inbox_known = False
        self._last: Screen | None = None
        self._waiting_for: Awaitable[Screen] | None = None

    @property
    def msisdn(self) -> str:
        return self._line.msisdn

    @property
    def in_call(self) -> bool:
        return self.face in (Face.ASKING, Face.WAITING)

    @property
    def seconds_left(self) -> int:
        """How long the carrier still keeps this session, in whole seconds: the clock that runs out first."""
        return max(0, round(min(self._ends_at, self._idles_at) - self._clock())) if self.in_call else 0

    @property
    def thread(self) -> Sequence[Message]:
        """What was received and sent, in order."""
        return sorted([*self.messages, *self.sent], key=lambda message: message.at)

    async def enter(self, typed: str) -> None:
        """Press Call: dials a code, or answers the screen."""
        if not self.has_signal:
            self.face, self.text, self.hint = Face.FAILED, NO_SIGNAL, ""
        elif self.face is Face.WAITING:
            self.hint = BUSY_HINT
        elif self.face is Face.ASKING:
            await self._answer(typed)
        else:
            await self._dial(typed)

    async def repeat(self) -> bool | None:
        """Let the carrier deliver the last hop again: was it the same screen? None when there was none."""
        if self.face is Face.WAITING or not self._line.session_id:
            self.hint = NOTHING_TO_REPEAT_HINT
            return None
        before, self._last = self._last, None
        await self._hop(self._line.repeat(), "repeat", "")
        return None if before is None else self._last == before

    def lose_signal(self) -> None:
        """Nothing comes or goes any more; a session ends where it stands, and what is on its way is lost."""
        self.has_signal = False
        if self.in_call:
            self._drop(SIGNAL_LOST)

    def find_signal(self) -> None:
        """Back on the network. SMS that waited come with the next look."""
        self.has_signal = True
        if self.face is Face.FAILED:
            self.face, self.text, self.hint, self.trouble = Face.IDLE, "", IDLE_HINT, ""

    def wrote(self, text: str) -> None:
        """An SMS of this phone went out."""
        at = datetime.now(UTC)
        self.sent.append(Message(id=f"sent-{secrets.token_hex(4)}", phone=self.msisdn, text=text, at=at, sender=SELF))
        self._on_event(Happened(self.msisdn, "write", text))

    def hang_up(self) -> None:
        """Press End: drops the session, or clears the screen."""
        if self.in_call:
            self._drop(HUNG_UP)
        elif self.face is Face.IDLE:
            self.hint = NO_CALL_HINT
        else:
            self.face, self.text, self.hint = Face.IDLE, "", IDLE_HINT

    def expire(self) -> None:
        """Drop the session when its time is over or its screen was left alone too long, as the carrier does."""
        now = self._clock()
        if self.in_call and now >= self._ends_at:
            self._drop(TIMED_OUT)
        elif self.face is Face.ASKING and now >= self._idles_at:
            self._drop(IDLED_OUT)

    def receive(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Take the whole inbox as it stands; answers what is new since the last time. Without signal nothing comes."""
        if not self.has_signal:
            return []
        known = {message.id for message in self.messages}
        new = [message for message in messages if message.id not in known] if self._inbox_known else []
        self.messages = messages
        self._inbox_known = True
        self.unread.update(message.id for message in new)
        for message in new:
            self._on_event(Happened(self.msisdn, "sms", text=message.text))
        return new

    async def _dial(self, typed: str) -> None:
        if not typed:
            self.hint = IDLE_HINT
            return
        try:
            split_shortcut(typed)
        except ValueError:
            self.hint = NOT_A_CODE_HINT
            return
        self._began_at = self._clock()
        self._ends_at = self._began_at + self._session_seconds
        self._hops = 0
        await self._hop(self._line.dial(typed), "dial", typed)

    async def _answer(self, typed: str) -> None:
        if typed:
            await self._hop(self._line.send(typed), "press", typed)
        else:
            self.hint = EMPTY_HINT

    async def _hop(self, hop: Awaitable[Screen], action: str, typed: str) -> None:
        self.face, self.hint, self._waiting_for = Face.WAITING, "", hop
        self._hops += 1
        self._on_change()
        try:
            screen = await hop
        except NoService as trouble:
            if self._waiting_for is hop:
                self._fail(str(trouble))
        else:
            if self._waiting_for is hop:
                self._show(screen)
                self._on_event(Happened(self.msisdn, action, typed, screen.text, self._line.open))

    def _show(self, screen: Screen) -> None:
        self._last = screen
        if self._line.open:
            self.face, self.text, self.trouble = Face.ASKING, screen.text, ""
            self._idles_at = self._clock() + self._idle_seconds
        else:
            self._close(screen.text)
            self._told("Success")

    def _fail(self, trouble: str) -> None:
        self._close(NO_SERVICE)
        self._told("Failed")
        self.face, self.trouble = Face.FAILED, trouble

    def _drop(self, text: str) -> None:
        self._line.hang_up()
        self._close(text)
        self._told("Incomplete")
        self._on_event(Happened(self.msisdn, "drop"))

    def _told(self, status: str) -> None:
        """The carrier tells that the session is over, and how."""
        self._later(self._line.ended(status, hops=self._hops, seconds=self._clock() - self._began_at))

    def _close(self, text: str) -> None:
        # Whatever is still in flight has nobody to show it to any more.
        self._waiting_for = None
        self.face, self.text, self.hint, self.trouble = Face.CLOSED, text, CLOSED_HINT, ""
