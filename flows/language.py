"""The choice of a language: one file in `menus/` is one more line of it."""

from collections.abc import Iterable
from typing import Any

from flows.kit import Offer, View


def _languages(view: View) -> Iterable[Offer]:
    return (Offer(code, "each", {"language": name}) for code, name in view.languages.items())


LANGUAGE: dict[str, Any] = {"saves": "language", "offers": _languages, "labels": ("each",)}
"""What a `choose` step needs to ask for it; the engine speaks the answer from then on."""
