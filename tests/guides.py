"""Follows a how-to of `docs/how-to/` to the letter, in a copy of the tree.

A comment that readers do not see says what the code block after it is for:

    <!-- write: path -->     the block is a new file
    <!-- add: path; TEXT --> the block goes after the first line that reads TEXT
    <!-- diff: path -->      lines with - are replaced by those with +
    <!-- run -->             commands, each of which must succeed
    <!-- refuses: TEXT -->   a command that must fail and say TEXT
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PARTS = ("gateway", "flows", "menus", "simulator", "config.yaml", "docs")
BLOCK = re.compile(
    r"^ *<!-- (?P<verb>\w+):? ?(?P<what>[^\n]*?) -->\n+(?P<pad> *)```\w*\n(?P<body>.*?)\n(?P=pad)```$", re.M | re.S
)
COMMAND_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Instruction:
    """One marked block."""

    verb: str
    what: str
    body: str


def instructions(guide: str) -> list[Instruction]:
    """The marked blocks of a how-to, in order."""
    text = (ROOT / "docs" / "how-to" / guide).read_text(encoding="utf-8")
    return [
        Instruction(found["verb"], found["what"], _without(found["pad"], found["body"]))
        for found in BLOCK.finditer(text)
    ]


def _without(pad: str, body: str) -> str:
    """The block's own lines: what is before its fence is the list's, what is after it is the file's."""
    return "\n".join(line.removeprefix(pad) for line in body.split("\n"))


class Copy:
    """A copy of the tree that a guide may change."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for part in PARTS:
            source = ROOT / part
            if source.is_dir():
                shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, folder / part)

    def follow(self, guide: str) -> None:
        """Do what the guide says. A block of a verb nobody knows is a mistake in the guide."""
        for step in instructions(guide):
            getattr(self, f"_{step.verb}")(step)

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("NYOTA_")}
        return {**kept, "PYTHONPATH": str(self.folder), **more}

    def _write(self, step: Instruction) -> None:
        path = self.folder / step.what
        assert not path.exists(), f"{step.what} is there already"
        path.write_text(step.body + "\n", encoding="utf-8")

    def _add(self, step: Instruction) -> None:
        name, after = step.what.split("; ", 1)
        lines = (self.folder / name).read_text(encoding="utf-8").split("\n")
        place = next(index for index, line in enumerate(lines) if line.strip() == after)
        (self.folder / name).write_text(
            "\n".join([*lines[: place + 1], step.body, *lines[place + 1 :]]), encoding="utf-8"
        )

    def _diff(self, step: Instruction) -> None:
        path = self.folder / step.what
        old, new = ("\n".join(line[1:] for line in step.body.split("\n") if line[:1] == sign) for sign in "-+")
        content = path.read_text(encoding="utf-8")
        assert old in content, f"{step.what} has no {old!r}"
        path.write_text(content.replace(old, new, 1), encoding="utf-8")

    def _run(self, step: Instruction) -> None:
        done = self._ran(step)
        assert done.returncode == 0, f"{step.body}\n{done.stdout}{done.stderr}"

    def _refuses(self, step: Instruction) -> None:
        done = self._ran(step)
        assert done.returncode != 0, f"{step.body} was not refused"
        assert step.what in done.stdout + done.stderr

    def _ran(self, step: Instruction) -> "subprocess.CompletedProcess[str]":
        command = step.body.replace(".venv/bin/nyota", f"{sys.executable} -m gateway")
        return subprocess.run(
            ["/bin/sh", "-ec", command], cwd=self.folder, env=self.environment(), text=True, capture_output=True,
            timeout=COMMAND_SECONDS, check=False,
        )  # fmt: skip
