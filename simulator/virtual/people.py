"""People who dial in virtual time, hop by hop; between two hops everybody else goes on too.

Networks are theirs: a hop comes twice, an answer gets lost, a call drops, and a carrier that got no answer tries again.
"""

import random
from collections import Counter

from gateway.inbound import Inbound
from simulator.campaign import script
from simulator.campaign.facts import Heard
from simulator.line import SERVICE_CODE
from simulator.virtual.clock import Agenda, Clock
from simulator.virtual.plan import Act, Plan
from simulator.virtual.record import Record
from simulator.virtual.town import Town

THINKING_MS = (1_500, 15_000)
RETRY_MS = 2_000
RETRIES_MAX = 4
SESSION_MS = 180_000
TWICE, DROPPED = 0.06, 0.05
SAME_SCREEN_MAX = 3


class Calls:
    """Starts a call for each act of the plan. `heard` and `puzzles` are the driver's own account of it."""

    def __init__(self, plan: Plan, town: Town, clock: Clock, agenda: Agenda, record: Record) -> None:
        self._people = {person.phone: person for person in plan.people}
        self._plan = plan
        self._town = town
        self._clock = clock
        self._agenda = agenda
        self._record = record
        self._last_hop: dict[str, int] = {}
        self.heard: list[Heard] = []
        self.puzzles: list[str] = []

    async def begin(self, act: Act) -> None:
        """Dial; what lay untouched for longer than a session lives is forgotten first."""
        last = self._last_hop.get(act.phone)
        if last is not None and self._clock() - last > SESSION_MS:
            await self._town.gateway.sessions.clear(act.phone)
        chance = self._plan.chance("act", act.number)
        caller = script.errand(self._people[act.phone], chance)
        await Call(self, caller, f"ATUid_{chance.getrandbits(128):032x}").hop()

    async def delivered(self, call: "Call") -> str:
        """One hop on its way through the carrier; the body, empty where nobody answered."""
        body = await self._tried(call)
        if body and call.chance.random() < TWICE:
            await self._tried(call)
        return body

    def later(self, call: "Call", ms: int) -> None:
        self._agenda.add(self._clock() + ms, call.hop)

    def ended(self, call: "Call") -> None:
        """Raises UnknownScreen for a last screen that nobody expects."""
        if call.body.startswith("END "):
            script.recognise_last(call.body[4:])

    def noted(self, call: "Call", typed: str) -> None:
        self._record.hop(self._clock(), call.caller.person, typed, call.body)

    async def _tried(self, call: "Call") -> str:
        phone = call.caller.person.phone
        inbound = Inbound("africastalking", phone, call.reference, SERVICE_CODE, "*".join(call.answers))
        reply = await self._town.hop(inbound)
        now = self._clock() / 1000
        body = "" if reply is None else f"{'END' if reply.is_final else 'CON'} {reply.text}"
        status, error = (200, "") if reply else (0, "killed")
        self._last_hop[phone] = self._clock()
        self.heard.append(
            Heard(phone, call.reference, len(call.answers), now, now, status, body, error, given_up=reply is None)
        )
        return body


class Call:
    """One call of one person, from the dialling on."""

    def __init__(self, calls: Calls, caller: script.Caller, reference: str) -> None:
        self._calls = calls
        self._tries = 0
        self._seen: Counter[str] = Counter()
        self.caller = caller
        self.reference = reference
        self.answers: list[str] = []
        self.body = ""

    @property
    def chance(self) -> random.Random:
        return self.caller.chance

    async def hop(self) -> None:
        """Send what was typed, read what comes, think, and go on."""
        self.body = await self._calls.delivered(self)
        if not self.body:
            self._tries += 1
            if self._tries <= RETRIES_MAX:
                self._calls.later(self, RETRY_MS)
            return
        self._tries = 0
        self._calls.noted(self, self.answers[-1] if self.answers else SERVICE_CODE)
        try:
            if answer := self._answer():
                self.answers.append(answer)
                self._calls.later(self, self.chance.randrange(*THINKING_MS))
        except script.UnknownScreen:
            self._calls.puzzles.append(self.body)

    def _answer(self) -> str | None:
        """What is typed next; nothing when the call is over, dropped, or its caller has had enough."""
        if not self.body.startswith("CON "):
            self._calls.ended(self)
            return None
        name, answer = script.answer(self.caller, self.body[4:])
        self._seen[name] += 1
        has_enough = self._seen[name] > SAME_SCREEN_MAX or self.chance.random() < DROPPED
        return None if has_enough else answer
