"""What was typed and shown, phone by phone, to be written down as dialogues once something went wrong."""

from collections import defaultdict
from datetime import datetime
from pathlib import Path

import yaml

from simulator.campaign.plan import Person
from simulator.line import SERVICE_CODE
from simulator.virtual.plan import EAT


class Record:
    """Keeps every hop; PINs are left out."""

    def __init__(self) -> None:
        self._hops: dict[str, list[tuple[int, str, str]]] = defaultdict(list)

    def hop(self, at: int, person: Person, typed: str, body: str) -> None:
        shown = "{{pin}}" if typed == person.pin else typed
        self._hops[person.phone].append((at, shown, body))

    def write(self, directory: Path) -> list[Path]:
        """One dialogue for each phone, as `nyota phone --script` plays it; the files."""
        files = []
        for phone, hops in self._hops.items():
            path = directory / f"dialogue-{phone.lstrip('+')}.yaml"
            head = {"name": f"What {phone} did", "phone": phone, "secrets": ["pin"]}
            steps = "".join(_step(*hop) for hop in hops)
            path.write_text(f"{_yaml(head)}steps:\n{steps}", encoding="utf-8")
            files.append(path)
        return files


def _step(at: int, typed: str, body: str) -> str:
    """What was typed and what was seen first, under the moment at which it was."""
    moment = datetime.fromtimestamp(at / 1000, EAT)
    step: dict[str, object] = {"dial" if typed == SERVICE_CODE else "press": typed, "see": body[4:].splitlines()[:1]}
    steps = [step, {"end": True}] if body.startswith("END ") else [step]
    return f"# {moment:%Y-%m-%d %H:%M:%S}\n{_yaml(steps)}"


def _yaml(content: object) -> str:
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)
