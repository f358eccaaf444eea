"""The dialogues beside this file over HTTP: a whole gateway, freshly loaded, with the world outside."""

from pathlib import Path

import pytest

from simulator.client import Lines
from simulator.dialogue import load, play
from tests.house import House

FILES = sorted(Path(__file__).parent.glob("*.yaml"))


class TestDialoguesOverHttp:
    @pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
    async def test_it_plays_to_its_end(self, house: House, path: Path) -> None:
        """Screens, SMS and prompts are as written down, and a repeated hop gets the same screen."""
        seen: list[object] = []

        await play(load(path), Lines(house.http, house.url), house.outside, on_screen=seen.append)

        assert seen, "a dialogue that shows no screen proves nothing"
