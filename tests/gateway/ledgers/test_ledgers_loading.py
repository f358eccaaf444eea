"""Which core there is: the one that the configuration names, and each refusal says which key."""

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

import gateway.ledgers
from gateway.config import Ledger, load
from gateway.errors import Misconfigured
from gateway.ledgers.contract import Core
from gateway.ledgers.fineract import FineractLedger
from gateway.ledgers.http import HttpLedger
from gateway.ledgers.loading import core_of, settings_of

SACCO = """
from gateway.config import Section
from gateway.ledgers.contract import Core

class Settings(Section):
    branch: int = 1

class Sacco:
    def __init__(self, *said):
        self.said = said

def core(settings, timeout_seconds):
    return Core(Sacco(settings.branch, timeout_seconds), {}, ())
"""


def ledger(**values: Any) -> Ledger:
    return Ledger.model_validate(values)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in list(os.environ):
        if variable.startswith("NYOTA_"):
            monkeypatch.delenv(variable)


class TestTheCore:
    """`ledger.kind`, and the block of that name."""

    def test_is_none_where_our_own_books_keep_the_loans(self) -> None:
        """Whatever else has a block."""
        assert core_of(ledger(fineract={"office": 4})) is None

    async def test_is_the_one_that_is_named(self) -> None:
        """With what it calls our products, and the accounts that it keeps."""
        block = {"password": "secret", "products": {"quick": {"id": 3}}, "savings": {"savings": 1}}

        core = core_of(ledger(kind="fineract", fineract=block))

        assert isinstance(core, Core)
        assert isinstance(core.ledger, FineractLedger)
        assert (core.products, core.savings) == ({"quick": "3"}, ("savings",))

    async def test_has_the_name_of_its_file(self) -> None:
        """One name in configuration, mirror and log."""
        core = core_of(ledger(kind="http", http={"token": "t0ken"}))

        assert core is not None
        assert isinstance(core.ledger, HttpLedger)
        assert core.ledger.name == "http"

    def test_may_be_a_file_that_nobody_here_has_heard_of(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nothing but the file is needed, and its own knobs are read from its own block."""
        (tmp_path / "sacco.py").write_text(SACCO, encoding="utf-8")
        monkeypatch.setattr(gateway.ledgers, "__path__", [*gateway.ledgers.__path__, str(tmp_path)])
        monkeypatch.delitem(sys.modules, "gateway.ledgers.sacco", raising=False)

        core = core_of(ledger(kind="sacco", timeout_seconds=4, sacco={"branch": 7}))

        assert core is not None
        assert vars(core.ledger) == {"said": (7, 4.0)}

    @pytest.mark.parametrize(
        ("values", "key"),
        [
            ({"kind": "nobody"}, "ledger.kind: there is no file gateway/ledgers/nobody.py"),
            ({"kind": "../x"}, "ledger.kind: there is no file"),
            ({"kind": "contract"}, "ledger.kind: there is no file"),
            ({"kind": "fineract"}, "ledger.fineract.password: needed; set NYOTA_LEDGER__FINERACT__PASSWORD"),
            ({"kind": "http"}, "ledger.http.token: needed; set NYOTA_LEDGER__HTTP__TOKEN"),
            ({"fienract": {}}, "ledger.fienract: there is no such key"),
            ({"embedded": {}}, "ledger.embedded: there is no such key"),
            ({"fineract": {"ofice": 1}}, "ledger.fineract.ofice: "),
            ({"fineract": {"office": 0}}, "ledger.fineract.office: "),
            ({"fineract": {"products": {"quick": {"id": 0}}}}, "ledger.fineract.products.quick.id: "),
            ({"http": {"products": "quick"}}, "ledger.http.products: "),
        ],
    )
    def test_what_is_wrong_is_refused_by_its_key(self, values: dict[str, Any], key: str) -> None:
        """In a block that is not used, too."""
        with pytest.raises(Misconfigured) as refused:
            core_of(ledger(**values))

        assert str(refused.value).startswith(key)

    def test_a_misspelt_knob_of_our_own_is_refused(self, tmp_path: Path) -> None:
        """It is no block, so no file may read it."""
        path = tmp_path / "config.yaml"
        path.write_text("ledger: {timeout_secs: 3}", encoding="utf-8")

        with pytest.raises(Misconfigured, match=r"ledger\.timeout_secs"):
            load(path)


class TestTheEnvironment:
    """`NYOTA_LEDGER__<KIND>__<KEY>`."""

    def test_lies_over_the_file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Key by key, mappings as JSON or by their parts; and a secret that looks like JSON stays text."""
        path = tmp_path / "config.yaml"
        path.write_text("ledger: {kind: fineract, fineract: {tenant: sacco, office: 1}}", encoding="utf-8")
        given = {
            "PASSWORD": "[1]", "OFFICE": "4", "PRODUCTS": '{"quick": {"id": 3}}', "SAVINGS__WALLET": "2",
        }  # fmt: skip
        for name, value in given.items():
            monkeypatch.setenv(f"NYOTA_LEDGER__FINERACT__{name}", value)

        settings = settings_of(load(path).ledger)["fineract"]

        assert (settings.tenant, settings.office, settings.password) == ("sacco", 4, SecretStr("[1]"))
        assert (settings.products["quick"].id, settings.savings) == (3, {"wallet": 2})

    def test_a_secret_is_in_no_repr(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Before its file has read it nobody knows that it is one."""
        path = tmp_path / "config.yaml"
        path.write_text("ledger: {kind: http}", encoding="utf-8")
        monkeypatch.setenv("NYOTA_LEDGER__HTTP__TOKEN", "hush")

        config = load(path)

        assert "hush" not in repr(config) + str(config)
        assert "hush" not in repr(settings_of(config.ledger))
