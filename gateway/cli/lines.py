"""`nyota lines`: other phones that pay for a customer. Asks a running gateway with the operators' token."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer

from gateway.cli.options import AsJson, By, ConfigFile, Data, Desk, Why

lines = typer.Typer(help="Other phones that pay for a customer: see them, take one away.", no_args_is_help=True)

Phone = Annotated[str, typer.Argument(help="The customer's phone.")]
Reference = Annotated[str, typer.Argument(help="Which line: the reference that `list` shows, LK7K2QD.")]


@lines.command("list")
def list_lines(
    phone: Phone,
    by: By,
    as_json: AsJson = False,
    url: Desk = None,
    config: ConfigFile = None,
    data: Data = Path("var"),
) -> None:
    """Those that are linked to a customer, the oldest first. That you looked is on record."""
    from gateway.desk.remote import office

    asked = f"{_path(phone)}?{urlencode({'by': by})}"
    found = json.loads(asyncio.run(office(config, data, url).fetched(asked)))
    typer.echo(json.dumps(found) if as_json else "\n".join(_shown(found)))


@lines.command("remove")
def remove_line(
    phone: Phone,
    reference: Reference,
    by: By,
    why: Why,
    url: Desk = None,
    config: ConfigFile = None,
    data: Data = Path("var"),
) -> None:
    """What it pays counts as the customer's no more; they are told by SMS."""
    from gateway.desk.remote import office

    path = f"{_path(phone)}/{quote(reference, safe='')}/remove"
    found = asyncio.run(office(config, data, url).asked(path, {"by": by, "reason": why}))
    typer.echo("\n".join([f"{reference.upper()}: removed, {found['phone']} is told.", *_shown(found)]))


def _path(phone: str) -> str:
    return f"/api/customers/{quote(phone, safe='')}/lines"


def _shown(found: Mapping[str, Any]) -> Iterable[str]:
    rows = [f"{line['reference']}  {line['phone']}  since {line['since']}" for line in found["lines"]]
    return rows or [f"No other phone pays for {found['phone']}."]
