"""A dialogue read from YAML and checked before anything is dialled. The package shows the format."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import yaml

from simulator.numbers import cents, e164

ANSWERS = ("pay", "cancel", "wrong-pin", "insufficient", "ignore")
NAME = re.compile(r"\{\{\s*(\w+)\s*\}\}")

CHECKS = frozenset({"on", "see", "not", "capture"})
WORDS = {
    "dial": CHECKS,
    "press": CHECKS,
    "repeat": CHECKS,
    "end": CHECKS,
    "drop": frozenset({"on"}),
    "sms": frozenset({"on", "capture"}),
    "write": frozenset({"on"}),
    "stk": frozenset({"on", "amount"}),
    "phone": frozenset[str](),
    "outside": frozenset[str](),
    "core": frozenset[str](),
}
"""Each action with the words that may stand beside it."""

HEAD = frozenset({"name", "phone", "phones", "language", "secrets", "needs", "steps"})
FAULT = frozenset({"api", "fault", "rate", "seed"})
WELL = "well"
CORE = ("down", "up")
_PHONE_NAME = re.compile(r"[a-z][a-z0-9_-]*")


class DialogueError(ValueError):
    """The file is no dialogue. The text names the file, the line, the step and the reason."""


@dataclass(frozen=True, slots=True)
class Fault:
    """How a service outside goes wrong from now on: for `rate` of its calls, chosen by `seed`."""

    api: str
    kind: str
    rate: float
    seed: int


@dataclass(frozen=True, slots=True)
class Step:
    """One action and what must be true after it. `value` is what is dialled, typed, answered or picked up.

    `whole` is the screen to the letter; `see` and `hide` are parts that must and must not occur (of an SMS
    step: parts of the SMS). `on` is the phone of this one step, empty for the phone that is in the hand.
    """

    number: int
    line: int
    action: str
    value: str = ""
    whole: str | None = None
    see: tuple[str, ...] = ()
    hide: tuple[str, ...] = ()
    capture: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    amount_cents: int | None = None
    on: str = ""
    fault: Fault | None = None

    @property
    def title(self) -> str:
        return f"{self.action} {self.value}".strip()

    @property
    def names(self) -> frozenset[str]:
        """The captured names that this step uses."""
        texts = (self.value, self.whole or "", *self.see, *self.hide)
        return frozenset(name for text in texts for name in NAME.findall(text))


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A checked dialogue. `secrets` are the names of what only whoever plays it knows, a PIN for instance.

    With `needs_outside` it says nothing true without a world outside.
    """

    file: str
    name: str
    phone: str
    language: str
    steps: tuple[Step, ...]
    secrets: tuple[str, ...] = ()
    needs_outside: bool = False

    @property
    def phones(self) -> frozenset[str]:
        """Every phone that takes part."""
        taken_up = {step.value for step in self.steps if step.action == "phone"}
        return frozenset({self.phone, *taken_up, *(step.on for step in self.steps if step.on)})

    def on(self, phone: str) -> "Dialogue":
        """The same dialogue, with this phone in the place of the one that it starts with."""
        phone = e164(phone)
        return replace(self, phone=phone, steps=tuple(self._moved(step, phone) for step in self.steps))

    def has(self, action: str) -> bool:
        return any(step.action == action for step in self.steps)

    def _moved(self, step: Step, phone: str) -> Step:
        if step.action == "phone" and step.value == self.phone:
            return replace(step, value=phone)
        return replace(step, on=phone) if step.on == self.phone else step


def load(path: Path) -> Dialogue:
    """Read a dialogue from a file. Raises DialogueError when it is none, OSError when it cannot be read."""
    try:
        return parse(path.read_text(encoding="utf-8"), file=str(path))
    except UnicodeDecodeError as error:
        raise DialogueError(f"{path}: not UTF-8 text") from error


def parse(text: str, *, file: str = "dialogue") -> Dialogue:
    """Read a dialogue from YAML. Raises DialogueError."""
    try:
        node = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        alias = "alias" in f"{error.context} {error.problem}"
        hint = " (put quotes around what starts with *)" if alias else ""
        raise DialogueError(f"{file}:{line}: {error.problem}{hint}") from error
    except yaml.YAMLError as error:
        raise DialogueError(f"{file}: {error}") from error
    return _dialogue(file, node)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a node stands, to say so when it is wrong."""

    file: str
    phones: Mapping[str, str] = field(default_factory=dict)
    step: int = 0

    def wrong(self, node: yaml.Node | None, why: str) -> DialogueError:
        line = f":{node.start_mark.line + 1}" if node else ""
        step = f" step {self.step}:" if self.step else ""
        return DialogueError(f"{self.file}{line}:{step} {why}")


def _dialogue(file: str, node: yaml.Node | None) -> Dialogue:
    place = _Place(file)
    head = _mapping(place, node, "a dialogue")
    for word in head.keys() - HEAD:
        raise place.wrong(head[word], f"unknown word {word!r}; known are {_listed(HEAD)}")
    for word in ("name", "phone", "steps"):
        if word not in head:
            raise place.wrong(node, f"{word!r} is missing")
    listed = head["steps"]
    if not isinstance(listed, yaml.SequenceNode) or not listed.value:
        raise place.wrong(listed, "'steps' must be a list of at least one step")
    place = _Place(file, _phones(place, head.get("phones")))
    steps = tuple(_step(replace(place, step=number), child) for number, child in enumerate(listed.value, start=1))
    secrets = _texts(place, head.get("secrets"))
    _refuse_unknown_names(file, steps, secrets)
    return Dialogue(
        file=file,
        name=_text(place, head["name"], "name"),
        phone=_phone(place, head["phone"]),
        language=_text(place, head["language"], "language") if "language" in head else "",
        steps=steps,
        secrets=secrets,
        needs_outside=_needs_outside(place, head.get("needs")),
    )


def _phones(place: _Place, node: yaml.Node | None) -> Mapping[str, str]:
    """Phones by their names in this dialogue."""
    phones: dict[str, str] = {}
    for name, child in {} if node is None else _mapping(place, node, "'phones'").items():
        if not _PHONE_NAME.fullmatch(name):
            raise place.wrong(child, f"{name!r} cannot name a phone: a small letter, then letters, digits, _ or -")
        phones[name] = _phone(place, child)
    return phones


def _needs_outside(place: _Place, node: yaml.Node | None) -> bool:
    if node is not None and _text(place, node, "needs") != "outside":
        raise place.wrong(node, "'needs' can only be outside")
    return node is not None


def _step(place: _Place, node: yaml.Node) -> Step:
    words = _mapping(place, node, "a step")
    actions = [word for word in words if word in WORDS]
    if len(actions) != 1:
        found = f"this one does {_listed(actions)}" if actions else f"this one has {_listed(words)}"
        raise place.wrong(node, f"a step does exactly one of {_listed(WORDS)}; {found}")
    action = actions[0]
    for word in words.keys() - WORDS[action] - {action}:
        raise place.wrong(words[word], f"{word!r} does not go with {action!r}")
    see = words.get("see")
    whole = _text(place, see, "see") if isinstance(see, yaml.ScalarNode) else None
    fault = _fault(place, words[action]) if action == "outside" else None
    return Step(
        number=place.step,
        line=node.start_mark.line + 1,
        action=action,
        value=f"{fault.api} {fault.kind}" if fault else _value(place, action, words[action]),
        whole=whole,
        see=_texts(place, words["sms"] if action == "sms" else None if whole is not None else see),
        hide=_texts(place, words.get("not")),
        capture=_patterns(place, words.get("capture")),
        amount_cents=_amount(place, words.get("amount")),
        on=_phone(place, words["on"]) if "on" in words else "",
        fault=fault,
    )


def _fault(place: _Place, node: yaml.Node) -> Fault | None:
    """The fault to put; None when all is to be well again."""
    if isinstance(node, yaml.ScalarNode):
        return None
    words = _mapping(place, node, "'outside'")
    for word in words.keys() - FAULT:
        raise place.wrong(words[word], f"unknown word {word!r}; a fault has {_listed(FAULT)}")
    if missing := {"api", "fault"} - words.keys():
        raise place.wrong(node, f"a fault needs {_listed(missing)}")
    texts = {word: _text(place, child, word) for word, child in words.items()}
    try:
        rate, seed = float(texts.get("rate", "1")), int(texts.get("seed", "1"))
    except ValueError as error:
        raise place.wrong(node, "'rate' is a number from 0 to 1, 'seed' a whole number") from error
    if not 0 <= rate <= 1:
        raise place.wrong(words["rate"], "'rate' is a number from 0 to 1")
    return Fault(texts["api"], texts["fault"], rate, seed)


def _value(place: _Place, action: str, node: yaml.Node) -> str:
    if action == "phone":
        return _phone(place, node)
    if action == "sms":
        return ""
    value = _text(place, node, action, may_be_empty=action == "press")
    if action in ("repeat", "end", "drop"):
        if value != "true":
            raise place.wrong(node, f"{action!r} can only be true")
        return ""
    if action == "outside" and value != WELL:
        raise place.wrong(node, f"'outside' is a fault such as {{api: sms, fault: drop}}, or {WELL}")
    if action == "core" and value not in CORE:
        raise place.wrong(node, f"the core can only be {_listed(CORE)}")
    if action == "stk" and value not in ANSWERS:
        raise place.wrong(node, f"a prompt is answered with one of {_listed(ANSWERS)}, not {value!r}")
    if action == "dial" and not (value.startswith("*") and value.endswith("#") and len(value) > 2):
        raise place.wrong(node, f'a code looks like "*383#", not {value!r}')
    return value


def _refuse_unknown_names(file: str, steps: tuple[Step, ...], secrets: Iterable[str]) -> None:
    known = set(secrets)
    for step in steps:
        for name in sorted(step.names - known):
            raise DialogueError(f"{file}:{step.line}: step {step.number}: nothing before captures {{{{{name}}}}}")
        known |= step.capture.keys()


def _mapping(place: _Place, node: yaml.Node | None, what: str) -> dict[str, yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        raise place.wrong(node, f'{what} must be words with values, such as `dial: "*383#"`')
    words: dict[str, yaml.Node] = {}
    for key, value in node.value:
        word = _text(place, key, "a word")
        if word in words:
            raise place.wrong(key, f"{word!r} stands here twice")
        words[word] = value
    return words


def _text(place: _Place, node: yaml.Node, word: str, *, may_be_empty: bool = False) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise place.wrong(node, f"{word!r} must be one text")
    if not node.value.strip() and not may_be_empty:
        raise place.wrong(node, f"{word!r} is empty")
    return str(node.value)


def _texts(place: _Place, node: yaml.Node | None) -> tuple[str, ...]:
    return tuple(_text(place, child, "each text") for child in _children(place, node))


def _children(place: _Place, node: yaml.Node | None) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value
    elif node is not None:
        raise place.wrong(node, "a text or a list of texts is expected here")


def _patterns(place: _Place, node: yaml.Node | None) -> dict[str, re.Pattern[str]]:
    if node is None:
        return {}
    patterns: dict[str, re.Pattern[str]] = {}
    for name, child in _mapping(place, node, "'capture'").items():
        try:
            patterns[name] = re.compile(_text(place, child, name))
        except re.error as error:
            raise place.wrong(child, f"{name!r} is no regular expression: {error}") from error
        if not NAME.fullmatch(f"{{{{{name}}}}}"):
            raise place.wrong(child, f"{name!r} is no name: letters, digits and _ only")
    return patterns


def _phone(place: _Place, node: yaml.Node) -> str:
    said = _text(place, node, "phone")
    if said in place.phones:
        return place.phones[said]
    try:
        return e164(said)
    except ValueError as error:
        raise place.wrong(node, str(error)) from error


def _amount(place: _Place, node: yaml.Node | None) -> int | None:
    if node is None:
        return None
    text = _text(place, node, "amount")
    try:
        return cents(text)
    except ValueError as error:
        raise place.wrong(node, str(error)) from error


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))
