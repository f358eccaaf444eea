"""What a campaign says: a text per language with names of columns in braces. Pure.

"Hello {name}, our new office in {town} opens on Monday."
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.sending.parts import Size, size_of
from menus.gsm import to_gsm

_NAME = re.compile(r"\{([^{}]*)\}")
_BRACE = re.compile(r"[{}]")
NAME = re.compile(r"[a-z][a-z0-9_]{0,29}")


class Unsayable(Exception):
    """The text is none that can be sent; the message says why."""


@dataclass(frozen=True, slots=True)
class Wording:
    """`texts` by language; the first is for whoever has chosen none of them."""

    texts: Mapping[str, str]

    def language_for(self, wanted: str) -> str:
        return wanted if wanted in self.texts else next(iter(self.texts))

    def said(self, language: str, values: Mapping[str, str]) -> str:
        """The text for one person. Raises KeyError for a column that is not there."""
        return to_gsm(_NAME.sub(lambda found: values[found[1].strip()], self.texts[language]))

    @property
    def variables(self) -> frozenset[str]:
        """The columns that any of the texts names."""
        return frozenset(found.strip() for text in self.texts.values() for found in _NAME.findall(text))


def wording(texts: Mapping[str, str], languages: tuple[str, ...]) -> Wording:
    """Checked. Raises Unsayable."""
    if not texts:
        raise Unsayable("there is no text")
    for language, text in texts.items():
        if language not in languages:
            raise Unsayable(f"{language}: not one of our languages, {', '.join(languages)}")
        if not text.strip():
            raise Unsayable(f"{language}: the text is empty")
        for name in _NAME.findall(text):
            if not NAME.fullmatch(name.strip()):
                raise Unsayable(f"{language}: {{{name}}} is no name of a column: a to z, 0 to 9 and _")
        if _BRACE.search(_NAME.sub("", text)):
            raise Unsayable(f"{language}: a brace that is not closed or not opened")
    return Wording(dict(texts))


def size(text: str) -> Size:
    """What it takes, exactly as it leaves."""
    return size_of(text)
