"""From a command line to an exit code: dialogues pass or differ, and what cannot start says why."""

import asyncio
from pathlib import Path

import pytest

from simulator.phone import main
from simulator.phone.__main__ import command_line
from tests.simulator.pretend_network import BARAKA, pretend_network

GOOD = """
name: borrow quick
phone: "+254711000001"
steps:
  - dial: "*383*2*2000#"
    see: ["Enter Nyota PIN"]
  - press: "4826"
    capture: {ref: "LN\\\\w+"}
  - end: true
  - sms: ["{{ref}} Confirmed"]
  - drop: true
"""


class TestScript:
    async def test_a_dialogue_without_difference_exits_with_zero(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Each screen is printed with what was typed, but a PIN is not."""
        script = tmp_path / "borrow.yaml"
        script.write_text(GOOD)
        async with pretend_network() as network:
            code = await asyncio.to_thread(main, network.url, network.url, None, script)

        printed = capsys.readouterr().out
        assert code == 0
        assert "+254711000001 dials *383*2*2000#" in printed
        assert "│ Enter Nyota PIN to accept          │" in printed
        assert "types ****" in printed
        assert "4826" not in printed
        assert "gets an SMS" in printed
        assert "OK 5 steps, no difference" in printed

    async def test_what_goes_wrong_outside_is_told(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """As part of the story, with the phone that each step is on."""
        script = tmp_path / "outside.yaml"
        script.write_text(
            f'name: x\nphone: "0711000001"\nsteps:\n  - core: down\n  - dial: "*383#"\n    on: "{BARAKA}"\n'
            "  - outside: {api: sms, fault: drop}\n  - outside: well\n"
        )
        async with pretend_network() as network:
            code = await asyncio.to_thread(main, network.url, network.url, None, script)

        printed = capsys.readouterr().out
        assert code == 0
        assert "the core banking server is now down" in printed
        assert f"{BARAKA} dials *383#" in printed
        assert "the world outside from now on: sms drop" in printed
        assert "the world outside from now on: well" in printed

    async def test_the_first_difference_exits_with_one(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """What was expected and what came are both printed, and nothing is played after it."""
        script = tmp_path / "wrong.yaml"
        script.write_text(GOOD.replace("Enter Nyota PIN", "Enter your age"))
        async with pretend_network() as network:
            code = await asyncio.to_thread(main, network.url, network.url, None, script)
            hops = len(network.hops)

        printed = capsys.readouterr().out
        assert (code, hops) == (1, 1)
        assert f"DIFFERENCE {script}:5: step 1" in printed
        assert 'expected to see "Enter your age"' in printed
        assert "  | Enter Nyota PIN to accept" in printed

    async def test_another_phone_can_play_the_part(self, tmp_path: Path) -> None:
        """The number given takes the place of the one in the file."""
        script = tmp_path / "borrow.yaml"
        script.write_text(GOOD)
        async with pretend_network() as network:
            code = await asyncio.to_thread(main, network.url, network.url, "0711000002", script)

            assert code == 0
            assert {hop["phoneNumber"] for hop in network.hops} == {BARAKA}

    async def test_a_server_that_is_away_exits_with_one(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Nothing came, which is a difference too."""
        script = tmp_path / "menu.yaml"
        script.write_text('name: menu\nphone: 0711000001\nsteps: [{dial: "*383#"}]')

        code = await asyncio.to_thread(main, "http://127.0.0.1:9", None, None, script)

        assert code == 1
        assert "cannot be reached" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("text", "complaint"),
        [(None, "No such file"), ("name: x", "'phone' is missing")],
    )
    def test_what_is_no_dialogue_exits_with_two(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None, complaint: str
    ) -> None:
        """That is not a difference, and must not look like one."""
        script = tmp_path / "f.yaml"
        if text is not None:
            script.write_text(text)

        assert main("http://127.0.0.1:9", None, None, script) == 2
        assert complaint in capsys.readouterr().err


class TestStart:
    def test_without_a_terminal_it_says_what_to_do(self, capsys: pytest.CaptureFixture[str]) -> None:
        """A pipe cannot show a phone."""
        assert main("http://127.0.0.1:9", None, None, None) == 2
        assert "--script FILE" in capsys.readouterr().err

    @pytest.mark.parametrize("arguments", [["--msisdn", "12"], ["--url", "8383"]])
    def test_nonsense_is_refused_in_one_line(self, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        """A wrong number or address never becomes a traceback."""
        assert command_line(arguments) == 2
        assert capsys.readouterr().err.count("\n") == 1

    def test_help_teaches(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Options, examples and keys are all there."""
        with pytest.raises(SystemExit) as stopped:
            command_line(["--help"])

        printed = capsys.readouterr().out
        assert stopped.value.code == 0
        assert all(word in printed for word in ("--url", "--standins", "--msisdn", "--script", "F1 dials"))
