"""Where an embedded Valkey keeps its files and its socket."""

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis import Redis

from gateway.embedded.errors import StartFailed
from gateway.embedded.home import SOCKET_BYTES_MAX, home_of

names = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=60).filter(
    lambda name: name not in {".", ".."}
)


class TestSocket:
    @given(st.lists(names, min_size=1, max_size=4))
    def test_always_fits_the_kernel(self, parts: list[str]) -> None:
        """Whatever the data directory is called."""
        home = home_of(Path("/nowhere", *parts))

        assert len(os.fsencode(home.socket)) <= SOCKET_BYTES_MAX

    @given(st.lists(names, min_size=1, max_size=4))
    def test_the_url_leads_to_it(self, parts: list[str]) -> None:
        """Blanks, percent and question marks in a path do not lead the client astray."""
        home = home_of(Path("/nowhere", *parts))

        with Redis.from_url(home.url) as client:
            assert client.connection_pool.connection_kwargs["path"] == str(home.socket)

    def test_is_beside_the_data_where_it_fits(self) -> None:
        """The usual case needs no second directory."""
        home = home_of(Path("/nowhere/var"))

        assert home.socket == Path("/nowhere/var/valkey.sock")
        assert not home.socket_is_elsewhere

    def test_is_the_same_for_every_run_and_another_for_other_data(self) -> None:
        """A later run must find what an earlier one left, and nobody else's."""
        long = Path("/nowhere", "x" * 120)

        assert home_of(long) == home_of(long)
        assert home_of(long).socket != home_of(long / "y").socket
        assert home_of(long).socket_is_elsewhere


class TestPrepare:
    @pytest.mark.parametrize("mode", [0o755, 0o770, 0o701])
    def test_a_short_directory_that_others_enter_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int
    ) -> None:
        """Its name can be guessed, so somebody may have been there first."""
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        home = home_of(tmp_path / ("x" * 120))
        home.socket.parent.mkdir()
        home.socket.parent.chmod(mode)

        with pytest.raises(StartFailed, match="only this user"):
            home.prepare()

    def test_a_link_in_place_of_the_short_directory_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It would lead our socket to where somebody else wants it."""
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        home = home_of(tmp_path / ("x" * 120))
        target = tmp_path / "target"
        target.mkdir(mode=0o700)
        home.socket.parent.symlink_to(target)

        with pytest.raises(StartFailed, match="only this user"):
            home.prepare()
