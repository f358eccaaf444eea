"""A screen: what the phone shows, cut into pages that never exceed the provider's septets.

Options are never cut: one that does not fit goes to the next page whole. `98` asks for the next page.
"""

from dataclasses import dataclass

from menus.gsm import cut, septets, to_gsm

ROOM_SEPTETS = 160


@dataclass(frozen=True, slots=True)
class Option:
    """One choice: the digits that select it, what it stands for, and its label."""

    digits: str
    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Screen:
    """One page, ready for a provider: `is_final` closes the session, `has_more` says another page follows."""

    text: str
    is_final: bool = False
    has_more: bool = False


@dataclass(frozen=True, slots=True)
class Navigation:
    """The words of the last line, by what is possible there: `0 Back 00 Home`, `98 More`."""

    back: str = ""
    more: str = ""


def paged(
    body: str, options: tuple[Option, ...], navigation: Navigation, page: int, room: int = ROOM_SEPTETS
) -> Screen:
    """Page number `page` (from 0; the last one when there are fewer) of body, options and navigation."""
    pages = _pages(to_gsm(body), options, navigation, room)
    page = min(page, len(pages) - 1)
    has_more = page < len(pages) - 1
    foot = _foot(navigation, has_more=has_more)
    return Screen(_joined(pages[page], foot), has_more=has_more)


def final(body: str, room: int = ROOM_SEPTETS) -> Screen:
    """A last screen. It cannot have pages, so what does not fit is cut at the end."""
    return Screen(cut(to_gsm(body), room), is_final=True)


def pages_count(
    body: str, options: tuple[Option, ...], navigation: Navigation, room: int = ROOM_SEPTETS
) -> int:
    return len(_pages(to_gsm(body), options, navigation, room))


def _pages(body: str, options: tuple[Option, ...], navigation: Navigation, room: int) -> list[list[str]]:
    lines = [line for line in body.split("\n") if line] + [
        to_gsm(f"{option.digits} {option.label}") for option in options
    ]
    if septets(_joined(lines, _foot(navigation, has_more=False))) <= room:
        return [lines]
    return _split(lines, room - septets(_foot(navigation, has_more=True)) - 1)


def _split(lines: list[str], space: int) -> list[list[str]]:
    pages: list[list[str]] = [[]]
    for line in (piece for whole in lines for piece in _wrapped(whole, space)):
        if pages[-1] and septets("\n".join([*pages[-1], line])) > space:
            pages.append([])
        pages[-1].append(line)
    return pages


def _wrapped(line: str, space: int) -> list[str]:
    """A line longer than a page, broken between words (or anywhere, if one word is that long)."""
    pieces = []
    while septets(line) > space:
        head = cut(line, space)
        head = head[: head.rfind(" ")] if " " in head else head
        pieces.append(head)
        line = line[len(head) :].lstrip()
    return [*pieces, line]


def _foot(navigation: Navigation, *, has_more: bool) -> str:
    return " ".join(part for part in (navigation.more if has_more else "", navigation.back) if part)


def _joined(lines: list[str], foot: str) -> str:
    return "\n".join([*lines, foot] if foot else lines)
