"""`nyota books`: proof, balances, trial balance."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import DAY, By, ConfigFile, Data, Why

books = typer.Typer(help="The double-entry books.", no_args_is_help=True)


@books.command("check")
def books_check(
    since: Annotated[datetime | None, typer.Option(formats=DAY, help="Only seals of this day and later.")] = None,
    heads: Annotated[Path | None, typer.Option(help="What was told outside, if not as configured.")] = None,
    config: ConfigFile = None,
    data: Data = Path("var"),
) -> None:
    """Prove the books: seals, sums, balances, trial balance. Exit 1 with every finding, the first bad row first."""
    from gateway.audit.command import findings as proved

    found, sealed = asyncio.run(proved(config, data, since.date() if since else None, heads))
    for finding in found:
        typer.echo(str(finding))
    if found:
        raise typer.Exit(1)
    typer.echo(f"The books balance; {sealed}.")


@books.command("balance")
def books_balance(
    key: Annotated[str, typer.Argument(help="The account: mpesa.payout, wallet:<customer id>.")],
    at: Annotated[str | None, typer.Option(help="A day (its end), or a time with its offset; default: now.")] = None,
    config: ConfigFile = None,
    data: Data = Path("var"),
) -> None:
    """What an account held at any moment."""
    from gateway.books.command import balance

    typer.echo(asyncio.run(balance(config, data, key, at)))


@books.command("trial")
def books_trial(
    on: Annotated[datetime | None, typer.Option(formats=DAY, help="The day whose end it is; default: now.")] = None,
    form: Annotated[str, typer.Option("--format", help="table or csv.")] = "table",
    config: ConfigFile = None,
    data: Data = Path("var"),
) -> None:
    """The trial balance of any day."""
    from gateway.books.command import table_of, trial

    typer.echo(table_of(asyncio.run(trial(config, data, on.date() if on else None)), form))


@books.command("accept")
def books_accept(by: By, why: Why, config: ConfigFile = None, data: Data = Path("var")) -> None:
    """Say that the chain of seals goes on from the database as it is, after a restore; it stays on the record."""
    from gateway.audit.command import accepted

    typer.echo(f"accepted by seal {asyncio.run(accepted(config, data, by=by, why=why))}")
