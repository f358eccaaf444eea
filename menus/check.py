"""What can be proved about the words alone: languages agree, slots are known, every phone can show them.

Pure: a loaded catalogue goes in, findings come out. `flows.check` adds what needs to know the steps.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import yaml

from menus.catalogue import Catalogue, Language, Template, Words
from menus.gsm import is_gsm, septets
from menus.keywords import FILE as KEYWORDS
from menus.messages import MAILS, MESSAGES
from menus.papers import PAPERS
from menus.slots import STYLES, WORST
from menus.yaml_loader import Loader

SMS_SEPTETS = 160
RESERVED_DIGITS = frozenset({"0", "00", "98"})


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong, and where. As text `file:line: what`."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


class Places:
    """Where an entry of the menu files stands: `find("sw", "screens", "borrow", "cost")`."""

    def __init__(self, catalogue: Catalogue) -> None:
        roots = {path: yaml.compose(text, Loader=Loader) for path, text in catalogue.sources.items()}
        self._files = {path: _lines(root) for path, root in roots.items()}
        self._paths = {_language_of(root): path for path, root in roots.items()}

    def find(self, language: str, *keys: str) -> tuple[str, int]:
        """File and line of an entry, or of the nearest one above it; `""` is the main file."""
        path = self._paths.get(language, "menus")
        lines = self._files.get(path, {})
        while keys and keys not in lines:
            keys = keys[:-1]
        return path, lines.get(keys, 1)

    def among_keywords(self, message: str, *keys: str) -> Finding:
        """What is wrong with an entry of the keywords."""
        path = next((path for path in self._files if path.endswith(KEYWORDS)), "menus")
        lines = self._files.get(path, {})
        return Finding(path, lines.get(("keywords", *keys), 1), message)

    def finding(self, message: str, language: str, *keys: str) -> Finding:
        path, line = self.find(language, *keys)
        return Finding(path, line, message)


def check(catalogue: Catalogue) -> list[Finding]:
    """Everything wrong with the words; empty when all is well."""
    places = Places(catalogue)
    found = [*_menu(catalogue, places), *_keywords(catalogue, places)]
    for language in catalogue.languages.values():
        for name, keys, template in _templates(language):
            found += _sentence(name, keys, template, language, places)
        found += _labels(language, places)
        found += _messages(language, places)
        found += _mails(language, places)
        found += _papers(language, places)
        found += _agreement(catalogue.languages[catalogue.default_language], language, places)
    return found


def key_of(name: str) -> tuple[str, ...]:
    """`borrow.cost` as the keys of its entry below `screens` or `messages`."""
    return tuple(name.split(".", 1))


def _menu(catalogue: Catalogue, places: Places) -> Iterator[Finding]:
    flows = [item.flow for item in catalogue.menu]
    for item in catalogue.menu:
        if item.digits in RESERVED_DIGITS or not item.digits.isascii() or not item.digits.isdigit():
            yield places.finding(f"{item.digits!r} cannot be a choice of the menu", "", "menu", item.digits)
        if flows.count(item.flow) > 1:
            yield places.finding(f"{item.flow} is in the menu twice", "", "menu", item.digits)


def _keywords(catalogue: Catalogue, places: Places) -> Iterator[Finding]:
    """Help and example of each keyword are there in each language that it has words in, and fit the SMS about it."""
    room = {"help": septets(str(WORST["help"])), "example": septets(str(WORST["example"]))}
    for name, keyword in catalogue.keywords.by_name.items():
        texts = {"help": keyword.help, "example": keyword.example}
        for language in sorted(keyword.words):
            if language not in catalogue.languages:
                yield places.among_keywords(f"{name}: no file speaks {language}", name, "words", language)
            for part, said in texts.items():
                text = said.get(language)
                if text is None:
                    yield places.among_keywords(f"{name}: no {part} in {language}", name, part)
                elif not is_gsm(text) or septets(text) > room[part]:
                    yield places.among_keywords(
                        f"{name}: {part} in {language}: at most {room[part]} septets", name, part, language
                    )


def _templates(language: Language) -> Iterator[tuple[str, tuple[str, ...], Template]]:
    """Every sentence of a language: its name, the keys of its entry, itself."""
    for name, words in language.screens.items():
        keys = ("screens", *key_of(name))
        yield name, (*keys, "text"), words.text
        for value, label in words.options.items():
            yield f"{name}, option {value}", (*keys, "options", value), label
    for name, template in language.messages.items():
        yield name, ("messages", *key_of(name)), template


def _sentence(
    name: str, keys: tuple[str, ...], template: Template, language: Language, places: Places
) -> Iterator[Finding]:
    if not is_gsm(template.source):
        odd = "".join(sorted({character for character in template.source if not is_gsm(character)}))
        yield places.finding(f"{name}: not every phone can show {odd!r}", language.code, *keys)
    for _, slot, style in template.parts:
        if slot is not None and slot not in WORST:
            yield places.finding(f"{name}: nobody knows a slot {{{slot}}}", language.code, *keys)
        if style not in STYLES:
            yield places.finding(f"{name}: nothing is written {style!r}", language.code, *keys)


def _labels(language: Language, places: Places) -> Iterator[Finding]:
    for name, words in language.screens.items():
        said = [label.source for label in words.options.values()]
        for value, label in words.options.items():
            if said.count(label.source) > 1:
                keys = ("screens", *key_of(name), "options", value)
                yield places.finding(f"{name}: two options say {label.source!r}", language.code, *keys)


def _messages(language: Language, places: Places) -> Iterator[Finding]:
    for name in MESSAGES:
        if name not in language.messages:
            yield places.finding(f"SMS {name} has no words", language.code, "messages", *key_of(name))
    for name, template in language.messages.items():
        yield from _message(name, template, language, places)


def _message(name: str, template: Template, language: Language, places: Places) -> Iterator[Finding]:
    keys = ("messages", *key_of(name))
    if name not in MESSAGES:
        yield places.finding(f"nobody sends an SMS {name}", language.code, *keys)
        return
    for slot in sorted(template.slots - set(MESSAGES[name])):
        yield places.finding(f"SMS {name} never gets a {{{slot}}}", language.code, *keys)
    length = longest(template, language)
    if length > SMS_SEPTETS:
        yield places.finding(f"SMS {name} can take {length} septets, {SMS_SEPTETS} at most", language.code, *keys)


def _mails(language: Language, places: Places) -> Iterator[Finding]:
    """Every e-mail has a subject and a body, and no slots but those that are filled."""
    wanted = {f"{name}.{part}": slots for name, slots in MAILS.items() for part in ("subject", "body")}
    for name in sorted(wanted.keys() - language.mails.keys()):
        yield places.finding(f"e-mail {name} has no words", language.code, "mails", *key_of(name))
    for name, template in language.mails.items():
        keys = ("mails", *key_of(name))
        if name not in wanted:
            yield places.finding(f"nobody sends an e-mail {name}", language.code, *keys)
        for slot in sorted(template.slots - set(wanted.get(name, template.slots))):
            yield places.finding(f"e-mail {name} never gets a {{{slot}}}", language.code, *keys)


def _papers(language: Language, places: Places) -> Iterator[Finding]:
    """Every word that is printed is there, with no slots but those that are filled."""
    for name in sorted(PAPERS.keys() - language.papers.keys()):
        yield places.finding(f"paper {name} has no words", language.code, "papers", *key_of(name))
    for name, template in language.papers.items():
        keys = ("papers", *key_of(name))
        if name not in PAPERS:
            yield places.finding(f"no paper says {name}", language.code, *keys)
        for slot in sorted(template.slots - set(PAPERS.get(name, template.slots))):
            yield places.finding(f"paper {name} never gets a {{{slot}}}", language.code, *keys)


def longest(template: Template, language: Language) -> int:
    """How many septets a sentence takes with worst-case values; 0 if that cannot be said."""
    text = filled_worst(template, language)
    return septets(text) if is_gsm(text) else 0


def filled_worst(template: Template, language: Language) -> str:
    """A sentence with the longest values; an unknown slot stands for itself (and is a finding of its own)."""
    unknown = {slot: f"{{{slot}}}" for slot in template.slots - WORST.keys()}
    return template.filled({**WORST, **unknown}, language)


def _agreement(model: Language, language: Language, places: Places) -> Iterator[Finding]:
    """The same texts, options in the same order, and slots as in the default language."""
    if language is model:
        return
    yield from _same_names("screens", model.screens, language.screens, language, places)
    yield from _same_names("messages", model.messages, language.messages, language, places)
    for name in model.screens.keys() & language.screens.keys():
        yield from _same_words(name, model.screens[name], language.screens[name], language, places)
    for name in model.messages.keys() & language.messages.keys():
        keys = ("messages", *key_of(name))
        yield from _same_slots(name, keys, model.messages[name], language.messages[name], language, places)


def _same_names(
    section: str, model: Iterable[str], names: Iterable[str], language: Language, places: Places
) -> Iterator[Finding]:
    for name in sorted(set(model) - set(names)):
        yield places.finding(f"{name} is not translated", language.code, section, *key_of(name))
    for name in sorted(set(names) - set(model)):
        message = f"{name} is not in the default language"
        yield places.finding(message, language.code, section, *key_of(name))


def _same_words(name: str, model: Words, words: Words, language: Language, places: Places) -> Iterator[Finding]:
    keys = ("screens", *key_of(name))
    yield from _same_slots(name, keys, model.text, words.text, language, places)
    if list(model.options) != list(words.options):
        message = f"{name}: options are {', '.join(words.options)}, not {', '.join(model.options)}"
        yield places.finding(message, language.code, *keys, "options")
        return
    for value, label in words.options.items():
        option = (*keys, "options", value)
        yield from _same_slots(f"{name}, option {value}", option, model.options[value], label, language, places)


def _same_slots(
    name: str, keys: tuple[str, ...], model: Template, template: Template, language: Language, places: Places
) -> Iterator[Finding]:
    if model.slots != template.slots:
        differing = ", ".join(f"{{{slot}}}" for slot in sorted(model.slots ^ template.slots))
        yield places.finding(f"{name}: {differing} only in one language", language.code, *keys)


def _language_of(root: yaml.Node | None) -> str:
    """The language a file speaks; none for the main file."""
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    return next((str(value.value) for key, value in pairs if key.value == "language"), "")


def _lines(root: yaml.Node | None) -> Mapping[tuple[str, ...], int]:
    found: dict[tuple[str, ...], int] = {}
    _walk(root, (), found)
    return found


def _walk(node: yaml.Node | None, keys: tuple[str, ...], found: dict[tuple[str, ...], int]) -> None:
    if not isinstance(node, yaml.MappingNode):
        return
    for key, value in node.value:
        found[(*keys, key.value)] = key.start_mark.line + 1
        _walk(value, (*keys, key.value), found)
