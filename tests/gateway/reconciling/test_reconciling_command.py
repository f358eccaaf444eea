"""What finance does on a terminal: exit codes, and what is said."""

from pathlib import Path

import pytest

from gateway import finance
from gateway.errors import Misconfigured, Rejected, Unavailable
from tests.gateway.statements import exports
from tests.house import OPS_TOKEN, House


class TestPreview:
    """Without any server."""

    def test_a_whole_statement_is_fine(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """What is in it, by kind."""
        assert finance.preview(exports.csv_file(tmp_path, exports.classic()), "", folder=tmp_path) == finance.FINE

        said = capsys.readouterr().out
        assert "600999" in said
        assert "paid_in" in said

    def test_what_is_left_for_a_person_is_another_exit_code(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A rejected row with its number and column."""
        bad = exports.changed(exports.PAYMENT, paid_in="lots")
        path = exports.csv_file(tmp_path, exports.classic([bad], preamble=()))

        assert finance.preview(path, "", folder=tmp_path) == finance.LEFT
        assert "row 2: Paid In is not an amount" in capsys.readouterr().out

    def test_an_encrypted_one_needs_its_password(self, tmp_path: Path) -> None:
        """Which is given, not stored."""
        path = exports.pdf_file(tmp_path, [exports.newer(row) for row in exports.ROWS], password="s3cret")
        folder = tmp_path / "plain"
        folder.mkdir()

        assert finance.preview(path, "s3cret", folder=folder) == finance.FINE
        with pytest.raises(Rejected, match="password is needed"):
            finance.preview(path, "", folder=folder)

    def test_no_file_is_said(self, tmp_path: Path) -> None:
        """With its name."""
        with pytest.raises(Misconfigured, match=r"nothing\.csv"):
            finance.preview(tmp_path / "nothing.csv", "", folder=tmp_path)


class TestAsked:
    """A running gateway, as an operator."""

    async def test_hand_in_and_compare(self, house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Rows that nobody knows are left for a person; a day without anything is fine."""
        gateway = finance.Gateway(house.url, OPS_TOKEN)
        row = exports.changed(exports.PAYMENT, reason_type="Something New")
        path = exports.csv_file(tmp_path, exports.classic([row], preamble=exports.PREAMBLE[1:2]))

        handed, compared = await finance.upload(gateway, path, "", ""), await finance.reconcile(gateway, None)

        assert (handed, compared) == (finance.LEFT, finance.FINE)
        assert "mismatched" in capsys.readouterr().out
        with pytest.raises(Rejected, match="not a shortcode of ours"):
            await finance.upload(gateway, exports.csv_file(tmp_path, [exports.CLASSIC]), "111111", "")

    async def test_a_gateway_that_is_not_there(self, unused_tcp_port: int) -> None:
        """In one sentence."""
        with pytest.raises(Unavailable, match="does not answer"):
            await finance.reconcile(finance.Gateway(f"http://127.0.0.1:{unused_tcp_port}", "x"), None)

    def test_the_token_is_found_or_asked_for_and_is_in_no_repr(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The environment first, then the data directory."""
        monkeypatch.delenv(finance.ADMITTING, raising=False)
        with pytest.raises(Misconfigured, match="NYOTA_SERVER__OPS_TOKEN"):
            finance.gateway_at("http://x", tmp_path)
        (tmp_path / "ops-token").write_text("from-the-file\n", encoding="utf-8")

        gateway = finance.gateway_at("http://x/", tmp_path)

        assert (gateway.url, gateway.token) == ("http://x", "from-the-file")
        assert "from-the-file" not in repr(gateway)
