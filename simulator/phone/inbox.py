"""The SMS of the phone in hand as one thread, newest first: received and sent, with a mark on what was not opened."""

from collections.abc import Sequence
from datetime import timedelta, timezone
from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from simulator.outside import Message
from simulator.phone.sim import SELF

NAIROBI = timezone(timedelta(hours=3), "EAT")
EMPTY = "No messages yet.\nReceipts and codes appear here."


class Inbox(Vertical):
    """A list of messages. `OptionSelected` bubbles up with the id of the message that was opened."""

    def __init__(self, **how: Any) -> None:
        super().__init__(**how)
        self._listed = OptionList(id="messages")
        self._nothing = Static(EMPTY, id="no-messages")
        self._drawn: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        yield self._listed
        yield self._nothing

    def show(self, messages: Sequence[Message], unread: set[str], *, away: bool) -> None:
        """Draw this inbox; does nothing when it is drawn already, so that scrolling is left alone."""
        drawn = (tuple(messages), frozenset(unread), away)
        if drawn == self._drawn:
            return
        self._drawn = drawn
        self.border_title = f"SMS ({len(unread)} new)" if unread else "SMS"
        self.border_subtitle = "stand-ins away" if away else ""
        newest_first = list(reversed(messages))
        self._listed.clear_options()
        self._listed.add_options([Option(_card(sms, is_new=sms.id in unread), id=sms.id) for sms in newest_first])
        self._listed.display = bool(newest_first)
        self._nothing.display = not newest_first


def _card(sms: Message, *, is_new: bool) -> Content:
    at = sms.at.astimezone(NAIROBI).strftime("%-d %b %H:%M")
    mark = ("● NEW ", "bold $warning") if is_new else ("", "")
    sender = (sms.sender or "SMS", "bold" if is_new else "$accent" if sms.sender == SELF else "")
    return Content.assemble(mark, sender, (f"  {at}\n", "dim"), (f"{sms.text}\n", "" if is_new else "dim"))
