"""Letters that nobody waits for at a screen: receipts, and what goes beside an SMS.

They pass a turnstile, so that a mail server that hangs never has all the hands of a worker, and they are tried until
they are too old, not so many times: a server that was away over a night is no reason to ask a person.
"""

from collections.abc import Awaitable, Callable

from gateway.clock import DAY_MS, MINUTE_MS, Clock
from gateway.errors import Rejected, Unavailable, Uncertain
from gateway.mail import Away, Letter, Mailer
from gateway.operations.outcome import Done, Later, Outcome, Refused, Retry
from gateway.operations.playbook import Work
from gateway.sending.turnstile import Turnstile

DOUBT_MS = MINUTE_MS
"""So long after its answer is missing a letter is handed over again, then as long as it is old by then: a server that
takes all and answers nothing sends somebody a dozen of one letter in days, not hundreds."""
PRIORITY = 9
"""After every SMS."""

Write = Callable[[Work], Awaitable[Letter | Outcome]]
"""The letter as of now, or what becomes of it without one."""


class Unhurried:
    """One for all such letters of a process."""

    def __init__(self, mailer: Mailer, clock: Clock, turnstile: Turnstile, *, give_up_days: int) -> None:
        self._mailer = mailer
        self._clock = clock
        self._turnstile = turnstile
        self._give_up_ms = give_up_days * DAY_MS

    async def sent(self, work: Work, write: Write, expires_ms: int | None = None) -> Outcome:
        """Write it and hand it over, if there is room and it is not too old."""
        if self._clock() - work.created_at > min(self._give_up_ms, expires_ms or self._give_up_ms):
            return Refused("expired", "too late to be of use")
        with self._turnstile.one() as has_room:
            if not has_room:
                return Later(self._turnstile.wait_ms(work.created_at), "as fast as the mail server takes it")
            written = await write(work)
            return await self._handed_over(work, written) if isinstance(written, Letter) else written

    async def _handed_over(self, work: Work, letter: Letter) -> Outcome:
        try:
            await self._mailer.send(letter)
        except Uncertain as error:
            self._turnstile.rests()
            return Later(max(DOUBT_MS, self._clock() - work.created_at), str(error))
        except Away as error:
            self._turnstile.rests()
            return Retry(str(error), error.evidence, is_outage=True)
        except Unavailable as error:
            return Retry(str(error), error.evidence, is_outage=True)
        except Rejected as error:
            return Refused(error.code, str(error))
        return Done()
