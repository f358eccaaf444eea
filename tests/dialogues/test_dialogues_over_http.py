"""The dialogues beside this file over HTTP: a whole gateway, freshly loaded, with the world outside."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from simulator.dialogue import load, play
from simulator.line import Lines
from tests.dialogues.stages import STAGES, stage_of
from tests.house import Houses

FILES = sorted(Path(__file__).parent.glob("*.yaml"))


class TestDialoguesOverHttp:
    @pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
    async def test_it_plays_to_its_end(self, path: Path, tmp_path: Path, fresh_sqlite: str, fresh_redis: str) -> None:
        """Screens, SMS and prompts are as written down, and a repeated hop gets the same screen."""
        seen: list[object] = []
        stage = stage_of(path.stem)

        async with AsyncExitStack() as stack:
            house = await Houses(stack, tmp_path, fresh_sqlite, fresh_redis).build(**stage.config)
            await stage.before(house)
            await play(load(path), Lines(house.http, house.url), house.outside, on_screen=seen.append)

        assert seen, "a dialogue that shows no screen proves nothing"

    @pytest.mark.parametrize("name", STAGES)
    def test_a_dialogue_with_a_stage_of_its_own_needs_a_world_outside(self, name: str) -> None:
        """It is there, and nobody plays it where the stage is missing."""
        played = [load(path) for path in FILES if path.stem.rpartition("-")[0] == name]

        assert played
        assert all(dialogue.needs_outside for dialogue in played)
