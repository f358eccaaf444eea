"""Papers by e-mail: statements as PDF, and receipts beside those by SMS for who wants them."""

import io
from email.message import Message

from pypdf import PdfReader

from gateway.papers import records
from gateway.playbooks.papers import owners
from gateway.store import customers
from tests.gateway.playbooks.street import BARAKA, LOAN, PIN, dialled, part, part_from_wallet
from tests.gateway.postoffice import PostOffice, opened
from tests.house import House, Houses
from tests.servers import wait_until

MENU = ("8", "5", PIN)


def attached(letter: Message) -> str:
    """The text of the PDF that came with it."""
    (part,) = [part for part in letter.walk() if part.get_content_type() == "application/pdf"]
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


async def proved(house: House, phone: str, address: str) -> None:
    """Somebody whose address has been confirmed."""
    async with house.gateway.store.begin() as connection:
        person = await customers.on_line(connection, phone)
        assert person is not None
        await customers.changed(connection, person.id, email=address, email_verified_at=1)


async def wishes(house: House, phone: str) -> None:
    async with house.gateway.store.begin() as connection:
        person = await customers.on_line(connection, phone)
        assert person is not None
        await records.wished(connection, person.id, 1, receipts_by_mail=True)


class TestStatements:
    async def test_a_statement_comes_as_pdf(self, houses: Houses) -> None:
        """Wallet, savings and running loans; only its kind of letter says so."""
        office = PostOffice()
        async with opened(office) as mail:
            house = await houses.build(mail=mail.model_dump())
            await proved(house, "+254711000001", "amina@post.example")
            screen = await dialled(house, *MENU, "2", "1")
            await wait_until(lambda: office.letters)

        assert "Your statement goes to a***@post.example now." in screen
        text = attached(office.letters[0])
        assert all(words in text for words in ("Statement of accounts", "KES 5,000.00", "KES 1,200.00", f"Loan {LOAN}"))


class TestReceipts:
    async def test_they_follow_money_for_whoever_asked_for_them(self, houses: Houses) -> None:
        """From the phone; each side of a transfer gets its own, in its own language; stopped, they stop."""
        office = PostOffice()
        async with opened(office) as mail:
            house = await houses.build(mail=mail.model_dump())
            await proved(house, "+254711000001", "amina@post.example")
            await proved(house, BARAKA, "baraka@post.example")
            await wishes(house, BARAKA)
            assert "From now on receipts go to a***@post.example too." in await dialled(house, *MENU, "6", "1")
            await dialled(house, "6", "3", "0711000002", "100", PIN)
            await house.settled()
            assert "No more receipts by e-mail." in await dialled(house, *MENU, "6", "1")
            await dialled(house, *part_from_wallet(200))
            await house.settled()

        letters = {letter["To"]: letter for letter in office.letters}
        assert len(office.letters) == 2
        assert letters["amina@post.example"]["Subject"].startswith("Nyota receipt SN")
        assert "4,900.00" in attached(letters["amina@post.example"])
        assert letters["baraka@post.example"]["Subject"].startswith("Risiti ya Nyota SN")
        assert "12,100.00" in attached(letters["baraka@post.example"])

    async def test_a_loans_owner_is_told_of_money_from_outside(self, houses: Houses) -> None:
        """Money that M-PESA brings for a loan touches nobody's wallet."""
        office = PostOffice()
        async with opened(office) as mail:
            house = await houses.build(mail=mail.model_dump())
            await proved(house, "+254711000001", "amina@post.example")
            await wishes(house, "+254711000001")
            await dialled(house, *part(200))
            await house.settled()

        (letter,) = office.letters
        assert letter["To"] == "amina@post.example"
        assert f"Repayment of loan {LOAN}" in attached(letter)
        assert "-200.00" in attached(letter)

    def test_accounts_say_whose_they_are(self) -> None:
        """People by their accounts, loans by theirs; the house's own are nobody's."""
        keys = (
            "wallet:amina",
            "savings:amina",
            "loan.principal:l1",
            "loan.interest:l1",
            "peer.interest:l2",
            "income.fees",
        )

        assert owners(keys) == ({"amina"}, {"l1", "l2"})
