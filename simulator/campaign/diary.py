"""The driver's own ledger: every try of every hop, written down as it ends and never changed.

    {"phone": "+254712000000", "session": "ATUid_0c1f...", "hop": 3, "sent_at": 1796.2, "ended_at": 1796.3,
     "status": 200, "body": "CON Quick loan: how much?...", "error": "", "given_up": false}

What was typed is not in it: some of it is PINs.
"""

from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from simulator.campaign.facts import Heard


class Diary:
    """Appends to a file; what it holds it also remembers."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab")
        self._heard: list[Heard] = []
        self.unknown_screens: list[str] = []

    @property
    def heard(self) -> tuple[Heard, ...]:
        return tuple(self._heard)

    def write(self, heard: Heard) -> None:
        self._heard.append(heard)
        self._file.write(msgspec.json.encode(heard) + b"\n")
        self._file.flush()

    def puzzle(self, screen: str) -> None:
        """A screen the person did not understand."""
        self.unknown_screens.append(screen)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
