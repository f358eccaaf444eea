"""`nyota sms simulate`: how a message is understood, and, where a gateway runs, what it would lead to for a line."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flows.texting.route import Route
from gateway.config import load
from gateway.desk.remote import office
from gateway.dialogue import catalogue_of
from gateway.texting.understanding import understood
from menus.keywords import Keyword

KNOWN_AS = {
    "command": "understood",
    "incomplete": "not clear",
    "secret": "a code or a PIN",
    "unknown": "not understood",
}


async def simulated(config: Path | None, data: Path, text: str, *, line: str | None, url: str | None) -> Sequence[str]:
    """Without a line needs no server. Raises Rejected, Unavailable."""
    if line is None:
        keywords = catalogue_of(load(config)).keywords
        found = understood(text, keywords)
        keyword = keywords.by_name[found["keyword"]] if "keyword" in found else Keyword("", {}, {}, {})
        return [_headline(found), *(_way(Route(keyword, found["given"])) if found["read"] == "command" else ())]
    body = {"phoneNumber": line, "text": text}
    return _told(await office(config, data, url).asked("/api/sms/simulate", body))


def _way(route: Route) -> Sequence[str]:
    """What would be answered at which screen."""
    return [f"  {place}: {wanted}" for place in route.keyword.answers if (wanted := route.wanted(place))]


def _headline(found: dict[str, Any]) -> str:
    given = ", ".join(f"{name} {value}" for name, value in found.get("given", {}).items())
    meant = " ".join(part for part in (found.get("keyword", ""), given) if part)
    return f"{KNOWN_AS[found['read']]}: {meant}" if meant else KNOWN_AS[found["read"]]


def _told(found: dict[str, Any]) -> Sequence[str]:
    """What would be sent, in order, and what only a code would release."""
    asked = [f"SMS: {found['asks']}", "nothing moves before the code comes back"] if found["asks"] else []
    return [_headline(found), f"kept as: {found['kept']}", *(f"SMS: {text}" for text in found["says"]), *asked]
