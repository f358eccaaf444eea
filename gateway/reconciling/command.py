"""What finance does on a terminal: look at a statement, hand it in and watch it being read, have a day compared.

Looking needs no server. The rest is asked of a running gateway over HTTP, as an operator. Exit codes: 0 all is well, 1
it could not be done, 2 it was done and something is left for a person: rejected rows, findings, open mismatches.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from gateway.desk.remote import Office
from gateway.errors import Misconfigured, Rejected
from gateway.lending.fields import amount_text
from gateway.reconciling.desk import Seen
from gateway.statements.files import form_of, opened
from gateway.statements.line import Unreadable
from gateway.statements.pdf import decrypted

FINE, LEFT = 0, 2
POLL_SECONDS = 0.3
WAIT_SECONDS = 3_600.0
NOT_FOUND = "404"
UNLOCKING = "X-Statement-Password"
COUNTS = ("total", "matched", "gapsFilled", "settled", "mismatched", "noted", "rejected")


def preview(path: Path, password: str, *, folder: Path) -> int:
    """Read a statement here and say what is in it. `folder` is for what an encrypted one becomes."""
    console = Console()
    try:
        if form_of(path) == "pdf":
            plain = folder / path.name
            plain.write_bytes(decrypted(path, password))
            path = plain
        statement = opened(path, path.name)
        seen, count = Seen(), 0
        with Progress(console=console, transient=True) as progress:
            task = progress.add_task("reading", total=None)
            for row in statement:
                count += 1
                seen.add([row])
                progress.update(task, completed=count, description=f"{count} rows")
    except Unreadable as error:
        raise Rejected(f"{path.name}: {error}", "unreadable") from error
    except OSError as error:
        raise Misconfigured(f"{path}: {error.strerror}") from error
    head = statement.head
    console.print(f"{path.name}: shortcode {head.shortcode or 'not said'}, {head.account or 'account not said'}")
    console.print(f"columns: {', '.join(statement.columns)}")
    for name, (rows, cents) in sorted(seen.kinds.items()):
        console.print(f"{name:<15}{rows:>10}{amount_text(cents):>20}")
    for name, rows in seen.unmapped.items():
        console.print(f"  unmapped: {name} ({rows})", markup=False)
    for each in seen.rejected:
        console.print(f"row {each.number}: {each.column} {each.reason}", markup=False)
    _say(console, statement.findings())
    return LEFT if statement.rejected or seen.unmapped or statement.findings() else FINE


async def upload(desk: Office, path: Path, shortcode: str, password: str) -> int:
    """Hand a statement in and wait until it is read. Raises Rejected, Unavailable or Misconfigured."""
    console = Console()
    headers = {UNLOCKING: password} if password else {}
    query = {"name": path.name, **({"shortcode": shortcode} if shortcode else {})}
    try:
        with path.open("rb") as file:
            answer = await desk.called("POST", "/api/mpesa/statements", data=file, params=query, headers=headers)
    except OSError as error:
        raise Misconfigured(f"{path}: {error.strerror}") from error
    with _progress(console, answer.get("rowsAbout")) as shown:
        async with asyncio.timeout(WAIT_SECONDS):
            while answer["state"] == "reading":
                await asyncio.sleep(POLL_SECONDS)
                answer = await desk.called("GET", f"/api/mpesa/statements/{answer['id']}")
                shown(answer["rows"])
    if answer["state"] == "failed":
        raise Rejected(f"{path.name}: {answer['reason']}", "unreadable")
    for name in COUNTS:
        console.print(f"{name:<12}{answer[name]:>10}")
    _say(console, answer["findings"])
    return LEFT if answer["rejected"] or answer["mismatched"] or answer["findings"] else FINE


async def reconcile(desk: Office, on: date | None) -> int:
    """Have a day compared and say what came of it. Raises as `upload` does."""
    console = Console()
    body = {"on": on.isoformat()} if on else {}
    asked = await desk.called("POST", "/api/reconciliation/mpesa", json=body)
    with _progress(console, None):
        async with asyncio.timeout(WAIT_SECONDS):
            answer = await _compared(desk, asked["on"], asked["askedAt"])
    pending = 0
    for each in answer["shortcodes"]:
        theirs, ours, found = each["statement"], each["books"], each["mismatches"]
        covered = "covered" if each["covered"] else "no statement of the whole day"
        console.print(f"{each['shortcode']} on {answer['on']}: {covered}")
        for name in ("paidIn", "paidOut"):
            line = f"  {name:<8} M-PESA {theirs[name]['amount']:>16}   ours {ours[name]['amount']:>16}"
            console.print(f"{line}   {each['difference'][name]:>14}")
        balances = f"M-PESA {theirs['closing'] or '-':>16}   ours {ours['closing']:>16}"
        console.print(f"  {'closing':<8} {balances}   {each['difference']['closing'] or '-':>14}")
        console.print(f"  open {found['pending']}, new {found['new']}, healed {found['healed']}")
        pending += found["pending"]
    return LEFT if pending else FINE


async def _compared(desk: Office, day: str, asked_at: str) -> Mapping[str, Any]:
    """The result that is not older than the asking."""
    while True:
        try:
            found = await desk.called("GET", f"/api/reconciliation/mpesa/{day}")
        except Rejected as refusal:
            if refusal.code != NOT_FOUND:
                raise
        else:
            if found["at"] >= asked_at:
                return found
        await asyncio.sleep(POLL_SECONDS)


@contextmanager
def _progress(console: Console, total: int | None) -> Any:
    """A bar; without a total it only moves."""
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("reading", total=total)

        def shown(rows: int) -> None:
            progress.update(task, completed=rows, description=f"{rows} rows")

        show: Callable[[int], None] = shown
        yield show


def _say(console: Console, findings: list[str]) -> None:
    for finding in findings:
        console.print(f"! {finding}", markup=False)
