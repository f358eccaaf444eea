"""A copy of the menu files to spoil."""

import shutil
from pathlib import Path

from menus.catalogue import FOLDER, Catalogue, load


class MenuFiles:
    """The real menus in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for path in FOLDER.glob("*.yaml"):
            shutil.copy(path, folder)

    def change(self, file: str, old: str, new: str) -> "MenuFiles":
        """Replace a text that occurs exactly once."""
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times in {file}"
        path.write_text(text.replace(old, new), encoding="utf-8")
        return self

    def line_of(self, file: str, beginning: str) -> int:
        lines = (self.folder / file).read_text(encoding="utf-8").splitlines()
        return next(number for number, line in enumerate(lines, start=1) if line.strip().startswith(beginning))

    def load(self) -> Catalogue:
        return load(self.folder)
