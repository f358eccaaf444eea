"""Letters that nobody waits for: a few at once, none to a server that is away, until they are too old."""

import asyncio
from dataclasses import replace
from typing import cast

import pytest

from gateway.config import Mail
from gateway.errors import NyotaError, Rejected, Unavailable, Uncertain
from gateway.mail import Away, Letter, Mailer
from gateway.operations.outcome import Done, Later, Outcome, Refused, Retry
from gateway.operations.playbook import Work
from gateway.playbooks import mail
from gateway.playbooks.unhurried_mail import PRIORITY, Unhurried
from gateway.sending.turnstile import Turnstile
from tests.gateway.rails_flow.office import START, Hands

DAY_MS = 86_400_000
WORK = Work(
    number=1, id="op-1", reference="ML1", kind="mail.beside", customer_id="amina", intent={}, state="queued",
    step="send", generation=0, attempts=0, data={}, created_at=START, waiting_since=None, fence=1,
)  # fmt: skip


class Server(Mailer):
    """Takes letters when it is let, or answers with an error."""

    def __init__(self) -> None:
        super().__init__(Mail())
        self.asked = 0
        self.answer: NyotaError | None = None
        self.reached = asyncio.Event()
        self.goes_on = asyncio.Event()
        self.goes_on.set()

    async def send(self, letter: Letter) -> None:
        self.asked += 1
        self.reached.set()
        await self.goes_on.wait()
        if self.answer is not None:
            raise self.answer


async def write(work: Work) -> Letter | Outcome:
    return Letter(work.id, "amina@post.example", "Subject", "Body", work.created_at)


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def unhurried(server: Server, clock: Hands) -> Unhurried:
    return Unhurried(server, clock, Turnstile(clock, at_once=1, rest_ms=30_000), give_up_days=3)


class TestUnhurried:
    async def test_a_hanging_server_has_only_so_many_of_our_hands(self, unhurried: Unhurried, server: Server) -> None:
        """The next letter comes back later and waits nowhere."""
        server.goes_on.clear()
        first = asyncio.create_task(unhurried.sent(WORK, write))
        await server.reached.wait()

        second = await unhurried.sent(replace(WORK, id="op-2"), write)
        server.goes_on.set()

        assert isinstance(second, Later)
        assert await first == Done()
        assert await unhurried.sent(replace(WORK, id="op-2"), write) == Done()

    @pytest.mark.parametrize(
        ("answer", "follows"),
        [
            (Away("mail: ConnectionRefusedError"), Retry("mail: ConnectionRefusedError", is_outage=True)),
            (Uncertain("mail: no answer"), Later(60_000, "mail: no answer")),
        ],
    )
    async def test_one_that_does_not_answer_is_left_alone(
        self, unhurried: Unhurried, server: Server, clock: Hands, answer: NyotaError, follows: Outcome
    ) -> None:
        """By all other letters too, for a while; none of them ends as a case for people."""
        server.answer = answer

        first = await unhurried.sent(WORK, write)
        second = await unhurried.sent(WORK, write)
        asked = server.asked
        clock.turn(30_000)
        await unhurried.sent(WORK, write)

        assert first == follows
        assert second == Later(30_000, "as fast as the mail server takes it")
        assert (asked, server.asked) == (1, 2)

    async def test_one_that_takes_all_and_answers_nothing_sends_a_letter_few_times(
        self, unhurried: Unhurried, server: Server, clock: Hands
    ) -> None:
        """Until it is given up for its age: whoever gets it gets all of them."""
        server.answer = Uncertain("mail: no answer")

        while isinstance(outcome := await unhurried.sent(WORK, write), Later):
            clock.turn(outcome.in_ms)

        assert isinstance(outcome, Refused)
        assert 10 <= server.asked <= 15

    async def test_what_is_put_off_for_one_address_holds_no_other(self, unhurried: Unhurried, server: Server) -> None:
        """A full mailbox is nobody else's."""
        server.answer = Unavailable("mail put off: 452")
        first = await unhurried.sent(WORK, write)
        server.answer = None

        assert isinstance(first, Retry)
        assert await unhurried.sent(WORK, write) == Done()

    async def test_a_refusal_is_final_and_kept(self, unhurried: Unhurried, server: Server) -> None:
        """With the code of the server."""
        server.answer = Rejected("mail refused: 550", "550")

        assert await unhurried.sent(WORK, write) == Refused("550", "mail refused: 550")

    @pytest.mark.parametrize(("expires_ms", "age_ms"), [(None, 3 * DAY_MS), (DAY_MS, DAY_MS)])
    async def test_what_is_too_old_is_given_up(
        self, unhurried: Unhurried, server: Server, clock: Hands, expires_ms: int | None, age_ms: int
    ) -> None:
        """After the days of the configuration, or when it is of no use any more."""
        clock.turn(age_ms)
        in_time = await unhurried.sent(WORK, write, expires_ms)
        clock.turn(1)

        assert in_time == Done()
        assert await unhurried.sent(WORK, write, expires_ms) == Refused("expired", "too late to be of use")
        assert server.asked == 1


class TestCodes:
    def test_no_code_waits_behind_a_receipt(self) -> None:
        """Neither in a lane nor in the queue."""
        playbook = mail.playbook(cast("mail.MailStep", object()))
        code, receipt = {"to": "a@b.example", "code": "1"}, {"to": "a@b.example", "receipt": "op"}

        assert playbook.lane("", code) != playbook.lane("", receipt)
        assert playbook.priority_of(code) < playbook.priority_of(receipt) == PRIORITY
