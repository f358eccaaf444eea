"""`nyota statements` and `nyota reconcile`: the organisation's M-PESA statements, and a day compared with them."""

import asyncio
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import DAY, ConfigFile, Data, Desk, Password

statements = typer.Typer(help="The organisation's M-PESA statements.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(help="The statement: CSV, XLSX or PDF.", exists=True, dir_okay=False)]


@statements.command("preview")
def statements_preview(file: File, password: Password = False) -> None:
    """Read a statement and say what is in it. Needs no server. Exit 2 when something in it is not understood."""
    from gateway.reconciling.command import preview

    with tempfile.TemporaryDirectory(prefix="nyota-") as folder:
        raise typer.Exit(preview(file, _asked(wanted=password), folder=Path(folder)))


@statements.command("upload")
def statements_upload(
    file: File,
    shortcode: Annotated[str, typer.Option(help="Whose statement it is, where the file does not say.")] = "",
    password: Password = False,
    url: Desk = None,
    config: ConfigFile = None,
    data: Data = Path("var"),
) -> None:
    """Hand a statement in and watch it being read. Exit 2 when something is left for a person."""
    from gateway.desk.remote import office
    from gateway.reconciling.command import upload

    desk = office(config, data, url)
    raise typer.Exit(asyncio.run(upload(desk, file, shortcode, _asked(wanted=password))))


def reconcile(
    on: Annotated[datetime | None, typer.Option(formats=DAY, help="The day; default: yesterday.")] = None,
    url: Desk = None,
    config: ConfigFile = None,
    data: Data = Path("var"),
) -> None:
    """Have a day compared with M-PESA and say what came of it. Exit 2 when something is left for a person."""
    from gateway.desk.remote import office
    from gateway.reconciling.command import reconcile as compared

    raise typer.Exit(asyncio.run(compared(office(config, data, url), on.date() if on else None)))


def _asked(*, wanted: bool) -> str:
    password: str = typer.prompt("Password", hide_input=True) if wanted else ""
    return password
