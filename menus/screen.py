"""A screen: what the phone shows, cut into pages that never exceed the provider's septets.

Options are never cut: one that does not fit goes to the next page whole. `98` asks for the next page.
"""

from dataclasses import dataclass
from functools import lru_cache

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
    page: int = 0


@dataclass(frozen=True, slots=True)
class Navigation:
    """The words of the last line, by what is possible there: `0 Back 00 Home`, `98 More`."""

    back: str = ""
    more: str = ""


@dataclass(frozen=True, slots=True)
class Content:
    """All that a screen has to say.

    `notice` stands above whichever page is shown. `spare` septets are kept free on every page when there are
    several: with room for a notice, pages begin at the same line whether there is one or not.
    """

    body: str
    options: tuple[Option, ...] = ()
    navigation: Navigation = Navigation()
    notice: str = ""
    spare: int = 0


@lru_cache(4096)
def paged(content: Content, page: int = 0, room: int = ROOM_SEPTETS) -> Screen:
    """Page number `page` (from 0; the last one when there are fewer), at most `room` septets long."""
    pages = pages_of(content, room)
    page = min(page, len(pages) - 1)
    has_more = page < len(pages) - 1
    foot = _foot(content.navigation, has_more=has_more)
    return Screen(_joined([*_above(content), *pages[page]], foot), has_more=has_more, page=page)


def final(body: str, room: int = ROOM_SEPTETS) -> Screen:
    """A last screen. It cannot have pages, so what does not fit is cut at the end."""
    return Screen(cut(to_gsm(body), room), is_final=True)


def pages_of(content: Content, room: int = ROOM_SEPTETS) -> list[list[str]]:
    """The lines of each page, without notice and navigation."""
    lines = [
        *(line for line in to_gsm(content.body).split("\n") if line),
        *(to_gsm(f"{option.digits} {option.label}").rstrip() for option in content.options),
    ]
    above = _above(content)
    if septets(_joined([*above, *lines], _foot(content.navigation, has_more=False))) <= room:
        return [lines]
    taken = max(content.spare, sum(septets(line) + 1 for line in above))
    foot = _foot(content.navigation, has_more=True)
    return _split(lines, room - taken - (septets(foot) + 1 if foot else 0))


def _above(content: Content) -> list[str]:
    return [to_gsm(content.notice)] if content.notice else []


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
    line = line.strip()
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
