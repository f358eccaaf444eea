"""A million rows of CSV (or workbook): written, read into a database, and the memory that took, printed.

    python -m tests.gateway.statements.million            1,000,000 rows of CSV
    python -m tests.gateway.statements.million 50000 xlsx

Every ten thousandth row is a payment of a customer, the others are charges: it is reading that is measured. It runs in
a process of its own, so that writing the file is not in its figures.
"""

import asyncio
import csv
import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import xlsxwriter

from gateway.clock import EAT
from gateway.reconciling.desk import Handed
from gateway.store.migrate import migrate
from tests.gateway.rails_flow.office import office_on
from tests.gateway.reconciling.conftest import finance_of
from tests.gateway.statements.exports import CLASSIC, PREAMBLE, Row

START = datetime(2026, 1, 1, tzinfo=EAT)
PAYMENTS_EVERY = 10_000


def rows(count: int) -> Iterator[Row]:
    """Oldest first; they add up."""
    balance = 1_000_000
    for number in range(count):
        at = (START + timedelta(seconds=number)).strftime("%d-%m-%Y %H:%M:%S")
        receipt = f"UA{number:08}"
        if number % PAYMENTS_EVERY == 0:
            balance += 100
            details = "Pay Bill from 25471****001 - AMINA **** TEST Acc. 0711000001"
            yield (
                receipt, at, at, details, "Completed", "100.00", "", f"{balance:,}.00", "true", "Pay Utility",
                "25471****001 - AMINA **** TEST", "", "0711000001",
            )  # fmt: skip
        else:
            balance -= 1
            yield (
                receipt, at, at, "Pay Bill Charge", "Completed", "", "-1.00", f"{balance:,}.00", "true",
                "Pay Bill Charge", "SP", "", "",
            )  # fmt: skip


def written(path: Path, count: int) -> None:
    """The file, by its name's ending; it says of which shortcode it is and nothing else."""
    every = (PREAMBLE[1], CLASSIC)
    if path.suffix == ".xlsx":
        with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
            sheet = book.add_worksheet("transaction")
            for place, cells in enumerate((*every, *rows(count))):
                sheet.write_row(place, 0, cells)
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerows(every)
        writer.writerows(rows(count))


def handed(path: Path) -> Handed:
    digest, lines = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
            lines += block.count(b"\n")
    return Handed(path, path.name, digest.hexdigest(), path.stat().st_size, lines)


async def read(file: Handed) -> dict[str, object]:
    """Hand it in and work until it is read; what it came to, how long it took, and the most memory there was."""
    path = file.path
    url = f"sqlite+aiosqlite:///{path.parent / 'nyota.db'}"
    await migrate(url)
    async with office_on(url) as office:
        finance = finance_of(office, path.parent, rows_at_once=200)
        began = time.perf_counter()
        upload, _ = await finance.desk.accept(file)
        while (await finance.upload(upload.id)).state == "reading":
            await office.drained()
        done = await finance.upload(upload.id)
        seconds = time.perf_counter() - began
    most_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "bytes": file.bytes, "seconds": round(seconds, 1), "peakMb": round(most_mb, 1), "state": done.state,
        "total": done.counts.total, "gapsFilled": done.counts.gaps_filled, "noted": done.counts.noted,
        "findings": list(done.findings),
    }  # fmt: skip


def measured(count: int, form: str = "csv") -> dict[str, object]:
    """All of it, the reading in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="nyota-million-") as folder:
        path = Path(folder) / f"statement.{form}"
        written(path, count)
        command = [sys.executable, "-m", "tests.gateway.statements.million", "--read", str(path)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return dict(json.loads(done.stdout.splitlines()[-1]))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--read"]:
        print(json.dumps(asyncio.run(read(handed(Path(sys.argv[2]))))))
    else:
        print(json.dumps(measured(int(sys.argv[1]) if sys.argv[1:] else 1_000_000, *sys.argv[2:3])))
