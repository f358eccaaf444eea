"""A message as plain values: how it is read when it comes, before anybody is looked up."""

from dataclasses import asdict
from typing import Any

from flows.texting import message
from flows.texting.command import Command, Incomplete, read
from menus.keywords import Keywords


def keepable(text: str, keywords: Keywords) -> str:
    """What may be kept of it: of a message with somebody's identity number, no digits at all."""
    named = keywords.by_name.get(understood(text, keywords).get("keyword", ""))
    return message.hidden(text, is_personal=named is not None and "id" in named.slots)


def understood(text: str, keywords: Keywords) -> dict[str, Any]:
    """`read` says what it is: command, incomplete, secret (lone digits, or a PIN by its name) or unknown."""
    if message.lone_digits(text):
        return {"read": "secret"}
    found = read(text, keywords)
    if isinstance(found, Command | Incomplete):
        return {"read": type(found).__name__.casefold(), **asdict(found)}
    return {"read": "secret" if message.names_pin(text) else "unknown"}
