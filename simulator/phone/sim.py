"""One SIM card: its line, what its screen shows, the time its session has left, and the SMS it received."""

from collections.abc import Awaitable, Callable, Sequence
from enum import Enum

from simulator.client import Line, Message, NoService, Prompt, Screen, split_shortcut
from simulator.phone.people import Person, person

SESSION_SECONDS = 180

IDLE_HINT = "Type *383# and press Call"
EMPTY_HINT = "Type an answer first, or press End"
NOT_A_CODE_HINT = "Nobody to answer yet: dial *383#"
NO_CALL_HINT = "No call to end. Dial *383# to begin"
NOTHING_TO_REPEAT_HINT = "Nothing to repeat yet: dial *383#"
CLOSED_HINT = "Press End, or dial *383# again"
BUSY_HINT = "One moment, still waiting"

TIMED_OUT = "Session timed out.\n\nDial again: Nyota remembers where you left off."
HUNG_UP = "Call ended."
NO_SERVICE = "No service\n\nThe network did not answer. Dial *383# again to see what was received."


class Face(Enum):
    """What kind of thing the screen shows."""

    IDLE = "idle"
    WAITING = "waiting"
    ASKING = "asking"
    CLOSED = "closed"
    FAILED = "failed"


class Sim:
    """A SIM card in use. It never raises: what goes wrong is shown, as on a phone.

    `hint` is a kind word about the last key pressed. `clock` answers seconds from any fixed point.
    `on_change` is called when a hop starts; what other calls change is known to their caller.
    """

    def __init__(
        self,
        line: Line,
        clock: Callable[[], float],
        on_change: Callable[[], None],
        *,
        session_seconds: float = SESSION_SECONDS,
    ) -> None:
        self.person: Person = person(line.msisdn)
        self.face = Face.IDLE
        self.text = ""
        self.hint = IDLE_HINT
        self.trouble = ""
        self.messages: Sequence[Message] = ()
        self.unread: set[str] = set()
        self.prompts: Sequence[Prompt] = ()
        self._line = line
        self._clock = clock
        self._on_change = on_change
        self._session_seconds = session_seconds
        self._ends_at = 0.0
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
        """How long the carrier still keeps this session, in whole seconds."""
        return max(0, round(self._ends_at - self._clock())) if self.in_call else 0

    async def enter(self, typed: str) -> None:
        """Press Call: dials a code, or answers the screen."""
        if self.face is Face.WAITING:
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
        await self._hop(self._line.repeat())
        return None if before is None else self._last == before

    def hang_up(self) -> None:
        """Press End: drops the session, or clears the screen."""
        if self.in_call:
            self._line.hang_up()
            self._close(HUNG_UP)
        elif self.face is Face.IDLE:
            self.hint = NO_CALL_HINT
        else:
            self.face, self.text, self.hint = Face.IDLE, "", IDLE_HINT

    def expire(self) -> None:
        """Drop the session when its time is over, as the carrier does."""
        if self.in_call and self._clock() >= self._ends_at:
            self._line.hang_up()
            self._close(TIMED_OUT)

    def receive(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Take the whole inbox as it stands; answers what is new since the last time."""
        known = {message.id for message in self.messages}
        new = [message for message in messages if message.id not in known] if self._inbox_known else []
        self.messages = messages
        self._inbox_known = True
        self.unread.update(message.id for message in new)
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
        self._ends_at = self._clock() + self._session_seconds
        await self._hop(self._line.dial(typed))

    async def _answer(self, typed: str) -> None:
        if typed:
            await self._hop(self._line.send(typed))
        else:
            self.hint = EMPTY_HINT

    async def _hop(self, hop: Awaitable[Screen]) -> None:
        self.face, self.hint, self._waiting_for = Face.WAITING, "", hop
        self._on_change()
        try:
            screen = await hop
        except NoService as trouble:
            if self._waiting_for is hop:
                self._fail(str(trouble))
        else:
            if self._waiting_for is hop:
                self._show(screen)

    def _show(self, screen: Screen) -> None:
        self._last = screen
        if self._line.open:
            self.face, self.text, self.trouble = Face.ASKING, screen.text, ""
        else:
            self._close(screen.text)

    def _fail(self, trouble: str) -> None:
        self._close(NO_SERVICE)
        self.face, self.trouble = Face.FAILED, trouble

    def _close(self, text: str) -> None:
        # Whatever is still in flight has nobody to show it to any more.
        self._waiting_for = None
        self.face, self.text, self.hint, self.trouble = Face.CLOSED, text, CLOSED_HINT, ""
