"""Writes what happens on the phones down as a dialogue that can be played again: a bug report is a file.

A PIN is never written: what is typed at a question for a PIN becomes `{{pin}}`, a second one `{{pin2}}`, and whoever
plays the file says what they are. References and codes are captured, so that the file plays on another day; a line
with a date or a time in it is left out of what must be seen.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from simulator.phone.sim import Happened

REFERENCE = re.compile(r"\b[A-Z]{2}[2-9B-DF-HJ-NP-TV-XZ]{5}\b")
ASKS_PIN = re.compile(r"\bPIN\b")
PIN = re.compile(r"\d{4,6}")
WORD_MIN = 3
VOLATILE = re.compile(
    r"\b\d{1,2}:\d{2}\b|\b\d{1,2} (?:Jan|Feb|Ma[ryc]|Apr|Mei|Ju[nl]|Aug|Ago|Sep|O[ck]t|Nov|De[cs])\b"
    r"|\b(?=[A-Z0-9]*\d)(?=[A-Z0-9]*[A-Z])[A-Z0-9]{10}\b"
)
"""A time, a date, or the rail's own receipt: other ones tomorrow."""


class Recorder:
    """Collects events of all phones in one dialogue. `dialogue` may be asked at any time."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._first = ""
        self._phone = ""
        self._steps: list[dict[str, Any]] = []
        self._screens: dict[str, str] = {}
        self._secrets: dict[str, str] = {}
        self._references: dict[str, str] = {}

    @property
    def is_empty(self) -> bool:
        return not self._steps

    def note(self, event: Happened) -> None:
        """Add what happened. What happens before the first call of a phone is not part of a conversation."""
        if not self._steps and event.action != "dial":
            return
        self._on(event.msisdn)
        match event.action:
            case "dial" | "press" | "repeat":
                self._steps.append(self._hop(event))
                if not event.open:
                    self._steps.append({"end": True})
                self._screens[event.msisdn] = event.text
            case "drop":
                self._steps.append({"drop": True})
            case "sms":
                self._steps.append({"sms": self._pieces(event.text)} | self._captured(event.text))
            case "write":
                self._steps.append({"write": event.typed})

    def answered(self, msisdn: str, answer: str, amount: str) -> None:
        """An M-PESA prompt was answered."""
        if self._steps:
            self._on(msisdn)
            self._steps.append({"stk": answer, "amount": amount})

    def dialogue(self) -> Mapping[str, Any]:
        secrets = {"secrets": list(self._secrets.values())} if self._secrets else {}
        return {"name": self._name, "phone": self._first, **secrets, "steps": self._steps}

    def yaml(self) -> str:
        """The file, as `simulator.dialogue` reads it."""
        return yaml.safe_dump(self.dialogue(), sort_keys=False, allow_unicode=True, width=120)

    def _on(self, msisdn: str) -> None:
        if not self._first:
            self._first = msisdn
        elif msisdn != self._phone:
            self._steps.append({"phone": msisdn})
        self._phone = msisdn

    def _hop(self, event: Happened) -> dict[str, Any]:
        asked = self._screens.get(event.msisdn, "")
        typed = self._hidden(event.typed) if ASKS_PIN.search(asked) and PIN.fullmatch(event.typed) else event.typed
        step: dict[str, Any] = {event.action: True if event.action == "repeat" else self._named(typed)}
        if seen := self._seen(event.text):
            step["see"] = seen
        return step | self._captured(event.text)

    def _hidden(self, typed: str) -> str:
        if typed not in self._secrets:
            self._secrets[typed] = f"pin{len(self._secrets) + 1}" if self._secrets else "pin"
        return "{{" + self._secrets[typed] + "}}"

    def _seen(self, text: str) -> list[str]:
        """The lines that say the same on another day, with known references by name."""
        lines = (line.strip() for line in text.splitlines())
        return [self._named(line) for line in lines if line and not VOLATILE.search(line) and not self._new(line)]

    def _pieces(self, text: str) -> list[str]:
        """What an SMS says whatever the day: the words between dates, receipts and new references."""
        changing = [re.escape(reference) for reference in self._new(text)]
        pieces = re.split("|".join([VOLATILE.pattern, *changing]), text)
        return [self._named(piece.strip()) for piece in pieces if len(piece.strip()) >= WORD_MIN] or [text[:WORD_MIN]]

    def _captured(self, text: str) -> dict[str, Any]:
        """New references, each kept by a name for later steps."""
        found: dict[str, str] = {}
        for reference in self._new(text):
            name = self._references[reference] = f"ref{len(self._references) + 1}"
            before = re.escape(text[: text.index(reference)].rsplit("\n", 1)[-1][-12:])
            found[name] = f"{before}({reference[:2]}\\w{{5}})"
        return {"capture": found} if found else {}

    def _new(self, text: str) -> Iterable[str]:
        return [found for found in dict.fromkeys(REFERENCE.findall(text)) if found not in self._references]

    def _named(self, text: str) -> str:
        for reference, name in self._references.items():
            text = text.replace(reference, "{{" + name + "}}")
        return text
