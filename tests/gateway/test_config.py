"""Every knob: read once, refused by name when it is unknown or nonsense, secrets masked."""

import os
from pathlib import Path

import pytest

from gateway.config import Config, load
from gateway.errors import Misconfigured

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of ours in the environment but what a test puts there."""
    for variable in list(os.environ):
        if variable.startswith("NYOTA_"):
            monkeypatch.delenv(variable)


def written(tmp_path: Path, content: str) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(content, encoding="utf-8")
    return path


class TestTheFile:
    """`config.yaml`, or the one that was named."""

    def test_the_one_we_ship_is_read_and_shows_the_defaults(self) -> None:
        """What it says about a knob is what holds without it."""
        shipped, bare = load(ROOT / "config.yaml"), Config()

        for name in Config.model_fields:
            if name not in {"lending", "ledger"}:  # the rest of those is in files of their own
                assert getattr(shipped, name) == getattr(bare, name), name

    def test_without_one_the_defaults_hold(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A directory without a file is no error."""
        monkeypatch.chdir(tmp_path)

        assert load() == Config()

    def test_one_that_was_named_must_be_there(self, tmp_path: Path) -> None:
        """A misspelt file name is not silently the defaults."""
        for named in (tmp_path / "missing.yaml", tmp_path):
            with pytest.raises(Misconfigured, match="no such file"):
                load(named)

    def test_what_the_environment_says_wrong_is_named_as_it_is_written_there(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Not as a line of the file, where nobody would find it."""
        monkeypatch.setenv("NYOTA_SERVER__PROT", "9000")

        with pytest.raises(Misconfigured, match=r"^NYOTA_SERVER__PROT: server\.prot: there is no such key$"):
            load(written(tmp_path, "server: {port: 9000}"))

    @pytest.mark.parametrize(
        ("content", "named"),
        [
            ("server: {prot: 9000}", "server.prot"),
            ("sever: {port: 9000}", "sever"),
            ("rails: {daraja: {base: x}}", "rails.daraja.base"),
            ("server: {port: 70000}", "server.port"),
            ("server: {port: nine}", "server.port"),
            ("sessions: {ttl_seconds: 1}", "sessions.ttl_seconds"),
            ("server: {turn_seconds: 0}", "server.turn_seconds"),
            ("pins: {memory_kib: 64}", "pins.memory_kib"),
            ("logs: {level: loud}", "logs.level"),
            ("server: 5", "server"),
        ],
    )
    def test_what_is_unknown_or_nonsense_is_refused_by_its_key(self, tmp_path: Path, content: str, named: str) -> None:
        """One line with the file and the key."""
        with pytest.raises(Misconfigured, match=rf"config\.yaml: {named}: ") as refused:
            load(written(tmp_path, content))

        assert "\n" not in str(refused.value)

    @pytest.mark.parametrize("content", ["server: [", "\t- x", "- a list", "just words"])
    def test_what_is_no_mapping_is_refused_with_the_file(self, tmp_path: Path, content: str) -> None:
        """Broken YAML, or YAML of another shape."""
        with pytest.raises(Misconfigured, match=r"config\.yaml"):
            load(written(tmp_path, content))

    def test_what_needs_a_licence_that_is_not_there_is_refused_by_its_key(self, tmp_path: Path) -> None:
        """Closed, it starts."""
        lender = "organisation: {kind: credit_only}\n"

        with pytest.raises(Misconfigured, match=r"savings\.open: credit_only takes no savings"):
            load(written(tmp_path, lender))
        assert not load(written(tmp_path, lender + "savings: {open: false}\n")).savings.open

    def test_an_empty_one_is_the_defaults(self, tmp_path: Path) -> None:
        """Only comments, say."""
        assert load(written(tmp_path, "# nothing\n")) == Config()


class TestTheEnvironment:
    """`NYOTA_<SECTION>__<KEY>` over the file over the defaults given in code."""

    def test_it_overrides_the_file_and_the_file_overrides_defaults(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Key by key, not section by section."""
        path = written(tmp_path, "server: {port: 9000, host: 0.0.0.0}")
        monkeypatch.setenv("NYOTA_SERVER__PORT", "9100")

        server = load(path, {"server": {"host": "::1", "port": 1, "processes": 3}}).server

        assert (server.port, server.host, server.processes) == (9100, "0.0.0.0", 3)  # noqa: S104 - only a value

    def test_it_reaches_every_depth(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """The variables that the manual names."""
        for variable, value in {
            "NYOTA_DATABASE__URL": "postgresql+asyncpg://x",
            "NYOTA_REDIS__URL": "redis://y",
            "NYOTA_RAILS__DARAJA__BASE_URL": "http://z",
            "NYOTA_PROVIDERS__AFRICASTALKING__SMS_BASE_URL": "http://s",
            "NYOTA_RAILS__DARAJA__PAYOUT__CONSUMER_SECRET": "hidden",
        }.items():
            monkeypatch.setenv(variable, value)

        config = load(written(tmp_path, ""))

        assert (config.database.url, config.redis.url) == ("postgresql+asyncpg://x", "redis://y")
        assert config.rails.daraja.base_url == "http://z"
        assert config.providers.africastalking.sms_base_url == "http://s"
        assert config.rails.daraja.payout.consumer_secret.get_secret_value() == "hidden"
        assert config.rails.daraja.payout.shortcode == "600998"

    @pytest.mark.parametrize(
        ("variable", "named"),
        [
            ("NYOTA_SEVER__PORT", "NYOTA_SEVER__PORT"),
            ("NYOTA_SERVER_PORT", "NYOTA_SERVER_PORT"),
            ("NYOTA_SERVER__PROT", "server.prot"),
            ("NYOTA_RAILS__DARAJA__BASEURL", "rails.daraja.baseurl"),
        ],
    )
    def test_a_misspelt_variable_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, named: str
    ) -> None:
        """Ignored, the default would stand in its place unseen."""
        monkeypatch.setenv(variable, "1")

        with pytest.raises(Misconfigured, match=named):
            load(written(tmp_path, ""))

    def test_other_peoples_variables_are_none_of_our_business(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Only the prefix is ours."""
        monkeypatch.setenv("SERVER__PORT", "1")
        monkeypatch.setenv("_NYOTA_SIBLING", "1")

        assert load(written(tmp_path, "")) == Config()


class TestSecrets:
    """They hide where they live."""

    def test_no_repr_and_no_dump_shows_one(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Tokens, keys, peppers, and the passwords inside addresses."""
        secrets = {
            "NYOTA_SERVER__OPS_TOKEN": "hush-1",
            "NYOTA_SERVER__CALLBACK_TOKEN": "hush-2",
            "NYOTA_SESSIONS__SECRET": "hush-3",
            "NYOTA_PINS__PEPPER": "hush-4",
            "NYOTA_PROVIDERS__AFRICASTALKING__API_KEY": "hush-5",
            "NYOTA_RAILS__DARAJA__COLLECTION__CONSUMER_SECRET": "hush-6",
            "NYOTA_RAILS__DARAJA__PASSKEY": "hush-7",
            "NYOTA_RAILS__DARAJA__SECURITY_CREDENTIAL": "hush-8",
            "NYOTA_LEDGER__FINERACT__PASSWORD": "hush-11",
            "NYOTA_PROVIDERS__COMVIVA__CALLBACK_TOKEN": "hush-12",
            "NYOTA_DATABASE__URL": "postgresql+asyncpg://nyota:hush-9@db/nyota",
            "NYOTA_REDIS__URL": "redis://:hush-10@cache:6379",
        }
        for variable, value in secrets.items():
            monkeypatch.setenv(variable, value)

        config = load(written(tmp_path, ""))

        assert "hush" not in repr(config) + str(config)
        assert config.database.url == secrets["NYOTA_DATABASE__URL"]

    @pytest.mark.parametrize("name", ["a_gateway_of_celcom_africa", "a/b", ""])
    def test_a_carriers_name_has_room_in_a_column_and_an_address(self, tmp_path: Path, name: str) -> None:
        """A message whose carrier cannot be kept would be sent again and again."""
        gateway = f'messages: {{gateways: {{"{name}": {{preset: kenyan, url: http://x}}}}}}'

        with pytest.raises(Misconfigured, match=r"messages\.gateways"):
            load(written(tmp_path, gateway))

    def test_a_refusal_does_not_quote_the_value(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The key says enough."""
        monkeypatch.setenv("NYOTA_SERVER__PORT", "hush-1")

        with pytest.raises(Misconfigured) as refused:
            load(written(tmp_path, ""))

        assert "server.port" in str(refused.value)
        assert "hush" not in str(refused.value)
