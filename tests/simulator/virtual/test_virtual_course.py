"""A simulation as somebody runs it: judged, reproducible, and able to find what is wrong."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.rails.contract import Collect, Disburse
from simulator.campaign.facts import Moved
from simulator.campaign.judge import counts, judge
from simulator.dialogue.script import load
from simulator.virtual import course
from simulator.virtual.life import lived
from simulator.virtual.plan import drawn
from simulator.virtual.rail import VirtualRail

DAYS, PEOPLE, CALLS = 12, 4, 1.5


class Generous(VirtualRail):
    """A rail that pays out twice."""

    def _move(self, kind: str, request: Collect | Disburse, reference: str) -> Moved:
        if kind == "b2c":
            super()._move(kind, request, reference)
        return super()._move(kind, request, reference)


class TestLived:
    async def test_days_of_faults_and_kills_keep_every_promise(self, tmp_path: Path, fresh_redis: str) -> None:
        """And there was something to judge."""
        outcome = await lived(drawn(5, DAYS, PEOPLE, CALLS), tmp_path, fresh_redis)

        found = counts(outcome.facts)
        assert judge(outcome.facts) == ()
        assert outcome.kills > 0
        assert found["movements"] > 5
        assert found["operations"] > 20


class TestRun:
    def test_what_breaks_a_promise_is_shrunk_to_dialogues(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A rail that pays twice is found out, by few calls of those that there were."""
        monkeypatch.setattr("simulator.virtual.life.VirtualRail", Generous)
        monkeypatch.setattr(course, "SHRINK_TRIES", 3)

        code = course.run(3, 3, PEOPLE, CALLS, tmp_path / "out")

        said = capsys.readouterr().out
        assert code == 1
        assert "money moves at most once" in said
        files = sorted((tmp_path / "out").glob("dialogue-*.yaml"))
        assert files
        for file in files:
            steps: Sequence[dict[str, Any]] = yaml.safe_load(file.read_text(encoding="utf-8"))["steps"]
            assert steps[0]["dial"] == "*383#"
            assert load(file).phone.startswith("+254")

    def test_a_directory_with_something_in_it_is_not_touched(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Nothing is run."""
        (tmp_path / "letter").write_text("dear all", encoding="utf-8")

        assert course.run(1, 1, 1, 1.0, tmp_path) == 1
        assert "not empty" in capsys.readouterr().err
