"""The dialogues of `tests/dialogues`, played on the pure engine; over HTTP the same files are played elsewhere."""

from pathlib import Path

import pytest

from simulator.dialogue import Dialogue, Difference, load, parse, play
from tests.flows.phone import ENGINE, Phone
from tests.flows.town import AMINA, Town

FOLDER = Path(__file__).parents[1] / "dialogues"
FILES = sorted(FOLDER.glob("*.yaml"))
PURE = [path for path in FILES if not load(path).needs_outside]


class PureTransport:
    """Carries hops to the engine: every phone in one town of its own."""

    def __init__(self) -> None:
        self._town = Town(ENGINE)
        self._phones: dict[str, Phone] = {}

    async def dial(self, phone: str, dialled: str, /) -> tuple[str, bool]:
        line = self._phones.setdefault(phone, Phone(phone, self._town))
        return self._heard(line.dial(dialled))

    async def send(self, phone: str, answer: str, /) -> tuple[str, bool]:
        return self._heard(self._phones[phone].press(answer))

    async def repeat(self, phone: str, /) -> tuple[str, bool]:
        """A carrier's repeat never comes this far: the shell answers it from what it stored."""
        return self._heard(self._phones[phone])

    def hang_up(self, phone: str, /) -> None:
        self._phones[phone].drop()

    def _heard(self, line: Phone) -> tuple[str, bool]:
        return line.screen, line.is_open


class TestDialogues:
    @pytest.mark.parametrize("path", PURE, ids=lambda path: path.stem)
    async def test_it_plays_to_its_end(self, path: Path) -> None:
        """Every screen is as written down."""
        await play(load(path), PureTransport())

    def test_each_conversation_is_there_in_both_languages(self) -> None:
        """What one half of the customers see is no afterthought."""
        spoken = {path.stem.rpartition("-")[0]: set[str]() for path in FILES}
        for path in FILES:
            spoken[path.stem.rpartition("-")[0]].add(load(path).language)

        needed = {
            "register", "balance", "borrow-quick", "repay-stk", "repay-wallet", "loans", "change-pin", "language",
            "help", "wrong-pin", "resume", "shortcut", "wrong-input", "approve-lend", "approve-decline",
            "officer-decline", "officer-prompt", "guarantee", "late", "capped", "core-away",
        }  # fmt: skip
        assert {name for name, languages in spoken.items() if languages == {"en", "sw"}} >= needed

    @pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
    def test_no_step_answers_without_anything_being_looked_at_afterwards(self, path: Path) -> None:
        """A dialogue that checks nothing proves nothing."""
        dialogue: Dialogue = load(path)

        assert any(step.whole or step.see for step in dialogue.steps if step.action in {"dial", "press", "sms"})

    async def test_another_screen_is_noticed(self) -> None:
        """The player is not blind."""
        dialogue = parse(f"name: x\nphone: '{AMINA}'\nsteps:\n  - dial: '*383#'\n    see: ['1 Salio']\n")

        with pytest.raises(Difference):
            await play(dialogue, PureTransport())
