"""What `nyota loans` does: the empty table, bringing a loan book, and reports, from a terminal."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import typer

from gateway.desk.remote import Office
from gateway.errors import Misconfigured
from gateway.loanbook import template
from gateway.terminal import printable

ERRORS_SHOWN = 50
FORMS = ("csv", "xlsx", "json")
REPORTS = ("ageing", "par", "kpis", "collections")


def write_template(out: Path) -> None:
    """Raises Misconfigured for a name that says neither form."""
    made = {".csv": template.as_csv, ".xlsx": template.as_xlsx}.get(out.suffix.lower())
    if made is None:
        raise Misconfigured(f"{out}: name it .csv or .xlsx")
    out.write_bytes(made())
    typer.echo(f"Written: {out}")


def upload(desk: Office, file: Path, by: str, *, yes: bool, preview: bool) -> int:
    """Show what a loan book comes to, and bring it in when somebody says so. The exit code: 1 when it is refused."""
    found = asyncio.run(desk.brought(file.read_bytes(), file.name, by))
    _show(found)
    if found["errors"]:
        return 1
    if found["state"] == "imported":
        typer.echo(f"It is in the book already, since {found['importedAt']}, by {found['importedBy']}.")
    elif not preview and (yes or typer.confirm("Bring it in?")):
        with typer.progressbar(length=found["loans"], label="Bringing in") as bar:
            done = asyncio.run(desk.imported(found["id"], by, lambda number, of: bar.update(number - bar.pos)))
            bar.update(found["loans"] - bar.pos)
        typer.echo(f"{done['loans']} loans are in the book. Prove it: nyota books check")
    return 0


def report(desk: Office, name: str, form: str, out: Path | None, days: Mapping[str, str]) -> None:
    """Raises Misconfigured, Rejected for what there is not."""
    if name not in REPORTS:
        raise Misconfigured(f"{name}: one of {', '.join(REPORTS)}")
    if form not in FORMS or (form == "xlsx" and out is None):
        raise Misconfigured(f"--format: one of {', '.join(FORMS)}; a workbook needs --out")
    query = urlencode({"format": form, **days})
    content = asyncio.run(desk.fetched(f"/api/loans/reports/{name}?{query}"))
    if out is None:
        typer.echo(content.decode("utf-8-sig"), nl=not content.endswith(b"\n"))
    else:
        out.write_bytes(content)


def _show(found: dict[str, Any]) -> None:
    """What a loan book comes to, and what is wrong with it."""
    for error in found["errors"][:ERRORS_SHOWN]:
        value = f" ({printable(error['value'])})" if error["value"] else ""
        typer.echo(f"row {error['row']}, {printable(error['column'])}{value}: {error['message']}")
    if (more := len(found["errors"]) - ERRORS_SHOWN) > 0:
        typer.echo(f"... and {more} more: GET /api/loans/uploads/{found['id']}?format=csv")
    totals, people = found["totals"], found["customers"]
    typer.echo(f"{found['loans']} good loans of {people['known']} customers and {people['new']} new people.")
    typer.echo(f"Lent {totals['principal']}, paid {totals['paid']}, penalties owed {totals['penalties']}.")
    typer.echo(f"Opening balance: {totals['openingPrincipal']} principal, {totals['openingInterest']} interest.")
