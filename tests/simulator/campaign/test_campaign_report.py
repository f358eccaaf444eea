"""A campaign says what it found, with its seed, and keeps the evidence."""

import json
from pathlib import Path

import pytest

from simulator.campaign import report, run
from simulator.campaign.facts import Facts, Heard, Life
from simulator.campaign.plan import drawn

LOST = Heard("+254712000000", "ATUid_1", 5, 10.0, 10.1, 200, "END Request LN7K2 received. Ksh 1,980 will go to you.")


class TestReport:
    def test_a_difference_is_printed_with_its_seed(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Whoever reads the line can run it again."""
        differences = report.told(drawn(7, 2, 5.0), 5.0, Facts(heard=(LOST,), lives=(Life(0.0, 20.0),)), tmp_path)

        assert [difference.about for difference in differences] == ["LN7K2"]
        assert "DIFFERENCE (seed 7) what we said we received is never lost: LN7K2" in capsys.readouterr().out

    def test_the_report_is_json(self, tmp_path: Path) -> None:
        """Seed, counts and differences, for whatever reads it."""
        report.told(drawn(7, 2, 5.0), 5.0, Facts(heard=(LOST,), lives=(Life(0.0, 20.0),)), tmp_path)

        written = json.loads((tmp_path / report.FILE).read_text())
        assert (written["seed"], written["customers"], written["counts"]["hops"]) == (7, 2, 1)
        assert written["differences"][0]["about"] == "LN7K2"

    def test_nothing_found_is_said_too(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Silence would not be proof."""
        assert report.told(drawn(7, 2, 5.0), 5.0, Facts(), tmp_path) == ()
        assert "every promise was kept" in capsys.readouterr().out


class TestRun:
    def test_evidence_of_another_run_is_never_overwritten(self, tmp_path: Path) -> None:
        """A directory with something in it is refused before anything starts."""
        (tmp_path / "report.json").write_text("{}")

        assert run(1.0, 7, 1, tmp_path) == 1
        assert [path.name for path in tmp_path.iterdir()] == ["report.json"]
