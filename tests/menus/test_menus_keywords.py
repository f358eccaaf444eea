"""The keywords of SMS as data: what is taken, and what is refused by name."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.built import flows
from flows.check import check
from flows.engine import Engine
from menus.catalogue import FOLDER, CatalogueError, load
from menus.keywords import FILE, TELLS, parsed

BALANCE = {
    "words": {"en": ["BAL"], "sw": ["SALIO"]},
    "tells": "balance",
    "example": {"en": "BAL", "sw": "SALIO"},
    "help": {"en": "Your balance", "sw": "Salio lako"},
}
SEND = {**BALANCE, "tells": "", "flow": "wallet", "needs": ["amount"], "answers": {"send.amount": "{amount}"}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The menus, to be spoilt."""
    return Path(shutil.copytree(FOLDER, tmp_path / "menus", ignore=shutil.ignore_patterns("*.py", "__pycache__")))


def spoilt(folder: Path, name: str, **changes: Any) -> None:
    """One entry of the file with something else in it."""
    path = folder / FILE
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    content["keywords"][name] |= changes
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")


class TestKeywords:
    def test_words_are_known_whatever_their_capitals(self) -> None:
        """With their language."""
        assert parsed({"keywords": {"balance": BALANCE}}).words == {
            "bal": ("balance", "en"),
            "salio": ("balance", "sw"),
        }

    @pytest.mark.parametrize(
        ("entry", "why"),
        [
            ({**BALANCE, "flow": "wallet"}, "either tells something or walks"),
            ({**BALANCE, "tells": "fortunes"}, "nobody tells fortunes"),
            ({**BALANCE, "needs": ["colour"]}, "nothing known as colour"),
            ({**BALANCE, "colour": "red"}, "unknown colour"),
            ({**SEND, "needs": []}, "nobody gives amount"),
        ],
    )
    def test_nonsense_is_refused_by_name(self, entry: dict[str, Any], why: str) -> None:
        """Before anybody writes."""
        with pytest.raises(ValueError, match=why):
            parsed({"keywords": {"other": entry}})

    def test_a_word_stands_for_one_keyword(self) -> None:
        """Nobody could say which was meant."""
        with pytest.raises(ValueError, match="one word stands for two"):
            parsed({"keywords": {"balance": BALANCE, "other": BALANCE}})

    def test_a_folder_without_the_file_has_none(self, folder: Path) -> None:
        """SMS are then not understood, and all else works."""
        (folder / FILE).unlink()

        assert load(folder).keywords.by_name == {}

    def test_a_broken_file_is_named(self, folder: Path) -> None:
        """With what is wrong in it."""
        spoilt(folder, "balance", tells="fortunes")

        with pytest.raises(CatalogueError, match=r"keywords\.yaml: balance: nobody tells fortunes"):
            load(folder)

    def test_the_shipped_ones_tell_all_there_is_to_tell(self) -> None:
        """Nothing can be told that nobody can ask."""
        assert {each.tells for each in load().keywords.by_name.values()} - {""} == TELLS


class TestChecking:
    """What `nyota check` finds, with the line."""

    @pytest.mark.parametrize(
        ("name", "changes", "finding"),
        [
            ("send", {"answers": {"send.nowhere": "1"}}, "send: there is no screen send.nowhere"),
            ("send", {"flow": "view"}, "send: view is not in the menu"),
            ("balance", {"example": {"en": "LOANS", "sw": "SALIO"}}, "balance: 'LOANS' does not ask for it"),
            ("balance", {"help": {"en": "Your balance"}}, "balance: no help in sw"),
            ("balance", {"help": {"en": "N" * 101, "sw": "Salio"}}, "balance: help in en: at most 100 septets"),
            ("balance", {"words": {"fr": ["SOLDE"]}, "example": {"fr": "SOLDE"}, "help": {"fr": "Solde"}},
             "balance: no file speaks fr"),
        ],
    )  # fmt: skip
    def test_what_cannot_be_is_found(self, folder: Path, name: str, changes: dict[str, Any], finding: str) -> None:
        """Screens that are not there, examples that ask for something else, words that do not fit."""
        spoilt(folder, name, **changes)
        catalogue = load(folder)

        found = check(Engine(flows(catalogue.menu), catalogue))

        assert [each.message for each in found] == [finding]
        assert found[0].path.endswith(FILE)
        assert found[0].line > 1
