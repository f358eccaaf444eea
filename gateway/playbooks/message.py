"""`sms.send`: write the text in the customer's language, hand it to the provider, keep what became of it.

No carrier has a key that makes a repeat harmless. A receipt is therefore sent at least once: after a crash or a
time-out between handing over and noting it, it may come twice, never not at all. A code or a reminder is not sent
again in doubt, after a crash neither: it is marked before it leaves. See `gateway.sending.ranks`.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import time
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.accounts import codes
from gateway.accounts.codes import Codes
from gateway.clock import Clock, local, local_date
from gateway.errors import NyotaError, Rejected, Unavailable, Uncertain
from gateway.notices.values import typed
from gateway.operations.outcome import Done, Later, Outcome, Park, Refused, Retry
from gateway.operations.playbook import Playbook, Work
from gateway.papers import links
from gateway.papers.links import Links
from gateway.providers.contract import OutgoingSms, ReplyFrom
from gateway.sending.carriers import Carriers, Fate, Handed, Slow
from gateway.sending.parts import size_of
from gateway.sending.quiet import Quiet
from gateway.sending.ranks import lane_of, manner_of
from gateway.sending.unlinked import Unlinked
from gateway.store import customers, messages
from gateway.store.engine import Store
from gateway.texting import stops
from menus.catalogue import Catalogue
from menus.gsm import to_gsm

NEVER = Quiet(time(), time())
IN_DOUBT = "uncertain"
LONGEST: Mapping[str, str] = {
    codes.PLACEHOLDER: "0" * codes.DIGITS,
    links.PLACEHOLDER: "0" * (links.BASE_CHARACTERS_MAX + links.TOKEN_CHARACTERS),
}
"""What stands in a text where a secret will be, and the room that takes."""
OFFER = "offer"

IsMoot = Callable[[AsyncConnection, Mapping[str, Any], int], Awaitable[bool]]
"""Whether a message that waited has nothing to say any more: what it is about, and the moment in ms."""


class SendStep:
    """The one step of a message."""

    name = "send"

    def __init__(
        self, carriers: Carriers, store: Store, catalogue: Callable[[], Catalogue], clock: Clock,
        codes: Codes | None = None, links: Links | None = None, quiet: Quiet = NEVER,
        is_moot: IsMoot | None = None, named: Callable[[str], Catalogue] | None = None,
        unlinked: Unlinked | None = None,
    ) -> None:  # fmt: skip
        self._unlinked = unlinked
        self._is_moot = is_moot
        self._named = named
        self._codes = codes
        self._links = links
        self._quiet = quiet
        self._carriers = carriers
        self._store = store
        self._catalogue = catalogue
        self._clock = clock

    async def attempt(self, work: Work) -> Outcome:
        [ready] = await self._prepared([work])
        if not isinstance(ready, str):
            return ready
        try:
            fate: Fate = await self._carriers.hand_over(_leaving(work, ready, self._clock()))
        except NyotaError as error:
            fate = error
        return _outcome(work, fate)

    async def attempt_many(self, works: Sequence[Work], until: int) -> Sequence[Outcome]:
        prepared = await self._prepared(works)
        pairs = list(zip(works, prepared, strict=True))
        now = self._clock()
        texts = [_leaving(work, ready, now) for work, ready in pairs if isinstance(ready, str)]
        fates = iter(await self._carriers.hand_over_all(texts, until=until))
        return [_outcome(work, next(fates)) if isinstance(ready, str) else ready for work, ready in pairs]

    async def reconsider(self, connection: AsyncConnection, work: Work, outcome: Outcome, now: int) -> Outcome:
        await self.reconsider_many(connection, [(work, outcome)], now)
        return outcome

    async def reconsider_many(
        self, connection: AsyncConnection, settled: Sequence[tuple[Work, Outcome]], now: int
    ) -> Sequence[Outcome]:
        """Keep what became of the messages beside their operations."""
        await messages.noted_all(connection, [_noted(work, outcome, now) for work, outcome in settled])
        outcomes = [outcome for _, outcome in settled]
        sent = {
            (str(outcome.data["provider"]), str(outcome.data["provider_id"]))
            for outcome in outcomes
            if isinstance(outcome, Done)
        }
        await messages.catch_up(connection, sent, now)
        if self._unlinked is not None and any(_is_linked(work) for work, _ in settled):
            await self._unlinked.sent(connection, sent)
        return outcomes

    async def _prepared(self, works: Sequence[Work]) -> Sequence[str | Outcome]:
        """What leaves us for each, or what becomes of it without leaving."""
        now = self._clock()
        ready: dict[str, str | Outcome] = {}
        for work in works:
            if (outcome := self._untimely(work, now)) is not None:
                ready[work.id] = outcome
        timely = [work for work in works if work.id not in ready]
        if timely:
            async with self._store.begin() as connection:
                ready |= await self._written(connection, timely, now)
            ready |= await self._with_secrets([work for work in timely if _has_secret(work)], ready)
        return [ready[work.id] for work in works]

    def _untimely(self, work: Work, now: int) -> Outcome | None:
        manner = manner_of(work.intent["template"])
        if now - work.created_at > manner.expires_ms:
            return Refused("expired", "too late to be of use")
        if manner.keeps_quiet and (silence := self._quiet.ends_after(local(now))):
            return Later(round(silence.total_seconds() * 1000), "not at this hour")
        return None

    async def _written(
        self, connection: AsyncConnection, works: Sequence[Work], now: int
    ) -> Mapping[str, str | Outcome]:
        """The texts, each written once and kept: a second try says the same.

        What is not sent twice is marked in the same unit of work as leaving, so that after a crash it is in doubt.
        """
        known = await messages.known(connection, [work.id for work in works])
        unwanted = await _unwanted(connection, works)
        people = {work.customer_id for work in works if work.customer_id and not work.intent["language"]}
        languages = await customers.languages(connection, people) if people else {}
        ready: dict[str, str | Outcome] = {}
        for work in works:
            ready[work.id] = await self._said(connection, work, known.get(work.id), unwanted, languages, now)
        new = [work for work in works if isinstance(ready[work.id], str) and work.id not in known]
        await messages.written(connection, [_row(work, str(ready[work.id]), languages, now) for work in new])
        again = [work for work in works if isinstance(ready[work.id], str) and work.id in known]
        await messages.leaving(connection, [work.id for work in again if _is_marked(work)], now)
        return ready

    async def _said(
        self, connection: AsyncConnection, work: Work, known: tuple[str, str] | None, unwanted: Collection[str],
        languages: Mapping[str, str], now: int,
    ) -> str | Outcome:  # fmt: skip
        about = work.intent.get("about")
        if about is not None and self._is_moot is not None and await self._is_moot(connection, about, now):
            return Refused("moot", "what it was about is over")
        if work.id in unwanted:
            return Refused("stopped", "they want no messages of this rank")
        if known is not None:
            text, state = known
            return text if state != messages.SENDING else Refused(IN_DOUBT, "not sent again: cut off while it left")
        return self._worded(work, work.intent["language"] or languages.get(work.customer_id, ""), now)

    def _worded(self, work: Work, language: str, now: int) -> str | Outcome:
        """One that cannot be written is for a person to look at, and holds up none of those that go with it."""
        try:
            values = typed(work.intent["values"], local_date(now))
            return to_gsm(self._words(work).message(language, work.intent["template"], values))
        except (LookupError, TypeError, ValueError) as error:
            return Park(f"{type(error).__name__}: there are no words for {work.intent['template']}")

    def _words(self, work: Work) -> Catalogue:
        """Where a partner answers, the same words with its name."""
        name = work.intent.get("name")
        return self._named(name) if name and self._named is not None else self._catalogue()

    async def _with_secrets(
        self, works: Sequence[Work], ready: Mapping[str, str | Outcome]
    ) -> Mapping[str, str | Outcome]:
        """What leaves us: a one-time code or a link is in no text that is kept."""
        filled: dict[str, str | Outcome] = {}
        for work in works:
            if isinstance(text := ready[work.id], str):
                whole = await self._with_secret(work, text)
                filled[work.id] = whole or Refused("expired", "the code or link in it is good no more")
        leaving = [work.id for work in works if isinstance(filled.get(work.id), str) and _is_once(work)]
        if leaving:
            async with self._store.begin() as connection:
                await messages.leaving(connection, leaving, self._clock())
        return filled

    async def _with_secret(self, work: Work, text: str) -> str | None:
        code_id, link_id = work.intent.get("code"), work.intent.get("link")
        if link_id is not None and self._links is not None:
            return await self._links.filled(link_id, text)
        if code_id is None or self._codes is None:
            return text
        return await self._codes.filled(code_id, text)


async def _unwanted(connection: AsyncConnection, works: Sequence[Work]) -> Collection[str]:
    """Which of these their readers have stopped, or have not chosen any more, as of now: some have waited a night. A
    STOP takes the yes to offers back; whoever says yes on the phone after it gets them."""
    asked = [work for work in works if not manner_of(work.intent["template"]).is_mandatory]
    if not asked:
        return ()
    stopped = await stops.among(connection, [work.intent["to"] for work in asked])
    offers = {work.customer_id for work in asked if work.intent.get("purpose") == OFFER}
    refusing = await customers.without_offers(connection, offers) if offers else frozenset[str]()
    return {
        work.id
        for work in asked
        if (work.customer_id in refusing if work.intent.get("purpose") == OFFER else work.intent["to"] in stopped)
    }


def _leaving(work: Work, text: str, now: int) -> OutgoingSms:
    return OutgoingSms(work.intent["to"], text, work.intent.get("sender", ""), _reply(work.intent.get("reply"), now))


def _reply(found: Mapping[str, Any] | None, now: int) -> ReplyFrom | None:
    """From which code an answer leaves; a link that is no longer good stays behind."""
    if found is None:
        return None
    if not found.get("link_id") or now >= found["link_until"]:
        return ReplyFrom(found["carrier"], found["short_code"])
    return ReplyFrom(found["carrier"], found["short_code"], found["link_id"], found["keyword"])


def _is_linked(work: Work) -> bool:
    return bool((work.intent.get("reply") or {}).get("link_id"))


def _outcome(work: Work, fate: Fate) -> Outcome:
    """What a hand-over means for its message."""
    match fate:
        case Handed(carrier, sent):
            kept = {"provider": carrier, "provider_id": sent.provider_id, "cost": sent.cost, "sender": sent.sender}
            return Done(kept)
        case Slow(wait_ms):
            return Later(wait_ms, "as fast as the carriers take it")
        case Unavailable():
            return Retry(str(fate), fate.evidence, is_outage=True)
        case Rejected():
            return Refused(fate.code, str(fate))
        case Uncertain():
            if _is_once(work):
                return Refused(IN_DOUBT, f"not sent again: {fate}", fate.evidence)
            return Retry(f"at least once: {fate}", fate.evidence)
    raise fate


def _noted(work: Work, outcome: Outcome, now: int) -> Mapping[str, object]:
    row: dict[str, object] = {"id": work.id, "provider": None, "provider_id": None, "cost": None, "reason": None}
    match outcome:
        case Done(data):
            known = {name: value for name, value in data.items() if name in row}  # who spoke stays with the operation
            return {**row, **known, "state": "sent", "updated_at": now}
        case Refused(code, reason):
            state = "uncertain" if code == IN_DOUBT else "failed"
            return {**row, "state": state, "reason": reason[:80], "updated_at": now}
    return {**row, "state": "queued", "updated_at": now}


def _row(work: Work, text: str, languages: Mapping[str, str], now: int) -> Mapping[str, object]:
    return {
        "id": work.id,
        "customer_id": work.customer_id or None,
        "msisdn": work.intent["to"],
        "template": work.intent["template"],
        "language": work.intent["language"] or languages.get(work.customer_id, ""),
        "text": text,
        "parts": parts_of(work.intent, text),
        "state": messages.SENDING if _is_marked(work) else "queued",
        "created_at": now,
        "updated_at": now,
    }


def parts_of(intent: Mapping[str, Any], text: str) -> int:
    """How many parts leave: a secret takes other room than what stands for it in the text that is kept."""
    if _is_secret(intent):
        for placeholder, longest in LONGEST.items():
            text = text.replace(placeholder, longest)
    return size_of(text).parts


def _is_once(work: Work) -> bool:
    """Whether it is never sent again in doubt."""
    return not manner_of(work.intent["template"]).is_repeated


def _has_secret(work: Work) -> bool:
    return _is_secret(work.intent)


def _is_secret(intent: Mapping[str, Any]) -> bool:
    return intent.get("code") is not None or intent.get("link") is not None


def _is_marked(work: Work) -> bool:
    """Whether it leaves as it is written; one with a secret is marked when that is in it."""
    return _is_once(work) and not _has_secret(work)


def playbook(send: SendStep) -> Playbook:
    return Playbook(
        kind="sms.send",
        steps=(send,),
        many=send,
        lane=lambda _, intent: lane_of(intent["template"], intent["to"]),
        rank=lambda intent: manner_of(intent["template"]).priority,
    )
