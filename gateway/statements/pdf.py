"""A statement as text PDF: words by their place on the page, each put under the header word it stands under.

A row begins with a receipt; lines without one continue the cells above them, as wrapped details do.
"""

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pypdf import PdfReader, PdfWriter
from pypdf.errors import PyPdfError

from gateway.statements.columns import columns_of
from gateway.statements.line import Unreadable
from gateway.statements.statement import RECEIPT, Cells

PAGES_MAX = 5_000
_WORDS = re.compile(r"\S+(?: \S+)*")


@dataclass(frozen=True, slots=True)
class _Word:
    """Words with one blank between them, and where they stand on their line."""

    text: str
    start: int
    end: int

    def apart(self, other: "_Word") -> int:
        """How many characters lie between the two; less than 0 when one stands under the other."""
        return max(self.start, other.start) - min(self.end, other.end)


def rows(path: Path) -> Iterator[Cells]:
    """Raises Unreadable for what is encrypted, damaged, too long or has no text."""
    header: list[_Word] | None = None
    row: list[str] | None = None
    number = 0
    for line in _lines(path):
        words = [_Word(found[0], found.start(), found.end()) for found in _WORDS.finditer(line)]
        if not words:
            continue
        if columns_of([word.text for word in words]):
            header = words
        if header is None or header is words or RECEIPT.fullmatch(words[0].text):
            if row is not None:
                number += 1
                yield number, row
            row = [word.text for word in words] if header is None or header is words else _placed(words, header)
        elif row is not None and len(row) == len(header):
            row = [" ".join(filter(None, pair)) for pair in zip(row, _placed(words, header), strict=True)]
    if row is not None:
        yield number + 1, row


def decrypted(path: Path, password: str) -> bytes:
    """The same file without its password. Raises Unreadable when it is not that one."""
    try:
        reader = PdfReader(path)
        if not reader.is_encrypted:
            return path.read_bytes()
        if not reader.decrypt(password):
            raise Unreadable("the file is encrypted, and this is not its password" if password else LOCKED)
        plain = io.BytesIO()
        PdfWriter(clone_from=reader).write(plain)
    except (PyPdfError, ValueError, KeyError, NotImplementedError) as error:
        raise Unreadable("the PDF is damaged, or encrypted in a way that is not known here") from error
    return plain.getvalue()


LOCKED = "the file is encrypted: its password is needed"


def _lines(path: Path) -> Iterator[str]:
    try:
        reader = PdfReader(path)
        if reader.is_encrypted:
            raise Unreadable(LOCKED)
        if len(reader.pages) > PAGES_MAX:
            raise Unreadable(f"more than {PAGES_MAX} pages: export it as CSV")
        for page in reader.pages:
            yield from page.extract_text(extraction_mode="layout").splitlines()
    except (PyPdfError, ValueError, KeyError, NotImplementedError) as error:
        raise Unreadable("the PDF is damaged, or holds no text") from error


def _placed(words: Sequence[_Word], header: Sequence[_Word]) -> list[str]:
    """Each word in the cell of the header word that it stands under, or is nearest to."""
    cells: list[list[str]] = [[] for _ in header]
    for word in words:
        nearest = min(range(len(header)), key=lambda place: word.apart(header[place]))
        cells[nearest].append(word.text)
    return [" ".join(texts) for texts in cells]
