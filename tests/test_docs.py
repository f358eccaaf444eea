"""The documents keep to what runs."""

import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup

from gateway.__main__ import cli
from gateway.checks import flow_diagrams
from gateway.config import Config, Ledger, load
from gateway.ledgers.loading import settings_of

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
CODE = re.compile(r"`{3}.*?`{3}|`[^`\n]+`", re.S)
COMMANDS = re.compile(r"(?:(?<=`)|^\s*(?:\$ )?(?:\.venv/bin/)?)nyota ((?:[a-z-]).*?)(?=`|$| \||;| &&)", re.M)


def unknown(command: Any, words: Sequence[str]) -> str:
    """The first word that the command does not know; empty when all is well."""
    for place, word in enumerate(words):
        if isinstance(command, TyperGroup) and not word.startswith("-"):
            if word not in command.commands:
                return word
            return unknown(command.commands[word], words[place + 1 :])
        name = word.partition("=")[0]
        if name.startswith("--") and not any(name in option.opts + option.secondary_opts for option in command.params):
            return word
    return ""


class TestDocuments:
    """What can be drawn or read from code is compared with code."""

    def test_the_diagrams_of_the_flows_are_current(self) -> None:
        """`nyota check --diagrams docs/flows.md` would change nothing."""
        assert (ROOT / "docs" / "flows.md").read_text(encoding="utf-8") == flow_diagrams()

    def test_the_configuration_shows_the_defaults(self) -> None:
        """Whoever reads config.yaml reads what holds without it."""
        shipped = load(ROOT / "config.yaml")
        ours = Ledger(**shipped.ledger.model_dump(include=set(Ledger.model_fields)))

        assert shipped.model_copy(update={"ledger": ours}) == Config()

    def test_so_do_the_blocks_that_cores_read(self) -> None:
        """Those two that are shipped."""
        blocks = settings_of(load(ROOT / "config.yaml").ledger)

        assert sorted(blocks) == ["fineract", "http"]
        assert all(settings == type(settings)() for settings in blocks.values())

    @pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
    def test_every_command_that_is_shown_is_there(self, page: Path) -> None:
        """With its options."""
        tree = typer.main.get_command(cli)
        for line in CODE.findall(page.read_text(encoding="utf-8")):
            for words in COMMANDS.findall(line):
                assert unknown(tree, shlex.split(words, comments=True)) == "", f"nyota {words}"
