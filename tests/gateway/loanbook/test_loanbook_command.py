"""`nyota loans` against a running gateway."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.clock import local_date
from gateway.desk.remote import Office, office
from gateway.errors import Misconfigured, Rejected, Unavailable
from gateway.loanbook import command
from tests.house import OPS_TOKEN, House


def book(folder: Path, day: str, status: str = "Active") -> Path:
    file = folder / f"{status}.csv"
    head = "Customer ID,Name,Phone,Product,Principal,Rate,Term,Disbursed Date,Status"
    file.write_text(f"{head}\nM-1,Asha Mwangi,0712000001,quick,2000,8,1,{day},{status}\n")
    return file


class TestUpload:
    async def test_a_book_goes_in_once(self, house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Shown, brought in, known the second time; what is wrong is said with row and column and ends with 1."""
        desk = Office(house.url, OPS_TOKEN)
        day = (local_date(house.gateway.clock()) - timedelta(days=3)).isoformat()
        good, bad = book(tmp_path, day), book(tmp_path, day, "asleep")

        async def run(file: Path, *, preview: bool = False) -> tuple[int, str]:
            code = await asyncio.to_thread(command.upload, desk, file, "jane", yes=True, preview=preview)
            return code, capsys.readouterr().out

        code, said = await run(bad)
        assert code == 1
        assert "row 2, Status (asleep): is none of" in said
        assert "are in the book" not in (await run(good, preview=True))[1]
        assert "1 loans are in the book" in (await run(good))[1]
        assert "in the book already" in (await run(good))[1]

        out = tmp_path / "par.csv"
        await asyncio.to_thread(command.report, desk, "par", "csv", out, {})
        assert "quick,1,0.00" in out.read_text()
        await asyncio.to_thread(command.report, desk, "par", "csv", out, {"on": day})
        assert "quick" not in out.read_text()

    async def test_what_does_not_answer_is_one_line(self, house: House) -> None:
        """No gateway there, a wrong token, a report that there is not, a workbook without a file."""
        with pytest.raises(Unavailable):
            await Office("http://127.0.0.1:1", OPS_TOKEN).fetched("/")
        with pytest.raises(Rejected):
            await Office(house.url, "other").fetched("/api/loans/reports/par")
        with pytest.raises(Misconfigured):
            command.report(Office(house.url, OPS_TOKEN), "par", "xlsx", None, {})


class TestTemplate:
    def test_it_is_written_in_the_form_of_its_name(self, tmp_path: Path) -> None:
        """And no other."""
        for name, start in (("a.csv", b"\xef\xbb\xbfCustomer ID"), ("a.XLSX", b"PK")):
            command.write_template(tmp_path / name)
            assert (tmp_path / name).read_bytes().startswith(start)
        with pytest.raises(Misconfigured):
            command.write_template(tmp_path / "a.pdf")


class TestOffice:
    def test_the_token_is_where_the_machine_keeps_it(self, tmp_path: Path) -> None:
        """Without one anywhere, the key is named."""
        with pytest.raises(Misconfigured, match="ops_token"):
            office(None, tmp_path, None)
        (tmp_path / "ops-token").write_text("abc\n")

        assert office(None, tmp_path, "http://127.0.0.1:1") == Office("http://127.0.0.1:1", "abc")
