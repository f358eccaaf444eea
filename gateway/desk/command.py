"""What `nyota operations` and `nyota cases` say: the desk of a running gateway, in lines for a terminal.

It asks with the operators' token, because acting on an operation takes its playbook.
"""

import asyncio
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from gateway.desk.remote import office
from gateway.explain.told import line_of
from gateway.terminal import printable

Query = Mapping[str, object]


class Desk:
    """A gateway's desk, over HTTP. Everything here raises Rejected, Unavailable."""

    def __init__(self, config: Path | None, data: Path, url: str | None) -> None:
        """Raises Misconfigured when the operators' token is nowhere."""
        self._office = office(config, data, url)

    def operations(self, asked: Query) -> Iterator[str]:
        """One line each, the newest first; what is None in `asked` is not asked for."""
        found = self._read("/api/operations", asked)
        for row in found["operations"]:
            yield _line(row["reference"], row["kind"], row["state"], row["step"], row["createdAt"], row["reason"])
        if found["cursor"]:
            yield f"... and older ones: --limit, or GET /api/operations?cursor={found['cursor']}"

    def story(self, reference: str) -> Iterator[str]:
        """What became of one operation, what we believe, and what may be done to it now."""
        found = self._read(f"/api/operations/{_part(reference)}")
        yield f"{found['reference']}  {found['kind']}  {found['state']} at {found['step']}"
        for event in found["events"]:
            detail = {key: value for key, value in event.items() if key not in {"at", "what"}}
            yield line_of(event["at"], event["what"], detail)
        yield printable(found["belief"])
        for act, answer in found["acts"].items():
            yield f"{act}: {answer}"

    def acted(self, reference: str, act: str, *, by: str, why: str) -> str:
        """Retry or cancel."""
        done = self._write(f"/api/operations/{_part(reference)}/{act}", {"by": by, "why": why})
        return f"{done['reference']}: {done['done']}; it is {done['state']} at {done['step']}"

    def proposed(self, reference: str, said: Mapping[str, str]) -> str:
        """What became of money; it waits for a second person."""
        done = self._write(f"/api/operations/{_part(reference)}/resolve", said)
        return f"{done['act']} waits for a second person: nyota operations confirm {done['act']} --by ..."

    def acts(self) -> Iterator[str]:
        """What waits for a second person, one line each."""
        for row in self._read("/api/operations/acts")["acts"]:
            said = f"{row['outcome']} {row['receipt'] or ''}".strip()
            yield _line(row["act"], row["reference"], said, f"by {row['by']}", row["until"], row["evidence"])

    def confirmed(self, act: str, *, by: str) -> str:
        """The second person's yes."""
        done = self._write(f"/api/operations/acts/{_part(act)}/confirm", {"by": by})
        return f"{done['reference']}: {done['done']} as {done['outcome']}"

    def declined(self, act: str, *, by: str) -> str:
        """The second person's no."""
        done = self._write(f"/api/operations/acts/{_part(act)}/decline", {"by": by})
        return f"{done['reference']}: {done['done']}"

    def exported(self, asked: Query) -> bytes:
        """All operations as CSV."""
        return self._file("/api/operations/export", asked)

    def cases(self, asked: Query) -> Iterator[str]:
        """One line each, the newest first; what is None in `asked` is not asked for."""
        found = self._read("/api/cases", asked)
        for row in found["cases"]:
            whose = row["owner"] or "nobody's"
            late = "OVERDUE" if row["isOverdue"] else ""
            yield _line(row["reference"], row["topic"], row["state"], whose, row["answerBy"], row["operation"], late)
        if found["cursor"]:
            yield f"... and older ones: --limit, or GET /api/cases?cursor={found['cursor']}"

    def case(self, number: str) -> Iterator[str]:
        """One, with its evidence and all that was written to it."""
        found = self._read(f"/api/cases/{_part(number)}")
        yield _line(found["reference"], found["topic"], found["state"], found["owner"] or "nobody's")
        yield _line(f"answer by {found['answerBy']}", found["phone"], found["operation"])
        for key, value in found["evidence"].items():
            yield _line(f"  {key}", value)
        for note in found["notes"]:
            yield _line(f"  {note['at']}", note["act"], note["by"], note["text"])

    def worked(self, number: str, act: str, said: Mapping[str, object]) -> str:
        """Take, note, resolve or ignore a case."""
        done = self._write(f"/api/cases/{_part(number)}/{act}", said)
        return f"{done['reference']}: {done['state']}, {done['owner'] or 'nobody'} has it"

    def _file(self, path: str, query: Query | None = None) -> bytes:
        asked = {key: value for key, value in (query or {}).items() if value is not None}
        return asyncio.run(self._office.fetched(f"{path}?{urlencode(asked)}" if asked else path))

    def _read(self, path: str, query: Query | None = None) -> dict[str, Any]:
        return dict(json.loads(self._file(path, query)))

    def _write(self, path: str, said: Mapping[str, object]) -> dict[str, Any]:
        return asyncio.run(self._office.asked(path, dict(said)))


def _part(name: str) -> str:
    """A name as a part of an address."""
    return quote(name, safe="")


def _line(*parts: object) -> str:
    return printable("  ".join(str(part) for part in parts if part not in (None, "")))
