"""E-mail through a real server: what it takes, what it refuses, and what nobody knows."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.config import Mail
from gateway.errors import Rejected, Unavailable, Uncertain
from gateway.mail import Attachment, Away, Letter, Mailer
from tests.gateway.postoffice import PostOffice, opened

LETTER = Letter("op-1", "amina@post.example", "Statement", "Hello Amina,\n\nKsh 1,500\n", 1_790_000_000_000)


class TestSending:
    async def test_a_letter_arrives_as_written(self) -> None:
        """With an identity of its own, so that a mailbox may show it once."""
        office = PostOffice()
        async with opened(office) as settings:
            await Mailer(settings).send(LETTER)

        (letter,) = office.letters
        assert letter["To"] == "amina@post.example"
        assert letter["From"] == "no-reply@nyota.example"
        assert letter["Subject"] == "Statement"
        assert letter["Message-ID"] == "<op-1@nyota.example>"
        assert "Ksh 1,500" in str(letter.get_payload())

    async def test_a_link_to_stop_arrives_in_one_piece(self) -> None:
        """However long it is: mail programs make a button of it."""
        office, link = PostOffice(), f"https://nyota.example/u/{'7K2Q-_' * 20}"
        async with opened(office) as settings:
            await Mailer(settings).send(replace(LETTER, unsubscribe=link))

        assert dict(office.letters[0].raw_items())["List-Unsubscribe"] == f"<{link}>"
        assert office.letters[0]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

    async def test_what_is_attached_arrives_with_it(self) -> None:
        """With its name and kind, byte for byte."""
        office, file = PostOffice(), Attachment("statement.pdf", "application/pdf", b"%PDF-1.4 \x00\xff")
        async with opened(office) as settings:
            await Mailer(settings).send(replace(LETTER, attached=(file,)))

        body, attached = list(office.letters[0].walk())[1:]
        assert "Ksh 1,500" in str(body.get_payload())
        assert (attached.get_filename(), attached.get_content_type()) == ("statement.pdf", "application/pdf")
        assert attached.get_payload(decode=True) == file.content
        assert "PDF-1.4" not in repr(file)

    async def test_an_address_that_will_never_be_served_is_final(self) -> None:
        """No try more."""
        async with opened(PostOffice(recipient="550 nobody here")) as settings:
            with pytest.raises(Rejected) as refused:
                await Mailer(settings).send(LETTER)

        assert refused.value.code == "550"

    @pytest.mark.parametrize("office", [PostOffice(recipient="450 later"), PostOffice(data="451 later")])
    async def test_a_server_that_puts_it_off_has_not_taken_it(self, office: PostOffice) -> None:
        """It is tried again."""
        async with opened(office) as settings:
            with pytest.raises(Unavailable):
                await Mailer(settings).send(LETTER)

    async def test_a_refused_letter_is_final(self) -> None:
        """Said after the whole letter."""
        async with opened(PostOffice(data="554 no")) as settings:
            with pytest.raises(Rejected):
                await Mailer(settings).send(LETTER)

    async def test_no_answer_to_the_whole_letter_is_uncertain(self) -> None:
        """It may have been taken."""
        office = PostOffice(hangs=True)
        async with opened(office) as settings:
            with pytest.raises(Uncertain):
                await Mailer(settings).send(LETTER)

        assert len(office.letters) == 1

    @pytest.mark.parametrize(("hangs", "error"), [("connect", Away), ("sendmail", Uncertain)])
    async def test_a_server_that_is_slow_each_time_is_not_waited_for_on_and_on(
        self, hangs: str, error: type[Exception]
    ) -> None:
        """Each answer comes in time and there is no end of them: a worker would lose its lease over it."""

        class Slow(Mailer):
            def _client(self) -> Any:
                async def ends(*_: object) -> None: ...

                async def never_ends(*_: object) -> None:
                    await asyncio.Event().wait()

                steps = {"connect": ends, "sendmail": ends, hangs: never_ends}
                return SimpleNamespace(close=lambda: None, **steps)

        async with asyncio.timeout(5):
            with pytest.raises(error):
                await Slow(Mail(host="post.example", timeout_seconds=0.02)).send(LETTER)

    async def test_nobody_there_is_an_outage(self) -> None:
        """Provably nothing was sent."""
        async with opened(PostOffice()) as settings:
            pass
        with pytest.raises(Unavailable):
            await Mailer(settings).send(LETTER)

    async def test_encryption_is_insisted_on(self) -> None:
        """A server that cannot is not spoken to in the clear."""
        office = PostOffice()
        async with opened(office) as settings:
            with pytest.raises(Unavailable):
                await Mailer(settings.model_copy(update={"tls": "starttls"})).send(LETTER)

        assert office.letters == []


class TestLetters:
    def test_what_a_letter_says_is_in_no_repr(self) -> None:
        """So that it is in no log."""
        assert "1,500" not in repr(LETTER)
        assert "amina" not in repr(LETTER)

    def test_without_a_server_there_is_no_mail(self) -> None:
        """As it comes."""
        assert not Mailer(Mail()).is_there
        assert Mailer(Mail(host="mail.example")).is_there
