"""The way of a keyword through the screens: what is answered where, once each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from flows.known import Asked
from flows.turn import Session
from menus.keywords import Keyword


@dataclass(frozen=True, slots=True)
class Route:
    """A keyword with what came with it. `taken` is how many answers were given at each screen so far."""

    keyword: Keyword
    given: Mapping[str, str]
    taken: Mapping[str, int] = field(default_factory=dict)

    def wanted(self, place: str) -> str:
        """What to answer at a screen (`flow.step`) now; nothing where the keyword has nothing (more) to say."""
        answers = self.keyword.answers.get(place, ())
        count = self.taken.get(place, 0)
        if count >= len(answers):
            return ""
        return answers[count].format_map({slot: self.given.get(slot, "") for slot in self.keyword.slots})

    def after(self, place: str) -> "Route":
        return replace(self, taken={**self.taken, place: self.taken.get(place, 0) + 1})


def digits_for(session: Session, wanted: str, known: Iterable[object]) -> str:
    """The digits of the choice that is wanted: by what it stands for, by its digits, or by the reference of a request
    among the facts that are known; nothing when it is not on offer."""
    offers = tuple(offer.split("=", 1) for offer in session.offers)
    meant = {wanted, *_requests(wanted, known)}
    by_value = next((digits for digits, value in offers if value in meant), "")
    return by_value or next((digits for digits, _ in offers if digits == wanted), "")


def _requests(reference: str, known: Iterable[object]) -> set[str]:
    """The ids of the requests that go by this reference."""
    return {
        asked.id
        for value in known
        if isinstance(value, Sequence) and not isinstance(value, str)
        for asked in value
        if isinstance(asked, Asked) and asked.reference == reference
    }
