"""What a message would lead to, without anything being kept, sent or moved: for whoever wants to try a keyword."""

import uuid
from collections.abc import Mapping
from typing import Any

from gateway.clock import MINUTE_MS, local, local_date
from gateway.notices.values import typed
from gateway.store import customers
from gateway.texting.deciding import Decider
from gateway.texting.hands import Hands, Letter
from gateway.texting.say import Answer, Say
from gateway.texting.understanding import keepable, understood
from menus.catalogue import Catalogue
from menus.values import Clock as Moment

HIDDEN_CODE = "******"


class Rehearsal:
    """`hands` are on trial: nothing is committed on the way. One of these is for one message."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._decider = Decider(hands)

    @property
    def _catalogue(self) -> Catalogue:
        return self._hands.menus.catalogue

    async def of(self, line: str, text: str) -> dict[str, Any]:
        """How a message from this line is understood, what would be said, and to what a code would be asked."""
        found = understood(text, self._catalogue.keywords)
        intent = {"msisdn": line, "provider": "rehearsal", **found}
        answer = await self._decider.answer(Letter(str(uuid.uuid4()), intent))
        language = await self._language(line, found)
        return {**found, "kept": keepable(text, self._catalogue.keywords), **self._told(answer, language)}

    async def _language(self, line: str, found: Mapping[str, Any]) -> str:
        async with self._hands.store.read() as connection:
            person = await customers.on_line(connection, line)
        return str(person.language) if person else str(found.get("language") or self._catalogue.default_language)

    def _told(self, answer: Answer, language: str) -> dict[str, Any]:
        says = [self._written(each, language) for each in answer.says]
        if answer.does == "join":
            return {"says": says, "asks": self._join_asked(answer.about["person"], language), "does": "join"}
        if answer.does != "ask":
            return {"says": says, "asks": "", "does": answer.does}
        about = answer.about
        says += [self._written(Say("texting.first", {"said": words}), language) for words in about["before"]]
        values: dict[str, object] = {"code": HIDDEN_CODE, "by": self._by()}
        template = "texting.otp" if about["question"] else "texting.otp_short"
        values |= {"what": about["question"]} if about["question"] else {}
        return {"says": says, "asks": self._catalogue.message(language, template, values), "does": "ask"}

    def _join_asked(self, person: Any, language: str) -> str:
        values = {**typed({"person": person}, local_date(self._hands.clock())), "code": HIDDEN_CODE, "by": self._by()}
        return self._catalogue.message(language, "texting.join_otp", values)

    def _by(self) -> Moment:
        return Moment(local(self._hands.clock() + self._hands.settings.code_minutes * MINUTE_MS))

    def _written(self, said: Say, language: str) -> str:
        values = typed(said.values, local_date(self._hands.clock()))
        return self._catalogue.message(said.language or language, said.template, values)
