"""Every word, loaded once from `menus/*.yaml` and checked: a broken file never becomes a catalogue.

A language is one file. `main.yaml` says which digit of which code opens which flow.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from string import Formatter
from string import Template as Constants
from typing import Any

import yaml

from menus.keywords import FILE as KEYWORDS
from menus.keywords import Keywords
from menus.keywords import parsed as keywords_of
from menus.screen import Navigation
from menus.values import written
from menus.yaml_loader import Loader

FOLDER = Path(__file__).parent
MAIN = "main.yaml"
MONTHS = 12
WAYS_BACK = ("back", "home", "home_only")

DEMO_CONSTANTS = {
    "name": "Nyota",
    "code": "*383#",
    "help_line": "0711000009",
    "paybill": "600999",
    "terms_link": "nyota.example/t",
    "data_link": "nyota.example/d",
}


LANGUAGES_KEPT = 16


class CatalogueError(ValueError):
    """A menu file cannot be used. The message names the file and the entry."""


@dataclass(frozen=True, slots=True)
class Template:
    """A sentence with typed slots: `Repay {total} by {due}`; `{net:bare}` picks a style of writing."""

    source: str
    parts: tuple[tuple[str, str | None, str], ...]

    @classmethod
    def parse(cls, source: str) -> "Template":
        parts = tuple((text, name, style or "") for text, name, style, _ in Formatter().parse(source))
        return cls(source, parts)

    @property
    def slots(self) -> frozenset[str]:
        return frozenset(name for _, name, _ in self.parts if name)

    def filled(self, values: Mapping[str, object], language: "Language") -> str:
        """The sentence in `language`. Raises KeyError with the slot's name when a value is missing."""
        if len(self.parts) == 1 and self.parts[0][1] is None:
            return self.parts[0][0]
        return "".join(
            text + (written(values[name], language, style) if name else "") for text, name, style in self.parts
        )


@dataclass(frozen=True, slots=True)
class Words:
    """What one step says: its text, and the label of each option by the value the option stands for."""

    text: Template
    options: Mapping[str, Template]


@dataclass(frozen=True)
class Language:
    """One language file, parsed."""

    code: str
    name: str
    months: tuple[str, ...]
    ways_back: Mapping[str, str]
    more: str
    listing: tuple[str, str]
    days: tuple[str, str]
    screens: Mapping[str, Words]
    messages: Mapping[str, Template]
    mails: Mapping[str, Template] = field(default_factory=dict)
    papers: Mapping[str, Template] = field(default_factory=dict)

    def navigation(self, kind: str) -> Navigation:
        """The last line for a step that allows `none`, `back`, `home_only`, or `home` (both)."""
        return Navigation(back=self.ways_back[kind], more=self.more)


@dataclass(frozen=True, slots=True)
class MenuItem:
    """A line of the main menu. `digits` are learned by heart: they are never given to another flow.

    One with a `role` is there for those of the staff who have it; for others its digit is none.
    """

    digits: str
    flow: str
    role: str = ""


@dataclass(frozen=True)
class Catalogue:
    """All languages, the main menu and the keywords of SMS. `version` changes whenever a word or a digit does.

    `sources` is the text of each file as it was read, by its path: what `menus.check` finds lines in.
    """

    languages: Mapping[str, Language]
    codes: tuple[str, ...]
    menu: tuple[MenuItem, ...]
    default_language: str
    version: str
    sources: Mapping[str, str] = field(default_factory=dict, repr=False)
    keywords: Keywords = field(default_factory=Keywords)

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Every language that can be chosen: its code and what it calls itself."""
        return {code: language.name for code, language in self.languages.items()}

    def language(self, code: str | None) -> Language:
        return self.languages.get(code or "", self.languages[self.default_language])

    def words(self, language: str | None, key: str) -> Words:
        """What step `key` (`flow.step`) says; in the default language where a translation is missing.

        Raises KeyError when no language file has it.
        """
        screens = self.language(language).screens
        return screens[key] if key in screens else self.languages[self.default_language].screens[key]

    def message(self, language: str | None, key: str, values: Mapping[str, object]) -> str:
        """An SMS with its slots filled. Raises KeyError for one that does not exist, or a slot without value."""
        spoken = self.language(language)
        return spoken.messages[key].filled(values, spoken)

    def mail(self, language: str | None, key: str, values: Mapping[str, object]) -> tuple[str, str]:
        """An e-mail's subject and body. Raises KeyError as `message` does."""
        spoken = self.language(language)
        subject, body = (spoken.mails[f"{key}.{part}"].filled(values, spoken) for part in ("subject", "body"))
        return subject, body

    def paper(self, language: str | None, key: str, values: Mapping[str, object]) -> str:
        """Words on a statement or receipt. Raises KeyError as `message` does."""
        spoken = self.language(language)
        return spoken.papers[key].filled(values, spoken)


def load(folder: Path = FOLDER, constants: Mapping[str, str] = DEMO_CONSTANTS) -> Catalogue:
    """Read every file of `folder`; `$name` and the like become the organisation's own `constants`.

    Raises CatalogueError naming the file and the entry that is wrong.
    """
    files = {path.name: _filled(path, constants) for path in sorted(folder.glob("*.yaml"))}
    if MAIN not in files:
        raise CatalogueError(f"{folder / MAIN}: missing")
    main = _parsed(folder / MAIN, files[MAIN])
    keywords = _keywords(folder / KEYWORDS, files.get(KEYWORDS))
    version = hashlib.sha256("\0".join(files.values()).encode()).hexdigest()[:8]
    sources = {str(folder / name): content for name, content in files.items()}
    languages = _languages(folder, {name: files[name] for name in files if name not in (MAIN, KEYWORDS)})
    try:
        menu = tuple(_menu_item(str(digits), line) for digits, line in main["menu"].items())
        catalogue = Catalogue(
            languages, tuple(main["codes"]), menu, main["default_language"], version, sources, keywords
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise CatalogueError(f"{folder / MAIN}: {error} is missing or malformed") from error
    if catalogue.default_language not in languages:
        raise CatalogueError(f"{folder / MAIN}: no file speaks the default language")
    return catalogue


def _keywords(path: Path, content: str | None) -> Keywords:
    """A folder without the file has no keywords."""
    if content is None:
        return Keywords()
    entry = _parsed(path, content)
    try:
        return keywords_of(entry)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise CatalogueError(f"{path}: {error}") from error


def _languages(folder: Path, contents: Mapping[str, str]) -> dict[str, Language]:
    languages: dict[str, Language] = {}
    for name, content in contents.items():
        language = _language(folder / name, content)
        if language.code in languages:
            raise CatalogueError(f"{folder / name}: language {language.code} has another file")
        languages[language.code] = language
    return languages


def _menu_item(digits: str, line: Any) -> MenuItem:
    """A line is the name of its flow, or that and who may see it: `{flow: officer, role: officer}`."""
    if isinstance(line, str):
        return MenuItem(digits, line)
    if set(line) - {"flow", "role"}:
        raise TypeError(f"menu line {digits}: only flow and role are known, or the menu")
    return MenuItem(digits, line["flow"], line.get("role", ""))


def _filled(path: Path, constants: Mapping[str, str]) -> str:
    try:
        return Constants(path.read_text(encoding="utf-8")).substitute(constants)
    except (KeyError, ValueError) as error:
        raise CatalogueError(f"{path}: {error} is no constant of the organisation") from error


def _parsed(path: Path, content: str) -> dict[str, Any]:
    try:
        entry = yaml.load(content, Loader=_UniqueKeys)  # noqa: S506 - a SafeLoader that also refuses repeats
    except (yaml.YAMLError, ValueError) as error:  # the second for what looks like a date and is none
        raise CatalogueError(f"{path}: {error}") from error
    if not isinstance(entry, dict):
        raise CatalogueError(f"{path}: expected a mapping")
    return entry


class _UniqueKeys(Loader):
    """YAML keeps the last of two equal keys in silence; here a repeated key is a mistake."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if repeated := {key for key in keys if keys.count(key) > 1}:
            raise yaml.constructor.ConstructorError(None, None, f"repeated key {repeated}", node.start_mark)
        return super().construct_mapping(node, deep)


@lru_cache(maxsize=LANGUAGES_KEPT)
def _language(path: Path, content: str) -> Language:
    """A file that says what it said before is not read again."""
    entry = _parsed(path, content)
    try:
        return Language(
            code=entry["language"],
            name=entry["name"],
            months=_months(entry["months"]),
            ways_back={**{kind: entry["navigation"][kind] for kind in WAYS_BACK}, "none": ""},
            more=entry["navigation"]["more"],
            listing=(entry["listing"]["separator"], entry["listing"]["last"]),
            days=(entry["days"]["one"], entry["days"]["many"]),
            screens=_screens(path, entry["screens"]),
            messages={f"{flow}.{name}": Template.parse(text) for flow, name, text in _entries(entry["messages"])},
            mails={f"{name}.{part}": Template.parse(text) for name, part, text in _entries(entry.get("mails", {}))},
            papers={f"{part}.{name}": Template.parse(text) for part, name, text in _entries(entry.get("papers", {}))},
        )
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise CatalogueError(f"{path}: {error!r}") from error


def _months(names: list[str]) -> tuple[str, ...]:
    if len(names) != MONTHS:
        raise ValueError("a year has twelve months")
    return tuple(names)


def _screens(path: Path, entries: dict[str, dict[str, Any]]) -> dict[str, Words]:
    screens = {}
    for flow, step, words in _entries(entries):
        entry: dict[str, Any] = {"text": words} if isinstance(words, str) else words
        if set(entry) - {"text", "options"}:
            raise CatalogueError(f"{path}: {flow}.{step}: only text and options are known here")
        options = {str(value): Template.parse(label) for value, label in entry.get("options", {}).items()}
        screens[f"{flow}.{step}"] = Words(Template.parse(entry["text"]), options)
    return screens


def _entries(sections: dict[str, dict[str, Any]]) -> list[tuple[str, str, Any]]:
    return [(flow, name, words) for flow, section in sections.items() for name, words in section.items()]
