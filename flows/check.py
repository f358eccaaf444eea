"""What can be proved before anybody dials: every step has its words and every word its step, all fit a screen
with the longest values, every step can be reached and left, nothing turns in circles.

Pure: an engine goes in, findings come out; empty when all is well.
"""

from collections.abc import Iterator

from flows.engine import EMPTY, LOCKED, REASONS, SAID_BY_SHELL, SENT, TOO_LONG, VERDICTS, Engine
from flows.graph import Graph, Node
from flows.kit import GIVEN_UP, Step
from flows.texting.command import Command, read
from menus.catalogue import Language, Words
from menus.check import Finding, Places, filled_worst, key_of
from menus.check import check as check_words
from menus.gsm import septets, to_gsm
from menus.screen import Content, Option, pages_of


def check(engine: Engine) -> list[Finding]:
    """Everything wrong with flows and words."""
    graph = Graph(engine.flows.values())
    found = [*check_words(engine.catalogue), *_structure(graph)]
    places = Places(engine.catalogue)
    for language in engine.catalogue.languages.values():
        spoken = _Spoken(graph, language, places, engine.room)
        found += [*spoken.belonging(), *spoken.fitting()]
    return [*found, *_keywords(engine, graph, places)]


def _keywords(engine: Engine, graph: Graph, places: Places) -> Iterator[Finding]:
    """Keywords of SMS: their way leads through screens that are there, and their examples are understood."""
    catalogue = engine.catalogue
    opened = {item.flow for item in catalogue.menu}
    for name, keyword in catalogue.keywords.by_name.items():
        if keyword.flow and keyword.flow not in opened:
            yield places.among_keywords(f"{name}: {keyword.flow} is not in the menu", name, "flow")
        for place in keyword.answers:
            if tuple(place.split(".", 1)) not in graph.steps:
                yield places.among_keywords(f"{name}: there is no screen {place}", name, "answers", place)
        for language, example in keyword.example.items():
            found = read(example, catalogue.keywords)
            if not isinstance(found, Command) or found.keyword != name:
                yield places.among_keywords(f"{name}: {example!r} does not ask for it", name, "example", language)


def _structure(graph: Graph) -> Iterator[Finding]:
    for node, target in graph.unknown():
        yield _at(graph, node, f"leads to {target}, which does not exist")
    for node in sorted(graph.steps.keys() - graph.reachable()):
        yield _at(graph, node, "cannot be reached")
    for node in sorted(graph.steps.keys() - graph.leading_out()):
        yield _at(graph, node, "has no way out")
    for node in sorted(graph.circling()):
        yield _at(graph, node, "may turn in circles without a screen")
    for node, step in graph.steps.items():
        yield from (_at(graph, node, message) for message in _branches(step))


def _branches(step: Step) -> Iterator[str]:
    """What is wrong with the ways out of one step."""
    if step.kind == "end":
        return
    certain = [index for index, (guard, _) in enumerate(step.branches) if guard is None]
    if certain and certain[0] < len(step.branches) - 1:
        yield "has ways that are never taken: one before them always is"
    if certain:
        return
    if not step.choices:
        yield "may have no way on: its last way has a guard"
    elif step.offers is None:
        for label in sorted({*step.labels} - {*step.choices}):
            yield f"offers {label}, which leads nowhere"


def _at(graph: Graph, node: Node, message: str) -> Finding:
    source = graph.steps[node].source
    return Finding(source.path, source.line, f"{'.'.join(node)} {message}")


class _Spoken:
    """All steps in one language."""

    def __init__(self, graph: Graph, language: Language, places: Places, room: int) -> None:
        self._graph = graph
        self._language = language
        self._places = places
        self._room = room

    def belonging(self) -> Iterator[Finding]:
        """Steps without words and words without a step."""
        owners = self._owners()
        for name in sorted(owners.keys() - self._language.screens.keys()):
            yield self._missing(name, owners[name])
        for name in sorted(self._language.screens.keys() - owners.keys()):
            yield self._finding(f"no step says {name}", name)
        for name, words in self._language.screens.items():
            if name in owners:
                yield from self._labels(name, words, owners[name])

    def fitting(self) -> Iterator[Finding]:
        """Screens that are too long with the longest values."""
        for node, step in self._graph.steps.items():
            for name in self._names(node, step):
                if words := self._language.screens.get(name):
                    yield from self._fits_step(name, words, step)
        for reason in sorted(self._last_reasons()):
            if words := self._language.screens.get(f"wrong.{reason}"):
                yield from self._fits_last(f"wrong.{reason}", words)

    def _owners(self) -> dict[str, Node | None]:
        """Every text there must be, with the step that says it (None: the engine or the shell)."""
        owners: dict[str, Node | None] = dict.fromkeys(
            (SENT, *(f"wrong.{reason}" for reason in (*REASONS, *LOCKED, *SAID_BY_SHELL, GIVEN_UP)))
        )
        for node, step in self._graph.steps.items():
            reasons = VERDICTS[step.secret] if step.kind == "secret" else (*step.refuses, step.gives_up)
            owners |= {f"wrong.{reason}": node for reason in reasons}
            owners |= dict.fromkeys(self._names(node, step), node)
        return owners

    def _last_reasons(self) -> set[str]:
        given_up = {step.gives_up for step in self._graph.steps.values()}
        return {TOO_LONG, *LOCKED, *SAID_BY_SHELL, *given_up}

    def _names(self, node: Node, step: Step) -> list[str]:
        return [f"{node[0]}.{text}" for text in step.texts]

    def _missing(self, name: str, owner: Node | None) -> Finding:
        message = f"says {name}, which has no words in {self._language.name}"
        return _at(self._graph, owner, message) if owner else self._finding(f"somebody {message}", name)

    def _labels(self, name: str, words: Words, owner: Node | None) -> Iterator[Finding]:
        step = self._graph.steps[owner] if owner and not name.startswith("wrong.") else None
        labels = set(step.labels) if step else set()
        for label in sorted(labels - set(words.options)):
            yield self._finding(f"{name} has no words for the option {label}", name)
        for label in sorted(set(words.options) - labels):
            yield self._finding(f"{name} has words for {label}, which is not offered", name, "options", label)

    def _fits_last(self, name: str, words: Words) -> Iterator[Finding]:
        length = septets(to_gsm(filled_worst(words.text, self._language)))
        if length > self._room:
            yield self._finding(f"{name} can take {length} septets, {self._room} at most", name)

    def _fits_step(self, name: str, words: Words, step: Step) -> Iterator[Finding]:
        if step.kind == "end":
            yield from self._fits_last(name, words)
            return
        for above, content in self._contents(words, step):
            if step.is_list:
                yield from self._fits_lines(name, content)
            elif len(pages_of(content, self._room)) > 1:
                yield self._finding(f"{name}{above} does not fit on one screen", name)

    def _fits_lines(self, name: str, content: Content) -> Iterator[Finding]:
        """A list may take pages, a line of it may not: it would be cut."""
        foot = f"{content.navigation.more} {content.navigation.back}"
        for line in [*content.body.split("\n"), *(f"{option.digits} {option.label}" for option in content.options)]:
            if septets(to_gsm("\n".join([content.notice, line, foot]))) > self._room:
                yield self._finding(f"{name}: {line!r} does not fit on a page", name)

    def _contents(self, words: Words, step: Step) -> Iterator[tuple[str, Content]]:
        """A screen as it is, and as it is when it asks again. With a notice above them, choices may take a
        second page: they are never cut."""
        text = filled_worst(words.text, self._language)
        labels = {value: filled_worst(label, self._language) for value, label in words.options.items()}
        shown = step.choices if step.offers and step.choices else tuple(labels)
        options = tuple(
            Option(str(number), value, labels[value])
            for number, value in enumerate((value for value in shown if value in labels), start=1)
            if step.kind == "choose"
        )
        navigation = self._language.navigation(step.place)
        yield "", Content(text, options, navigation)
        for remark in _remarks(step):
            notice = self._notice(remark)
            above = f" below {remark}"
            if step.kind == "secret":
                yield above, Content(notice, (), navigation)
            else:
                yield above, Content(text.split("\n", 1)[0], (), navigation, notice)

    def _notice(self, remark: str) -> str:
        words = self._language.screens.get(remark)
        return filled_worst(words.text, self._language) if words else ""

    def _finding(self, message: str, name: str, *below: str) -> Finding:
        return self._places.finding(message, self._language.code, "screens", *key_of(name), *below)


def _remarks(step: Step) -> list[str]:
    """What may stand above a question, or in the place of a secret's screen."""
    if step.kind == "secret":
        return [f"wrong.{name}" for name in VERDICTS[step.secret]]
    return [f"wrong.{reason}" for reason in (EMPTY, *step.refuses)] if step.kind == "ask" else []
