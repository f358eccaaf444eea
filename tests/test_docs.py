"""The documents keep to what runs."""

import json
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup

from gateway.__main__ import cli
from gateway.app import build
from gateway.checks import flow_diagrams
from gateway.config import Config, Ledger, load
from gateway.ledgers.loading import settings_of
from gateway.lending.printed import table
from gateway.lending.quote import quote_from_terms
from gateway.operations.playbook import Local
from tests.house import settings

ROOT = Path(__file__).parent.parent
NOWHERE, DATABASE = "http://127.0.0.1:1", "sqlite+aiosqlite:///nowhere"
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


def told(page: str) -> dict[str, tuple[list[str], str]]:
    """Each kind of operation in the table of the architecture, with its steps and the way back."""
    found: dict[str, tuple[list[str], str]] = {}
    for kinds, steps, refused in re.findall(r"^\| (`[a-z].*?) \| (.*?) \| (.*?) \|", page, re.M):
        # The guard of pay-outs is put around the playbooks of all, and is in none of them.
        names = [name for name in re.split("[:;]|, once", steps)[0].split(", ") if name != "guard"]
        found.update({kind: (names, refused.partition(":")[0]) for kind in re.findall("`([a-z_.]+)`", kinds)})
    return found


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

    def test_a_loan_is_priced_as_shown(self) -> None:
        """The terms of the how-to come to the table below them, line by line."""
        page = (ROOT / "docs" / "how-to" / "price-a-loan.md").read_text(encoding="utf-8")
        terms, shown = re.findall(r"^   ```(?:json)?\n(.*?)\n   ```$", page, re.M | re.S)

        assert table(quote_from_terms(json.loads(terms))).splitlines() == [
            line.removeprefix("   ") for line in shown.splitlines()[1:]
        ]

    async def test_every_kind_of_operation_is_told(self, tmp_path: Path) -> None:
        """With its steps, those that speak to the world outside in bold, and its way back."""
        page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
        whole = {"rails": {"float": {"poll_minutes": 1}}, "audit": {"key": "k" * 32}}
        gateway = build(Config(**settings(1, NOWHERE, DATABASE, "redis://nowhere", **whole)), tmp_path)
        await gateway.close()

        assert told(page) == {
            playbook.kind: (
                [step.name if isinstance(step, Local) else f"**{step.name}**" for step in playbook.steps],
                playbook.refused.name if playbook.refused else "-",
            )
            for feature in gateway.features
            for playbook in feature.playbooks
        }

    @pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
    def test_every_command_that_is_shown_is_there(self, page: Path) -> None:
        """With its options."""
        tree = typer.main.get_command(cli)
        for line in CODE.findall(page.read_text(encoding="utf-8")):
            for words in COMMANDS.findall(line):
                assert unknown(tree, shlex.split(words, comments=True)) == "", f"nyota {words}"
