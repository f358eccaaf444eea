"""Keywords that read or choose something: balances, loans, a statement, help, languages, reminders on and off.

A figure goes to the line of the account and to no other, whoever asked for it.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.known import Balances, Customer, Loan
from flows.texting.spoken import fits
from flows.turn import Need
from gateway.clock import Clock, local_date, milliseconds
from gateway.facts.core import ASKED
from gateway.facts.source import FactSource
from gateway.live import LiveMenus
from gateway.notices import values as say
from gateway.store.engine import Store
from gateway.texting.say import Answer, Say
from menus.catalogue import Catalogue
from menus.keywords import Keyword
from menus.values import Day, Days, Ksh

LISTED_LAST = ("stop", "help")
ROOM_CHARACTERS = 70
"""What a list inside a message may take; see the longest values in `menus.slots`."""

ShortStatement = Callable[[AsyncConnection, str, int], Awaitable[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Asked:
    """Who wrote which keyword, with what. `customer` is the member behind the line, `language` the one to answer in."""

    line: str
    keyword: Keyword
    given: Mapping[str, str]
    customer: Customer | None
    language: str


class Tellers:
    """One method for each name that `tells` may have in `menus/keywords.yaml`."""

    def __init__(
        self,
        menus: LiveMenus,
        facts: FactSource,
        store: Store,
        statement: ShortStatement,
        clock: Clock,
        *,
        balances: bool,
    ) -> None:
        self._menus = menus
        self._facts = facts
        self._store = store
        self._statement = statement
        self._clock = clock
        self._balances = balances
        self.by_name: Mapping[str, Callable[[Asked], Awaitable[Answer]]] = {
            "balance": self.balance,
            "loans": self.loans,
            "statement": self.statement,
            "help": self.help,
            "join": self.join,
            "language": self.language,
            "stop": self.stop,
            "start": self.start,
        }

    @property
    def _catalogue(self) -> Catalogue:
        return self._menus.catalogue

    async def balance(self, asked: Asked) -> Answer:
        """Figures of a core that is away come with their age; newer ones are then on their way."""
        if (refused := self._unseen(asked)) is not None:
            return refused
        known: Balances = await self._fact("balances", asked.line)
        if known.as_at:
            await self._fact(ASKED, asked.line)
        values = {
            "at": say.clock(milliseconds(known.as_at) if known.as_at else self._clock()),
            "wallet": say.ksh(known.wallet_cents),
            "savings": say.ksh(known.savings_cents),
        }
        if known.next_due is None:
            return Answer([Say("texting.balance_clear", values)])
        owed = {
            "loans": say.ksh(known.loans_cents),
            "next": say.ksh(known.next_cents),
            "due": say.day(known.next_due),
        }
        return Answer([Say("texting.balance", {**values, **owed})])

    async def loans(self, asked: Asked) -> Answer:
        if (refused := self._unseen(asked)) is not None:
            return refused
        found: tuple[Loan, ...] = await self._fact("loans", asked.line)
        if not found:
            return Answer([Say("texting.loans_none")])
        return Answer([Say("texting.loans", {"list": self._listed(found, asked.language)})])

    async def statement(self, asked: Asked) -> Answer:
        if (refused := self._unseen(asked)) is not None or asked.customer is None:
            return refused or Answer()
        async with self._store.read() as connection:
            values = await self._statement(connection, asked.customer.id, self._clock())
        return Answer([Say("account.statement", values)])

    async def help(self, asked: Asked) -> Answer:
        """Everything there is, or one keyword with its example."""
        about = self._catalogue.keywords.by_name.get(asked.given.get("word", ""))
        if about is None:
            return Answer([Say("texting.help", {"list": self._keywords(asked.language)}, asked.language)])
        values = {"help": self._in(about.help, asked.language), "example": self._in(about.example, asked.language)}
        return Answer([Say("texting.help_one", values, asked.language)])

    async def join(self, asked: Asked) -> Answer:
        """How to get an account: here or behind the code."""
        if asked.customer is not None:
            return Answer([Say("texting.member", {}, asked.language)])
        example = self._in(asked.keyword.example, asked.language)
        return Answer([Say("texting.join", {"example": example}, asked.language)])

    async def language(self, asked: Asked) -> Answer:
        """From now on in the language of their choice; a line without an account has nothing to keep it with."""
        code = asked.given["language"]
        if asked.customer is None:
            return Answer([Say("texting.stranger", {}, code, daily=True)])
        return Answer([Say("texting.language", {}, code)], "language", {"language": code})

    async def stop(self, asked: Asked) -> Answer:
        return Answer([Say("texting.stop", {}, asked.language)], "stop")

    async def start(self, asked: Asked) -> Answer:
        return Answer([Say("texting.start", {}, asked.language)], "start")

    def _unseen(self, asked: Asked) -> Answer | None:
        """Why somebody gets no figures: nobody is there, or they are not sent here."""
        if asked.customer is None:
            return Answer([Say("texting.stranger", {}, asked.language, daily=True)])
        return None if self._balances else Answer([Say("texting.off")])

    async def _fact(self, name: str, line: str) -> Any:
        need = Need(name)
        return (await self._facts.gather(frozenset({need}), line))[need]

    def _listed(self, loans: tuple[Loan, ...], language: str) -> str:
        """As many loans as fit one message, the late ones first; how many more there are."""
        today = local_date(self._clock())
        lines = [self._loan(loan, today, language) for loan in loans]
        for shown in range(len(lines), 0, -1):
            more = len(lines) - shown
            rest = [self._catalogue.message(language, "texting.loans_more", {"count": more})] if more else []
            text = ". ".join([*lines[:shown], *rest])
            if fits(self._catalogue.message(language, "texting.loans", {"list": text})):
                return text
        return lines[0]

    def _loan(self, loan: Loan, today: date, language: str) -> str:
        values: dict[str, object] = {"loan": loan.reference, "owed": Ksh(loan.owed_cents)}
        if loan.days_late:
            return self._catalogue.message(language, "texting.loans_late", {**values, "days": Days(loan.days_late)})
        values |= {"next": Ksh(loan.next_cents), "due": Day(loan.next_due, today)}
        return self._catalogue.message(language, "texting.loans_each", values)

    def _keywords(self, language: str) -> str:
        """The first word of as many keywords as there is room for; how to stop and to ask for more always."""
        known = self._catalogue.keywords.by_name
        words = {name: self._in(each.words, language)[0] for name, each in known.items()}
        last = [words.pop(name) for name in LISTED_LAST if name in words]
        listed: list[str] = []
        for word in words.values():
            if len(", ".join([*listed, word, *last])) > ROOM_CHARACTERS:
                break
            listed.append(word)
        return ", ".join([*listed, *last])

    def _in(self, texts: Mapping[str, Any], language: str) -> Any:
        """In a language, in the default one, or in any."""
        return texts.get(language) or texts.get(self._catalogue.default_language) or next(iter(texts.values()))
