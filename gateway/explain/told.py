"""A story for people: a line for each event, and what we believe in the end."""

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.clock import iso
from gateway.explain.story import Event, Story
from gateway.lending.fields import amount_text


def lines_of(story: Story) -> Iterator[str]:
    yield f"{story.reference}  {story.kind}  {story.state} at {story.step}"
    for event in story.events:
        yield f"  {iso(event.at)}  {event.what:<9}{_said(event)}"
    yield story.belief


def _said(event: Event) -> str:
    if event.what == "journal":
        moved = ", ".join(f"{line['account']} {amount_text(line['cents'])}" for line in event.detail["lines"])
        return f"{event.detail['step']} {event.detail['phase']}: {moved}"
    return _plain(event.detail)


def _plain(detail: Mapping[str, Any]) -> str:
    known = ((name, value) for name, value in detail.items() if value not in (None, "", {}))
    return "  ".join(f"{name} {amount_text(value) if name == 'cents' else value}" for name, value in known)
