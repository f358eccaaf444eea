"""From a step to what the phone shows: words in the session's language, options with their digits, pages."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flows.kit import Offer, Step, View
from menus.catalogue import Catalogue, Language, Words
from menus.gsm import septets, to_gsm
from menus.screen import ROOM_SEPTETS, Content, Option, Screen, final, paged

WAYS_OUT = ("0", "00")
RUN_MIN = 4


@dataclass(frozen=True, slots=True)
class Remark:
    """What stands above a screen this once: `key` of its words. `alone` it takes the whole screen."""

    key: str
    slots: Mapping[str, object] = field(default_factory=dict)
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """A screen, and what its digits stand for: `digits=value` each."""

    screen: Screen
    offers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Spoken:
    """The words of one step in one language, with the slots it fills."""

    words: Words
    language: Language
    slots: Mapping[str, object]

    @property
    def text(self) -> str:
        return self.words.text.filled(self.slots, self.language)

    def label(self, offer: Offer) -> str:
        """An option's words: its own slots over those of its step."""
        template = self.words.options[offer.label or offer.value]
        return template.filled({**self.slots, **offer.slots}, self.language)


class Screens:
    """Writes screens of at most `room` septets."""

    def __init__(self, catalogue: Catalogue, room: int = ROOM_SEPTETS) -> None:
        self.catalogue = catalogue
        self.room = room

    def of(self, step: Step, view: View, remark: Remark | None = None) -> Shown:
        """The screen of a step. What was offered under some digits before keeps them, so that a list which
        changes between two pages never changes what `2` meant."""
        spoken = self._spoken(step, view)
        if step.kind == "end":
            return Shown(final(spoken.text, self.room))
        options = _options(step, view, spoken)
        offers = tuple(f"{option.digits}={option.value}" for option in options)
        notice = self._said(remark, spoken.slots, spoken.language)
        navigation = spoken.language.navigation(step.place)
        if remark and remark.alone:
            return Shown(paged(Content(notice, navigation=navigation), room=self.room), offers)
        spare = self._spare(offers, spoken.language) if step.is_list else 0
        content = Content(_body(step, view, spoken, remark), options, navigation, notice, spare)
        return Shown(paged(content, view.session.page, self.room), offers)

    def last(self, language: str, key: str, slots: Mapping[str, object]) -> Screen:
        """A last screen that belongs to no step."""
        return final(self._said(Remark(key), slots, self.catalogue.language(language)), self.room)

    def _spoken(self, step: Step, view: View) -> _Spoken:
        session = view.session
        words = self.catalogue.words(session.language, f"{session.flow}.{step.text(view)}")
        return _Spoken(words, self.catalogue.language(session.language), step.slots(view))

    def _said(self, remark: Remark | None, slots: Mapping[str, object], language: Language) -> str:
        if remark is None:
            return ""
        text = self.catalogue.words(language.code, remark.key).text
        return text.filled({**slots, **remark.slots}, language)

    def _spare(self, offers: tuple[str, ...], language: Language) -> int:
        """Room for `Choose 1-12` on each page of a list."""
        notice = self._said(Remark("wrong.choice"), {"choices": choices(offers, language)}, language)
        return septets(to_gsm(notice)) + 1


def _body(step: Step, view: View, spoken: _Spoken, remark: Remark | None) -> str:
    """Text and lines. Asked again, a question comes without its hint: the reason says what would be right."""
    text = spoken.text.split("\n", 1)[0] if remark and step.kind == "ask" else spoken.text
    lines = step.lines(view) if step.lines else ()
    return "\n".join([text, *map(spoken.label, lines)])


def _options(step: Step, view: View, spoken: _Spoken) -> tuple[Option, ...]:
    if step.kind != "choose":
        return ()
    offers = step.offers(view) if step.offers else map(Offer, spoken.words.options)
    numbered = _numbered(tuple(offers), view.session.offers)
    return tuple(Option(digits, offer.value, spoken.label(offer)) for digits, offer in numbered)


def choices(offers: tuple[str, ...], language: Language) -> str:
    """What may be answered: the digits on offer, or the ways out where there are none."""
    digits = [offer.split("=", 1)[0] for offer in offers] or [*WAYS_OUT]
    return listed(digits, language.listing)


def listed(digits: list[str], words: tuple[str, str]) -> str:
    """`1, 2 or 3` with the language's separator and last word; long runs as `1-4`."""
    separator, last = words
    items = [item for run in _runs(digits) for item in _shortened(run)]
    return last.join([separator.join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)


def offered(offers: tuple[str, ...], digits: str) -> str | None:
    """What the digits stood for when they were shown."""
    return dict(offer.split("=", 1) for offer in offers).get(digits)


def _runs(digits: list[str]) -> list[list[str]]:
    runs: list[list[str]] = []
    for item in digits:
        if runs and int(item) == int(runs[-1][-1]) + 1:
            runs[-1].append(item)
        else:
            runs.append([item])
    return runs


def _shortened(run: list[str]) -> list[str]:
    return [f"{run[0]}-{run[-1]}"] if len(run) >= RUN_MIN else run


def _numbered(offers: tuple[Offer, ...], shown: tuple[str, ...]) -> list[tuple[str, Offer]]:
    """Each offer with its digits: those it was shown with, its own, or the next that are free."""
    kept = {value: digits for digits, value in (offer.split("=", 1) for offer in shown)}
    taken = {*kept.values(), *(offer.digits for offer in offers)}
    free = (digits for digits in map(str, range(1, 1000)) if digits not in taken)
    numbered = [(kept.get(offer.value) or offer.digits or next(free), offer) for offer in offers]
    return sorted(numbered, key=lambda pair: int(pair[0]))
