"""What finance does on a terminal: exit codes, and what is said."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.__main__ import cli
from gateway.desk.remote import Office
from gateway.errors import Misconfigured, Rejected, Unavailable
from gateway.reconciling import command
from tests.gateway.statements import exports
from tests.house import OPS_TOKEN, House


class TestPreview:
    """Without any server."""

    def test_a_whole_statement_is_fine(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """What is in it, by kind."""
        assert command.preview(exports.csv_file(tmp_path, exports.classic()), "", folder=tmp_path) == command.FINE

        said = capsys.readouterr().out
        assert "600999" in said
        assert "paid_in" in said

    def test_what_is_left_for_a_person_is_another_exit_code(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A rejected row with its number and column."""
        bad = exports.changed(exports.PAYMENT, paid_in="lots")
        path = exports.csv_file(tmp_path, exports.classic([bad], preamble=()))

        assert command.preview(path, "", folder=tmp_path) == command.LEFT
        assert "row 2: Paid In is not an amount" in capsys.readouterr().out

    def test_an_encrypted_one_needs_its_password(self, tmp_path: Path) -> None:
        """Which is given, not stored."""
        path = exports.pdf_file(tmp_path, [exports.newer(row) for row in exports.ROWS], password="s3cret")
        folder = tmp_path / "plain"
        folder.mkdir()

        assert command.preview(path, "s3cret", folder=folder) == command.FINE
        with pytest.raises(Rejected, match="password is needed"):
            command.preview(path, "", folder=folder)

    def test_no_file_is_said(self, tmp_path: Path) -> None:
        """With its name."""
        with pytest.raises(Misconfigured, match=r"nothing\.csv"):
            command.preview(tmp_path / "nothing.csv", "", folder=tmp_path)


class TestTyped:
    """As finance types it."""

    def test_a_preview_needs_no_server(self, tmp_path: Path) -> None:
        """Its exit code is the command's; a file that is not there is refused by name."""
        path = exports.csv_file(tmp_path, exports.classic())

        fine = CliRunner().invoke(cli, ["statements", "preview", str(path)])
        missing = CliRunner().invoke(cli, ["statements", "upload", str(tmp_path / "nothing.csv")])

        assert (fine.exit_code, "600999" in fine.output) == (0, True)
        assert (missing.exit_code, "does not exist" in missing.output) == (2, True)


class TestAsked:
    """A running gateway, as an operator."""

    async def test_hand_in_and_compare(self, house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Rows that nobody knows are left for a person; a day without anything is fine."""
        desk = Office(house.url, OPS_TOKEN)
        row = exports.changed(exports.PAYMENT, reason_type="Something New")
        path = exports.csv_file(tmp_path, exports.classic([row], preamble=exports.PREAMBLE[1:2]))

        handed, compared = await command.upload(desk, path, "", ""), await command.reconcile(desk, None)

        assert (handed, compared) == (command.LEFT, command.FINE)
        assert "mismatched" in capsys.readouterr().out
        with pytest.raises(Rejected, match="not a shortcode of ours"):
            await command.upload(desk, exports.csv_file(tmp_path, [exports.CLASSIC]), "111111", "")

    async def test_a_gateway_that_is_not_there(self, unused_tcp_port: int) -> None:
        """In one sentence."""
        with pytest.raises(Unavailable, match="no gateway answers there"):
            await command.reconcile(Office(f"http://127.0.0.1:{unused_tcp_port}", "x"), None)
