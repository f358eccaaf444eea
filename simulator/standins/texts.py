"""SMS that reached people's phones, and how many parts a text is charged as."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from simulator.standins.book import Book

_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENDED = frozenset("^{}\\[~]|€\f")


@dataclass(frozen=True, slots=True)
class Text:
    """One message. `at` is when it reached, or will reach, the phone."""

    id: str
    phone: str
    text: str
    sender: str
    at: float


def keep(book: Book, text: Text) -> None:
    """Call inside a transaction."""
    book.execute(
        "INSERT INTO messages (id, phone, text, sender, at) VALUES (?, ?, ?, ?, ?)",
        text.id,
        text.phone,
        text.text,
        text.sender,
        text.at,
    )


def delivered(book: Book, phone: str | None, now: float) -> Sequence[Text]:
    """What has reached a phone by now (None: all phones), oldest first."""
    rows = book.all(
        "SELECT * FROM messages WHERE at <= ? AND (phone = ? OR ? IS NULL) ORDER BY at, rowid",
        now,
        phone,
        phone,
    )
    return [Text(row["id"], row["phone"], row["text"], row["sender"], row["at"]) for row in rows]


def parts(text: str) -> int:
    """How many SMS a text takes: 160 septets in one, 153 in each of several; 70 and 67 outside GSM-7."""
    if all(character in _GSM or character in _GSM_EXTENDED for character in text):
        return _parts(sum(2 if character in _GSM_EXTENDED else 1 for character in text), 160, 153)
    return _parts(len(text.encode("utf-16-be")) // 2, 70, 67)


def _parts(length: int, alone: int, together: int) -> int:
    return 1 if length <= alone else ceil(length / together)
