"""Statements and receipts over HTTP: for operators, and for whoever holds a link."""

import asyncio
import csv
import io
import re
from datetime import date
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
import pytest
from pypdf import PdfReader
from python_calamine import CalamineWorkbook
from sqlalchemy import select, update

from gateway.books import accounts as chart
from gateway.books.entry import Entry, Line
from gateway.demo import PEOPLE
from gateway.papers.tables import paper_links
from gateway.store.tables import customers
from gateway.web.papers import asked_of
from tests.gateway.playbooks.street import AMINA, BARAKA, LOAN, PIN, dialled, part_from_wallet
from tests.house import OPS_TOKEN, House, Houses
from tests.servers import wait_until

WALLET, SAVINGS = f"/api/wallet/{AMINA}/statement", f"/api/savings/{AMINA}/statement"
LAST_DIGITS = "6789"


async def fetched(house: House, path: str) -> tuple[aiohttp.ClientResponse, bytes]:
    async with house.http.get(f"{house.url}{path}", headers={"Authorization": f"Bearer {OPS_TOKEN}"}) as response:
        return response, await response.read()


def text_of(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


async def moved_about(house: House) -> None:
    """Amina sends twice, saves once and repays a part from her wallet."""
    for answers in (("6", "3", "0711000002", "100"), ("6", "3", "0711000002", "250"), ("7", PIN, "2", "300")):
        await dialled(house, *answers, PIN)
        await house.settled()
    await dialled(house, *part_from_wallet(200))
    await house.settled()


class TestStatements:
    async def test_balances_run_from_opening_to_closing(self, houses: Houses) -> None:
        """Line by line, on both engines, page after page, and the same totals on each page."""
        house = await houses.build(papers={"page": 2})
        await moved_about(house)
        pages = [(await house.ops("GET", f"{WALLET}?page={number}"))[1] for number in (1, 2, 3, 4)]
        lines = [line for page in pages for line in page["transactions"]]

        assert [(page["count"], page["pages"], page["closing"]) for page in pages] == [(5, 3, "4150.00")] * 4
        assert [line["amount"] for line in lines] == ["5000.00", "-100.00", "-250.00", "-300.00", "-200.00"]
        assert [line["balance"] for line in lines] == ["5000.00", "4900.00", "4650.00", "4350.00", "4150.00"]
        assert [line["description"] for line in lines[1:]] == [
            "Sent to BARAKA O.", "Sent to BARAKA O.", "To savings", f"Repayment of loan {LOAN}",
        ]  # fmt: skip
        assert (pages[0]["opening"], pages[0]["in"], pages[0]["out"]) == ("0.00", "5000.00", "850.00")

    async def test_some_kinds_some_days_and_what_is_held(self, house: House) -> None:
        """Filters choose lines; totals stay those of the account."""
        await moved_about(house)
        _, some = await house.ops("GET", f"{WALLET}?type=person,loan")
        _, before = await house.ops("GET", f"{WALLET}?from=2020-01-01&to=2020-01-31")
        _, held = await house.ops("GET", f"{WALLET}?status=held")
        _, saved = await house.ops("GET", f"{SAVINGS}?type=in")

        assert [line["kind"] for line in some["transactions"]] == ["person", "person", "loan"]
        assert (some["count"], some["closing"]) == (3, "4150.00")
        assert (before["transactions"], before["closing"]) == ([], "0.00")
        assert held["transactions"] == []
        assert [line["amount"] for line in saved["transactions"]] == ["1200.00", "300.00"]

    async def test_it_comes_as_pdf_csv_and_xlsx(self, house: House) -> None:
        """Each says the same; none may be kept on the way."""
        await moved_about(house)
        answer, content = await fetched(house, f"{WALLET}?format=pdf")
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.content_type == "application/pdf"
        text = text_of(content)
        assert all(words in text for words in ("AMINA WANJIRU", "KES 4,150.00", "Sent to BARAKA O."))

        answer, content = await fetched(house, f"{WALLET}?format=csv")
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
        assert [row[-1] for row in rows[1:]] == [
            "0.00", "5000.00", "4900.00", "4650.00", "4350.00", "4150.00", "4150.00",
        ]  # fmt: skip

        answer, content = await fetched(house, f"{WALLET}?format=xlsx")
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
        assert sheet[-1][-1] == 4150.0

    async def test_a_loan_shows_its_schedule_and_the_parts_of_each_repayment(self, house: House) -> None:
        """What was charged less what was paid is what is left to pay."""
        await moved_about(house)
        _, answer = await house.ops("GET", f"/api/loans/{LOAN}/statement")

        assert [line["kind"] for line in answer["transactions"]] == ["paid_out", "interest_agreed", "repaid"]
        assert [line["balance"] for line in answer["transactions"]] == ["2000.00", "2160.00", "1960.00"]
        assert answer["transactions"][-1]["parts"] == {
            "principal": "-40.00", "interest": "-160.00", "fee": "0.00", "penalty": "0.00",
        }  # fmt: skip
        assert answer["closing"] == answer["owed"] == answer["schedule"][0]["outstanding"] == "1960.00"
        _, content = await fetched(house, f"/api/loans/{LOAN}/statement?format=pdf")
        assert "Repayment schedule" in text_of(content)
        _, content = await fetched(house, f"/api/loans/{LOAN}/statement?format=csv")
        assert content.decode("utf-8-sig").splitlines()[-1].endswith(",1960.00")

    async def test_what_is_too_long_for_its_kind_is_refused_with_another_way(self, houses: Houses) -> None:
        """CSV has no such end."""
        house = await houses.build(works=False, papers={"pdf_lines_most": 10})
        await _many(house, 40)
        response, content = await fetched(house, f"{WALLET}?format=pdf")
        _, table = await fetched(house, f"{WALLET}?format=csv")

        assert response.status == 422
        assert b"too-many-lines" in content
        assert b"format=csv" in content
        assert len(table.decode().splitlines()) == 1 + 1 + 41 + 1

    @pytest.mark.parametrize(
        "query",
        [
            "format=doc",
            "type=gold",
            "status=lost",
            "page=0",
            "page=x",
            "from=2026-02-30",
            "from=2026-03-01&to=2026-02-01",
            "from=2001-01-01&to=2026-01-01",
            "from=0001-01-01",
        ],
    )
    def test_what_is_asked_wrongly_is_said(self, query: str) -> None:
        """With the name of the field."""
        with pytest.raises(ValueError, match=f"^{query.partition('=')[0]}: "):
            asked_of(dict(parse_qsl(query)), date(2026, 11, 21), 1_830)

    async def test_a_mistake_is_a_problem(self, house: House) -> None:
        """As all of them are."""
        status, answer = await house.ops("GET", f"{WALLET}?format=doc")

        assert (status, answer["type"]) == (422, "urn:nyota:problem:invalid")

    async def test_only_operators_may_ask(self, house: House) -> None:
        """And nobody has a statement who is not there."""
        for path in (WALLET, SAVINGS, f"/api/loans/{LOAN}/statement", "/api/papers/AAAA", "/api/papers/receipt/AAAA"):
            async with house.http.get(f"{house.url}{path}") as response:
                assert response.status == 401, path
        assert (await house.ops("GET", "/api/wallet/0799999999/statement"))[0] == 404
        assert (await house.ops("GET", "/api/loans/LNXXXXX/statement"))[0] == 404


class TestChecking:
    async def test_a_code_says_what_its_paper_must_show(self, house: House) -> None:
        """Typed as people type codes; a code that we never gave is none."""
        _, content = await fetched(house, f"{WALLET}?format=pdf")
        found = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", text_of(content))
        assert found
        status, answer = await house.ops("GET", f"/api/papers/{found[0].lower().replace('-', ' ')}")

        assert status == 200
        assert (answer["kind"], answer["holder"], answer["closing"]) == ("wallet", "Amina Wanjiru", "5000.00")
        assert (await house.ops("GET", "/api/papers/0000-0000-0000"))[0] == 404


class TestReceipts:
    async def test_each_side_of_a_transfer_has_its_own(self, house: House) -> None:
        """What left the one came to the other; nobody sees the other's balance."""
        await dialled(house, "6", "3", "0711000002", "100", PIN)
        await house.settled()
        (sent,) = await house.operations("wallet.send")
        _, mine = await fetched(house, f"/api/papers/receipt/{sent.reference}")
        _, theirs = await fetched(house, f"/api/papers/receipt/{sent.reference}?phone={BARAKA}")

        assert all(words in text_of(mine) for words in ("Money sent", "KES 100.00", "4,900.00", sent.reference))
        assert all(words in text_of(theirs) for words in ("Pesa zilizopokelewa", "AMINA W.", "12,100.00"))
        assert "12,100" not in text_of(mine)

    async def test_what_moved_nothing_has_none(self, house: House) -> None:
        """Nor has a reference that is none."""
        await dialled(house, "8", "2", "2")
        (done,) = await house.operations("language.set")

        assert (await house.ops("GET", f"/api/papers/receipt/{done.reference}"))[0] == 404
        assert (await house.ops("GET", "/api/papers/receipt/XX00000"))[0] == 404


class TestLinks:
    async def test_a_link_asks_for_the_end_of_the_id_and_shows_the_statement(self, house: House) -> None:
        """It comes by SMS; its address is in no row of ours."""
        link = await _linked(house)
        async with house.http.get(link) as page:
            asked = await page.text()
            assert (page.status, page.headers["Cache-Control"]) == (200, "no-store")
        async with house.http.post(link, data={"digits": LAST_DIGITS}) as answer:
            content = await answer.read()
            assert answer.headers["Referrer-Policy"] == "no-referrer"

        assert "Last 4 digits of your national ID" in asked
        assert "Tarakimu 4 za mwisho" in asked
        text = text_of(content)
        assert all(words in text for words in ("Statement of accounts", "AMINA WANJIRU", f"Loan {LOAN}"))
        token = link.rpartition("/")[2]
        (row,) = [row for row in await house.operations("sms.send") if row.intent["template"] == "account.link"]
        assert token not in str(row.intent) + str(row.data)
        assert token not in str(await house.texts(AMINA))

    async def test_a_wrong_answer_and_a_link_that_is_none_or_over_look_the_same(self, house: House) -> None:
        """Nothing says which of them was wrong."""
        link = await _linked(house)
        nobodys = link[:-4] + "AAAA"
        wrong = await _tried(house, link, "0000")
        assert await _tried(house, nobodys, LAST_DIGITS) == wrong
        assert await _tried(house, link, "67890") == wrong
        async with house.gateway.store.begin() as connection:
            await connection.execute(update(paper_links).values(expires_at=1))

        assert wrong[0] == 403
        assert await _tried(house, link, LAST_DIGITS) == wrong

    async def test_a_few_wrong_answers_close_it(self, houses: Houses) -> None:
        """Also when they come at the same time; then the right one does not open it either."""
        house = await houses.build(papers={"link_tries": 2})
        link = await _linked(house)
        await asyncio.gather(*(_tried(house, link, f"000{number}") for number in range(6)))

        assert (await _tried(house, link, LAST_DIGITS))[0] == 403
        async with house.gateway.store.read() as connection:
            assert (await connection.execute(select(paper_links.c.tries_left))).scalar_one() == 0

    async def test_it_opens_a_few_times_only(self, houses: Houses) -> None:
        """Also for several at the same time. Looking at the question costs nothing."""
        house = await houses.build(papers={"link_opens": 2})
        link = await _linked(house)
        for _ in range(3):
            async with house.http.get(link) as page:
                assert page.status == 200
        found = await asyncio.gather(*(_tried(house, link, LAST_DIGITS) for _ in range(5)))

        assert sorted(status for status, _ in found) == [200, 200, 403, 403, 403]

    async def test_one_that_is_over_before_it_leaves_is_not_sent(self, houses: Houses) -> None:
        """A link that opens nothing only worries people."""
        house = await houses.build(works=False)
        await dialled(house, "8", "5", PIN, "5", "1")
        async with house.gateway.store.begin() as connection:
            await connection.execute(update(paper_links).values(expires_at=1))
        await house.gateway.worker.drain()

        (row,) = [row for row in await house.operations("sms.send") if row.intent["template"] == "account.link"]
        assert row.state == "rejected"
        assert await house.outside.messages(AMINA) == []

    async def test_no_more_than_a_few_a_day(self, houses: Houses) -> None:
        """Each costs an SMS; with none a day none is offered."""
        house = await houses.build(works=False, papers={"links_a_day": 1})
        await dialled(house, "8", "5", PIN, "5", "1")

        assert "You have asked for links often enough today." in await dialled(house, "8", "5", PIN, "5")

    async def test_whoever_is_gone_has_none(self, house: House) -> None:
        """A closed or paused account answers as if the digits were wrong."""
        link = await _linked(house)
        async with house.gateway.store.begin() as connection:
            await connection.execute(update(customers).where(customers.c.msisdn == AMINA).values(state="inactive"))

        assert (await _tried(house, link, LAST_DIGITS))[0] == 403


async def _linked(house: House) -> str:
    """Amina asks for a link; the address that her phone gets."""
    screen = await dialled(house, "8", "5", PIN, "5", "1")
    assert "The link to your statement comes by SMS" in screen, screen
    found: list[str] = []

    async def has_come() -> bool:
        texts = [message.text for message in await house.outside.messages(AMINA)]
        found[:] = [each[0] for text in texts if (each := re.search(r"http://\S+/s/\w{22}", text))]
        return bool(found)

    await wait_until(has_come)
    return found[-1]


async def _tried(house: House, link: str, digits: str) -> tuple[int, Any]:
    async with house.http.post(link, data={"digits": digits}) as answer:
        content = await answer.read()
        return answer.status, content if answer.status == 403 else None


async def _many(house: House, count: int) -> None:
    """So many small movements on Amina's wallet."""
    wallet = chart.wallet(PEOPLE[0].id)
    async with house.gateway.store.begin() as connection:
        for place in range(count):
            lines = (Line(chart.OPENING, 100), Line(wallet, -100))
            await house.gateway.books.post(
                connection, Entry(f"gift{place}", "gift", "Gift", lines), house.gateway.clock()
            )
