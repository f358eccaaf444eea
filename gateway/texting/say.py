"""What a message is answered with: words to send back, and what else follows from it. Plain values, kept with the
operation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flows.texting.spoken import fits
from menus.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Say:
    """One SMS back. `daily`: at most once a day to one line. `language`: empty for the customer's own."""

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)
    language: str = ""
    daily: bool = False

    def plain(self) -> list[Any]:
        return [self.template, dict(self.values), self.language, self.daily]


@dataclass(frozen=True, slots=True)
class Answer:
    """All that a message leads to: what is said, and one thing that is done in the same unit of work."""

    says: Sequence[Say] = ()
    does: str = ""
    about: Mapping[str, Any] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        return {"says": [each.plain() for each in self.says], "does": self.does, "about": dict(self.about)}


def of_screen(words: str, catalogue: Catalogue, language: str, *, is_end: bool) -> Say:
    """A screen's words; after one that is no last one, how to go on, where there is room for it."""
    if not words:
        return Say("texting.phone")
    sentence = words if words.endswith((".", "?")) else f"{words}."
    if not is_end and fits(catalogue.message(language, "texting.dial", {"words": sentence})):
        return Say("texting.dial", {"words": sentence})
    return Say("texting.said", {"said": words})
