"""The links of premium messages: what somebody wrote to a short code may be answered once, at their cost, for a day."""

from dataclasses import dataclass

from simulator.standins.book import Book

GOOD_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Link:
    """Of one message: who wrote it to which code, and when; or who wants to use it, and when."""

    id: str
    phone: str
    short_code: str
    at: float


def keep(book: Book, link: Link) -> None:
    """Call inside a transaction."""
    book.execute(
        "INSERT INTO links (id, phone, short_code, at) VALUES (?, ?, ?, ?)",
        link.id,
        link.phone,
        link.short_code,
        link.at,
    )


def use(book: Book, wanted: Link) -> bool:
    """Use it up for an answer to just this phone from just this code. False for one that is unknown, somebody else's,
    used up or too old. Call inside a transaction."""
    done = book.execute(
        "UPDATE links SET is_used = 1 WHERE id = ? AND phone = ? AND short_code = ? AND is_used = 0 AND at > ?",
        wanted.id,
        wanted.phone,
        wanted.short_code,
        wanted.at - GOOD_SECONDS,
    )
    return done.rowcount == 1
