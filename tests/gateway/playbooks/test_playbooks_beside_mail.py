"""Letters beside SMS, in a back office with a real mail server: reminders to whoever wants them, and no other SMS."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import time
from email.message import Message
from types import SimpleNamespace
from typing import cast

import pytest

from gateway.campaigns import records as campaigns
from gateway.config import Mail
from gateway.mail import Mailer
from gateway.papers import records
from gateway.papers.unsubscribing import Unsubscribing
from gateway.playbooks import beside_mail
from gateway.playbooks.beside_mail import HOMELESS, UNWANTED, Beside, BesideStep, hindrance_of
from gateway.playbooks.message import NEVER
from gateway.playbooks.unhurried_mail import Unhurried
from gateway.sending.quiet import Quiet
from gateway.sending.turnstile import Turnstile
from gateway.store import customers
from gateway.store.customers import Customer
from gateway.texting import stops
from tests.gateway.postoffice import PostOffice, opened
from tests.gateway.rails_flow.office import AMINA, BARAKA, Office, office_on, words

DAY_MS = 86_400_000
DUE = {"next": ["ksh", 2_160_00], "loan": "LN7K2QD", "due": ["day", "2026-09-04"], "account": "0711000001"}


@dataclass
class Desk:
    """An office whose reminders have letters beside them, and the post office that takes these."""

    office: Office
    post: PostOffice
    is_over: bool = False

    async def chosen(self, person: str, address: str = "amina@post.example") -> None:
        """A confirmed address, and the wish for reminders there."""
        async with self.office.store.begin() as connection:
            await customers.changed(connection, person, email=address, email_verified_at=1)
            await records.wished(connection, person, 1, reminders_by_mail=True)

    async def told(self, template: str, person: str = AMINA, cause: str = "cause") -> None:
        values = {"first_name": ["first", "Amina Wanjiru"], **DUE}
        async with self.office.store.begin() as connection:
            await self.office.shop.outbox.tell(
                connection, cause, person, person, template, values, about={"loan": "LN7K2QD"}
            )

    async def letters(self) -> list[Message]:
        await self.office.settled()
        return self.post.letters

    async def came_to(self) -> list[tuple[str, str]]:
        return [(row.state, row.reason or "") for row in await self.office.operations(beside_mail.KIND)]


@asynccontextmanager
async def desk_on(url: str, settings: Mail, post: PostOffice, quiet: Quiet = NEVER) -> AsyncIterator[Desk]:
    async with office_on(url) as office:
        desk, shop, clock = Desk(office, post), office.shop, office.clock

        async def is_moot(*_: object) -> bool:
            return desk.is_over

        turnstile = Turnstile(clock, at_once=2, rest_ms=30_000)
        step = BesideStep(
            Unhurried(Mailer(settings), clock, turnstile, give_up_days=3), office.store, words, clock,
            Unsubscribing(office.store, clock, pepper="pepper", base="https://nyota.example", days=60), quiet, is_moot,
        )  # fmt: skip
        shop.playbooks[beside_mail.KIND] = beside_mail.playbook(step)
        shop.outbox.beside.append(Beside(shop.outbox).told)
        yield desk


@pytest.fixture
async def desk(fresh_sqlite: str) -> AsyncIterator[Desk]:
    post = PostOffice()
    async with opened(post) as settings, desk_on(fresh_sqlite, settings, post) as desk:
        yield desk


def text(letter: Message) -> str:
    content = letter.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode("utf-8")


class TestReminders:
    @pytest.mark.parametrize(
        ("person", "subject", "words_of", "how_to_stop"),
        [
            (AMINA, "Nyota payment reminder", "5 Aug 10:42, ref ML", "To stop reminders by e-mail: dial *383#"),
            (BARAKA, "Kikumbusho cha malipo cha Nyota", "5 Ago 10:42, ref ML",
             "Kusimamisha vikumbusho vya e-mail: piga *383#"),
        ],
    )  # fmt: skip
    async def test_they_say_what_the_sms_says(
        self, desk: Desk, person: str, subject: str, words_of: str, how_to_stop: str
    ) -> None:
        """In the customer's language, with a reference and the time; once, however often it is told."""
        await desk.chosen(person)
        await desk.told("remind.before", person)
        await desk.told("remind.before", person)

        (letter,) = await desk.letters()

        (sms,) = await desk.office.texts(person)
        assert letter["Subject"] == subject
        assert letter["To"] == "amina@post.example"
        assert letter["List-Unsubscribe"] is None
        assert sms in text(letter)
        assert words_of in text(letter)
        assert how_to_stop in text(letter)

    async def test_nothing_else_that_is_told_goes_by_mail(self, desk: Desk) -> None:
        """Receipts follow the books; codes never leave the phone."""
        await desk.chosen(AMINA)
        for template in ("account.code_old", "wallet.withdrawn", "alert.anything", "bulk.text"):
            async with desk.office.store.begin() as connection:
                await desk.office.shop.outbox.tell(connection, template, AMINA, AMINA, template, {})

        assert await desk.office.operations(beside_mail.KIND) == []

    async def test_nobody_gets_any_who_has_not_chosen_so(self, desk: Desk) -> None:
        """An address alone is no wish, and a wish alone no address."""
        async with desk.office.store.begin() as connection:
            await customers.changed(connection, AMINA, email="amina@post.example", email_verified_at=1)
            await records.wished(connection, AMINA, 1, receipts_by_mail=True)
            await customers.changed(connection, BARAKA, email="baraka@post.example")
            await records.wished(connection, BARAKA, 1, reminders_by_mail=True)

        await desk.told("remind.today", AMINA, "one")
        await desk.told("remind.today", BARAKA, "two")

        assert await desk.letters() == []
        assert await desk.office.operations(beside_mail.KIND) == []

    async def test_a_wish_counts_until_it_leaves(self, desk: Desk) -> None:
        """A STOP by SMS, another address, or a payment meanwhile."""
        for person, cause in ((AMINA, "one"), (BARAKA, "two")):
            await desk.chosen(person)
            await desk.told("remind.late", person, cause)
        async with desk.office.store.begin() as connection:
            await stops.stopped(connection, AMINA, "word", desk.office.clock())
            await customers.changed(connection, BARAKA, email="other@post.example", email_verified_at=None)

        assert await desk.letters() == []
        assert await desk.came_to() == [("rejected", UNWANTED), ("rejected", HOMELESS)]

    async def test_what_is_paid_by_then_is_not_spoken_of(self, desk: Desk) -> None:
        """The letter waited longer than the payment took."""
        await desk.chosen(AMINA)
        await desk.told("remind.today")
        desk.is_over = True

        assert await desk.letters() == []
        assert await desk.came_to() == [("rejected", "what it was about is over")]


class TestTheServer:
    async def test_a_refusal_is_kept_and_final(self, fresh_sqlite: str) -> None:
        """The SMS has gone by itself."""
        post = PostOffice(recipient="550 nobody here")
        async with opened(post) as settings, desk_on(fresh_sqlite, settings, post) as desk:
            await desk.chosen(AMINA)
            await desk.told("remind.today")
            await desk.office.settled()

            assert await desk.came_to() == [("rejected", "mail refused: 550")]
            assert len(desk.office.sms.sent) == 1

    async def test_one_that_is_away_holds_no_sms_and_is_left_alone(self, fresh_sqlite: str) -> None:
        """After the first who found it away the others do not try; what is too old is given up."""
        nowhere = Mail(host="127.0.0.1", port=1, tls="none", timeout_seconds=1.0)
        async with desk_on(fresh_sqlite, nowhere, PostOffice()) as desk:
            for number, person in enumerate((AMINA, BARAKA)):
                await desk.chosen(person)
                await desk.told("remind.today", person, str(number))
            await desk.office.drained()
            waiting = await desk.office.operations(beside_mail.KIND)
            sent = len(desk.office.sms.sent)
            desk.office.clock.turn(3 * DAY_MS)
            await desk.office.settled()

            assert sent == 2
            assert {row.state for row in waiting} == {"queued"}
            assert await desk.came_to() == [("rejected", "too late to be of use")] * 2

    async def test_an_answer_that_never_came_brings_the_same_letter_again(self, fresh_sqlite: str) -> None:
        """It may come twice, under one Message-ID; it is not lost."""
        post = PostOffice(hangs=True)
        async with opened(post) as slow:
            settings = slow.model_copy(update={"timeout_seconds": 0.1})
            async with desk_on(fresh_sqlite, settings, post) as desk:
                await desk.chosen(AMINA)
                await desk.told("remind.today")
                await desk.office.drained()
                in_doubt = await desk.came_to()
                post.hangs = False
                letters = await desk.letters()

                assert in_doubt == [("queued", "mail: SMTPReadTimeoutError while handing over")]
                assert len(letters) == 2
                assert len({letter["Message-ID"] for letter in letters}) == 1
                assert await desk.came_to() == [("done", "")]

    async def test_nobody_is_written_to_at_a_quiet_hour(self, fresh_sqlite: str) -> None:
        """As by SMS."""
        post, day = PostOffice(), Quiet(time(8), time(12))
        async with opened(post) as settings, desk_on(fresh_sqlite, settings, post, day) as desk:
            await desk.chosen(AMINA)
            await desk.told("remind.today")
            await desk.office.drained()
            before = len(post.letters)

            assert before == 0
            assert len(await desk.letters()) == 1


class TestCampaigns:
    async def test_a_letter_of_one_that_is_held_waits(self, desk: Desk) -> None:
        """Also one that was in the queue before; it leaves when the campaign goes on."""
        await desk.chosen(AMINA)
        intent = {
            "template": "bulk.text", "values": {"said": "New office"}, "language": "en", "campaign": "c1",
            "purpose": "notice",
        }  # fmt: skip
        async with desk.office.store.begin() as connection:
            await campaigns.made(
                connection, id="c1", reference="CP1", name="town", purpose="notice", texts={}, sender="", by_mail=True,
                state="paused", faults=[], created_by="jane", created_at=1, updated_at=1,
            )  # fmt: skip
            await desk.office.shop.outbox.put(connection, beside_mail.letter("c1:amina", AMINA, intent))
        await desk.office.drained()
        before = len(desk.post.letters)

        async with desk.office.store.begin() as connection:
            await campaigns.changed(connection, "c1", state="running")

        assert before == 0
        assert len(await desk.letters()) == 1


def person(**other: object) -> SimpleNamespace:
    return SimpleNamespace(
        **{"email": "a@b.example", "email_verified_at": 1, "state": "active", "offers": True, **other}
    )


class TestWhoGetsWhich:
    @pytest.mark.parametrize(
        ("intent", "who", "wishes", "is_stopped", "hindrance"),
        [
            ({}, person(), records.Wishes(reminders=True), False, ""),
            ({}, person(), records.Wishes(receipts=True), False, UNWANTED),
            ({}, person(), records.Wishes(reminders=True), True, UNWANTED),
            ({}, person(state="closed"), records.Wishes(reminders=True), False, HOMELESS),
            ({"campaign": "c", "purpose": "offer"}, person(), records.Wishes(), False, ""),
            ({"campaign": "c", "purpose": "offer"}, person(offers=False), records.Wishes(), False, UNWANTED),
            ({"campaign": "c", "purpose": "offer"}, person(offers=False), records.Wishes(), True, UNWANTED),
            ({"campaign": "c", "purpose": "offer"}, person(), records.Wishes(), True, ""),
            ({"campaign": "c", "purpose": "notice"}, person(offers=False), records.Wishes(), False, ""),
            ({"campaign": "c", "purpose": "notice"}, person(), records.Wishes(no_campaigns=True), False, UNWANTED),
            ({"campaign": "c", "purpose": "notice"}, person(), records.Wishes(), True, UNWANTED),
            ({"campaign": "c", "purpose": "notice"}, person(email_verified_at=None), records.Wishes(), False, HOMELESS),
        ],
    )  # fmt: skip
    def test_address_wish_and_stop_decide(
        self, intent: dict[str, str], who: SimpleNamespace, wishes: records.Wishes, is_stopped: bool, hindrance: str
    ) -> None:
        """In this order."""
        assert hindrance_of(intent, cast("Customer", who), wishes, is_stopped=is_stopped) == hindrance
