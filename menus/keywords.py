"""The keywords of SMS: which words stand for what, and what each does. Data of `menus/keywords.yaml`, checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from string import Formatter
from typing import Any

FILE = "keywords.yaml"
KINDS = frozenset({"amount", "phone", "reference", "count", "word", "name", "id"})
"""What may come with a keyword, besides the `choices` of the file."""

TELLS = frozenset({"balance", "loans", "statement", "help", "join", "language", "stop", "start"})
"""What a keyword may tell or choose without walking through screens."""

ENTRY = frozenset({"words", "needs", "takes", "tells", "flow", "answers", "example", "help"})


@dataclass(frozen=True, slots=True)
class Keyword:
    """One of them. It `tells` something, or walks through `flow`: at each screen (`flow.step`) what is answered.

    `needs` must come with it; `takes` may, with what stands for it otherwise. `words`, `example` and `help` go by
    language.
    """

    name: str
    words: Mapping[str, tuple[str, ...]]
    example: Mapping[str, str]
    help: Mapping[str, str]
    needs: tuple[str, ...] = ()
    takes: Mapping[str, str] = field(default_factory=dict)
    tells: str = ""
    flow: str = ""
    answers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def slots(self) -> tuple[str, ...]:
        return (*self.needs, *self.takes)

    @property
    def filled_in(self) -> frozenset[str]:
        """The slots that its answers name."""
        return frozenset(
            name
            for answers in self.answers.values()
            for answer in answers
            for _, name, _, _ in Formatter().parse(answer)
            if name
        )


@dataclass(frozen=True)
class Keywords:
    """All of them. `choices` are values with the words that stand for them; `fillers` mean nothing by themselves."""

    by_name: Mapping[str, Keyword] = field(default_factory=dict)
    choices: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    fillers: frozenset[str] = frozenset()

    @property
    def words(self) -> Mapping[str, tuple[str, str]]:
        """Every word in small letters: its keyword and its language."""
        return {
            word.casefold(): (keyword.name, language)
            for keyword in self.by_name.values()
            for language, words in keyword.words.items()
            for word in words
        }


def parsed(entry: Mapping[str, Any]) -> Keywords:
    """The content of the file. Raises ValueError, KeyError or TypeError for what is none."""
    choices = {
        str(name): {str(value): _words(words) for value, words in values.items()}
        for name, values in entry.get("choices", {}).items()
    }
    by_name = {str(name): _keyword(str(name), values, choices) for name, values in entry["keywords"].items()}
    fillers = frozenset(word.casefold() for word in _words(entry.get("fillers", [])))
    keywords = Keywords(by_name, choices, fillers)
    count = sum(len(words) for each in by_name.values() for words in each.words.values())
    if count != len(keywords.words):
        raise ValueError("one word stands for two keywords")
    return keywords


def _keyword(name: str, entry: Mapping[str, Any], choices: Mapping[str, object]) -> Keyword:
    if unknown := set(entry) - ENTRY:
        raise ValueError(f"{name}: unknown {', '.join(sorted(unknown))}")
    keyword = Keyword(
        name=name,
        words={str(language): _words(words) for language, words in entry["words"].items()},
        example={str(language): str(text) for language, text in entry["example"].items()},
        help={str(language): str(text) for language, text in entry["help"].items()},
        needs=_words(entry.get("needs", [])),
        takes={str(slot): str(value) for slot, value in entry.get("takes", {}).items()},
        tells=str(entry.get("tells", "")),
        flow=str(entry.get("flow", "")),
        answers={str(place): _answers(answer) for place, answer in entry.get("answers", {}).items()},
    )
    _refuse(keyword, choices)
    return keyword


def _refuse(keyword: Keyword, choices: Mapping[str, object]) -> None:
    if bool(keyword.tells) == bool(keyword.flow):
        raise ValueError(f"{keyword.name}: either tells something or walks through a flow")
    if keyword.tells and keyword.tells not in TELLS:
        raise ValueError(f"{keyword.name}: nobody tells {keyword.tells}; known are {', '.join(sorted(TELLS))}")
    if unknown := set(keyword.slots) - KINDS - choices.keys():
        raise ValueError(f"{keyword.name}: nothing known as {', '.join(sorted(unknown))} can come with a keyword")
    if missing := keyword.filled_in - set(keyword.slots):
        raise ValueError(f"{keyword.name}: nobody gives {', '.join(sorted(missing))}")


def _words(words: Any) -> tuple[str, ...]:
    if not isinstance(words, list):
        raise TypeError(f"a list of words, not {words!r}")
    return tuple(str(word) for word in words)


def _answers(answer: Any) -> tuple[str, ...]:
    return tuple(str(each) for each in answer) if isinstance(answer, list) else (str(answer),)
