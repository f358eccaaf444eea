"""What finance does on a terminal: look at a statement, hand it in and watch it being read, have a day compared.

Looking needs no server. The rest is asked of a running gateway over HTTP, as an operator. Exit codes: 0 all is well, 1
it could not be done, 2 it was done and something is left for a person: rejected rows, findings, open mismatches.
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import aiohttp
from rich.console import Console
from rich.progress import Progress

from gateway.errors import Misconfigured, Rejected, Unavailable
from gateway.lending.fields import amount_text
from gateway.reconciling.desk import Seen
from gateway.statements.files import form_of, opened
from gateway.statements.line import Unreadable
from gateway.statements.pdf import decrypted

FINE, LEFT = 0, 2
POLL_SECONDS = 0.3
WAIT_SECONDS = 3_600.0
ADMITTING = "NYOTA_SERVER__OPS_TOKEN"
UNLOCKING = "X-Statement-Password"
COUNTS = ("total", "matched", "gapsFilled", "settled", "mismatched", "noted", "rejected")


@dataclass(frozen=True, slots=True)
class Gateway:
    """A running one, and the token of its operators."""

    url: str
    token: str = field(repr=False)


def gateway_at(url: str, data: Path) -> Gateway:
    """The token is in the environment, or where `nyota up` has written it. Raises Misconfigured."""
    token = os.environ.get(ADMITTING, "")
    file = data / "ops-token"
    if not token and file.exists():
        token = file.read_text(encoding="utf-8").strip()
    if not token:
        raise Misconfigured(f"no operator's token: set {ADMITTING}, or name the data folder of `nyota up` with --data")
    return Gateway(url.rstrip("/"), token)


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


async def upload(gateway: Gateway, path: Path, shortcode: str, password: str) -> int:
    """Hand a statement in and wait until it is read. Raises Rejected, Unavailable or Misconfigured."""
    console = Console()
    headers = {UNLOCKING: password} if password else {}
    query = {"name": path.name, **({"shortcode": shortcode} if shortcode else {})}
    try:
        with path.open("rb") as file:
            answer = await _asked(gateway, "POST", "/api/mpesa/statements", data=file, params=query, headers=headers)
    except OSError as error:
        raise Misconfigured(f"{path}: {error.strerror}") from error
    with _progress(console, answer.get("rowsAbout")) as shown:
        async with asyncio.timeout(WAIT_SECONDS):
            while answer["state"] == "reading":
                await asyncio.sleep(POLL_SECONDS)
                answer = await _asked(gateway, "GET", f"/api/mpesa/statements/{answer['id']}")
                shown(answer["rows"])
    if answer["state"] == "failed":
        raise Rejected(f"{path.name}: {answer['reason']}", "unreadable")
    for name in COUNTS:
        console.print(f"{name:<12}{answer[name]:>10}")
    _say(console, answer["findings"])
    return LEFT if answer["rejected"] or answer["mismatched"] or answer["findings"] else FINE


async def reconcile(gateway: Gateway, on: date | None) -> int:
    """Have a day compared and say what came of it. Raises as `upload` does."""
    console = Console()
    body = {"on": on.isoformat()} if on else {}
    asked = await _asked(gateway, "POST", "/api/reconciliation/mpesa", json=body)
    with _progress(console, None):
        async with asyncio.timeout(WAIT_SECONDS):
            answer = await _compared(gateway, asked["on"], asked["askedAt"])
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


async def _compared(gateway: Gateway, day: str, asked_at: str) -> Mapping[str, Any]:
    """The result that is not older than the asking."""
    while True:
        found = await _asked(gateway, "GET", f"/api/reconciliation/mpesa/{day}", missing={"at": ""})
        if found["at"] >= asked_at:
            return found
        await asyncio.sleep(POLL_SECONDS)


async def _asked(
    gateway: Gateway, method: str, path: str, *, missing: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None, **how: Any,
) -> Mapping[str, Any]:  # fmt: skip
    """`missing` is answered for a 404."""
    bearer = {"Authorization": f"Bearer {gateway.token}", **(headers or {})}
    try:
        async with (
            aiohttp.ClientSession() as http,
            http.request(method, f"{gateway.url}{path}", headers=bearer, **how) as response,
        ):
            answer = await response.json(content_type=None)
            status = response.status
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise Unavailable(f"{gateway.url} does not answer: {type(error).__name__}") from error
    if status == 404 and missing is not None:
        return missing
    if status >= 400:
        raise Rejected(str(answer.get("detail", status)), str(status))
    return dict(answer)


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
