"""The how-to about dialogues: what it writes down plays on a whole gateway."""

from simulator.dialogue import parse, play
from simulator.line import Lines
from tests.guides import instructions
from tests.house import House

GUIDE = "write-a-dialogue.md"


class TestGuide:
    async def test_its_dialogue_plays(self, house: House) -> None:
        """On two phones, with a world outside that goes wrong and is well again afterwards."""
        (written,) = instructions(GUIDE)
        dialogue = parse(written.body, file=GUIDE)

        captured = await play(dialogue, Lines(house.http, house.url), house.outside)

        assert written.verb == "write"
        assert captured["ref"].startswith("PY")
        assert len(dialogue.phones) == 2
