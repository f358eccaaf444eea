"""The newest seal, told to a file outside of the database after every sealing, one line each:

    {"seal": 42, "mark": "3f2a91c0:9d1e...", "at": "2026-08-05T10:00:00+03:00", "through": {"postings": 1500}}

So a chain that was cut or written anew shows, even under the right key. After a restore somebody says that the chain
goes on from an older seal, and who said so stays in the file:

    {"accepted": 40, "by": "wanjiru", "reason": "restored to 09:50", "at": "...", "mark": "3f2a91c0:77c2..."}
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from gateway.audit.keys import Keys
from gateway.clock import iso
from gateway.errors import Misconfigured

PURPOSE = "accepted"
TAIL_BYTES = 1 << 14


@dataclass(frozen=True, slots=True)
class Head:
    """A seal that was told outside. `through`: how far each stream was sealed."""

    seal: int
    mark: str
    through: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Accepted:
    """From here on the chain goes on after `seal`, whatever was told before."""

    seal: int
    by: str
    reason: str
    at: int


def told(file: Path, head: Head, at: int) -> None:
    """Append a head, on disk when this returns. Raises Misconfigured when the file cannot be written."""
    _append(file, line_of(head, at))


def line_of(head: Head, at: int) -> str:
    """A head as the file has it."""
    return json.dumps({"seal": head.seal, "mark": head.mark, "at": iso(at), "through": dict(head.through)})


def accepted(file: Path, keys: Keys, what: Accepted) -> None:
    """Append that somebody accepts the chain as it is. Raises Misconfigured likewise."""
    said = {"accepted": what.seal, "by": what.by, "reason": what.reason, "at": iso(what.at)}
    _append(file, json.dumps({**said, "mark": keys.mark(PURPOSE, json.dumps(said))}))


def newest(file: Path, keys: Keys) -> Head | None:
    """The last one, read from the end of the file; None while there is none, and after somebody has gone back."""
    if not file.exists():
        return None
    with file.open("rb") as lines:
        lines.seek(max(0, file.stat().st_size - TAIL_BYTES))
        tail = lines.read().decode(errors="replace").splitlines()
    for line in map(_parsed, reversed(tail)):
        if _is_accepted(keys, line):
            return None
        if (head := _head(line)) is not None:
            return head
    return None


def standing(file: Path, keys: Keys) -> Iterator[Head]:
    """Those that count, in order, one at a time: not those after a seal that somebody has gone back to.

    A line that is not ours is left out: it proves nothing and accuses nobody.
    """
    cuts = [(place, line["accepted"]) for place, line in _lines(file) if _is_accepted(keys, line)]
    for place, line in _lines(file):
        head = _head(line)
        if head is not None and all(head.seal <= seal for cut, seal in cuts if cut > place):
            yield head


def _head(line: Mapping[str, Any]) -> Head | None:
    return Head(line["seal"], line["mark"], line["through"]) if line.keys() >= {"seal", "mark", "through"} else None


def _is_accepted(keys: Keys, line: Mapping[str, Any]) -> bool:
    said = {name: value for name, value in line.items() if name != "mark"}
    return "accepted" in line and keys.agrees(PURPOSE, json.dumps(said), line.get("mark"))


def _lines(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    if not file.exists():
        return
    with file.open(encoding="utf-8", errors="replace") as lines:
        for place, line in enumerate(lines):
            yield place, _parsed(line)


def _parsed(line: str) -> dict[str, Any]:
    """Nothing for a line that a loss of power has left half written."""
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _append(file: Path, line: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a+b") as out:
            out.write(_ended(out) + line.encode() + b"\n")
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        raise Misconfigured(f"audit.heads_file: {file}: {error.strerror}") from error


def _ended(file: BinaryIO) -> bytes:
    """What ends a line that was left half written."""
    if not file.seek(0, os.SEEK_END):
        return b""
    file.seek(-1, os.SEEK_END)
    return b"" if file.read(1) == b"\n" else b"\n"
