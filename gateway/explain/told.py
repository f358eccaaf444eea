"""A story for people: a line for each event, and what we believe in the end."""

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.clock import iso
from gateway.explain.story import Story
from gateway.lending.fields import amount_text
from gateway.terminal import printable


def lines_of(story: Story) -> Iterator[str]:
    """All of it, as a terminal may show it."""
    yield f"{story.reference}  {story.kind}  {story.state} at {story.step}"
    for event in story.events:
        yield line_of(iso(event.at), event.what, event.detail)
    yield printable(story.belief)


def line_of(at: str, what: str, detail: Mapping[str, Any]) -> str:
    """One event; `cents` in `detail` are told in shillings, what is empty is left out."""
    return printable(f"  {at}  {what:<9}{_moved(detail) if what == 'journal' else _plain(detail)}")


def _moved(journal: Mapping[str, Any]) -> str:
    moved = ", ".join(f"{line['account']} {amount_text(line['cents'])}" for line in journal["lines"])
    return f"{journal['step']} {journal['phase']}: {moved}"


def _plain(detail: Mapping[str, Any]) -> str:
    known = ((name, value) for name, value in detail.items() if value not in (None, "", {}))
    return "  ".join(f"{name} {amount_text(value) if name == 'cents' else value}" for name, value in known)
