"""A phone that types like a person: `phone.dial("*383#").press("1").type("500")`, then `phone.screen`."""

from itertools import count

from flows.built import flows
from flows.engine import Engine
from flows.text import parts
from flows.turn import Operation, Session
from menus.catalogue import Catalogue, load
from tests.flows.town import Person, Town

CATALOGUE = load()
_numbers = count(1)


def engine(catalogue: Catalogue = CATALOGUE, *, view_pin: bool = True) -> Engine:
    return Engine(flows(catalogue.menu), catalogue, view_pin=view_pin)


ENGINE = engine()


class Phone:
    """One line in a town. A new dial finds what the session before it left."""

    def __init__(self, msisdn: str, town: Town | None = None) -> None:
        self.msisdn = msisdn
        self.town = town or Town(ENGINE)
        self.session = Session("")
        self.screen = ""
        self.is_open = False
        self.operations: list[Operation] = []

    @property
    def person(self) -> Person:
        return self.town.people[self.msisdn]

    @property
    def place(self) -> str:
        return self.session.place

    @property
    def lines(self) -> list[str]:
        return self.screen.split("\n")

    def dial(self, dialled: str) -> "Phone":
        """`*383#` opens a session; what follows the code is dialled ahead."""
        _, _, ahead = dialled.strip("*#").partition("*")
        previous = self.session if self.session.id else None
        return self._take(Session(f"session{next(_numbers):09}"), parts(ahead), previous)

    def press(self, *answers: str) -> "Phone":
        """Type answers one after the other, each on the screen the one before led to."""
        for answer in answers:
            assert self.is_open, f"typed {answer} after the last screen: {self.screen}"
            self._take(self.session, parts(answer), None)
        return self

    type = press

    def send(self, *answers: str) -> "Phone":
        """Several answers in one hop, as when hops before it were lost."""
        return self._take(self.session, answers, None)

    def drop(self) -> "Phone":
        """The network hangs up."""
        self.is_open = False
        return self

    def _take(self, session: Session, answers: tuple[str, ...], previous: Session | None) -> "Phone":
        turn = self.town.turn(session, answers, self.msisdn, previous)
        self.session, self.screen, self.is_open = turn.session, turn.screen.text, not turn.screen.is_final
        self.operations += turn.operations
        return self
