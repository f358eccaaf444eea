"""`nyota suspense`: money that nobody knows the owner of."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import By, ConfigFile, Data, Desk, Receipt, Why

suspense = typer.Typer(help="Money that nobody knows the owner of: list it, assign it.", no_args_is_help=True)


@suspense.command("list")
def suspense_list(
    state: Annotated[str, typer.Option(help="held, asked, assigned or refunded.")] = "held",
    url: Desk = None,
    config: ConfigFile = None,
    data: Data = Path("var"),
) -> None:
    """What came to the paybill for nobody we know, the newest first."""
    from gateway.desk.remote import office
    from gateway.suspense.command import listed

    typer.echo("\n".join(asyncio.run(listed(office(config, data, url), state))))


@suspense.command("assign")
def suspense_assign(
    receipt: Receipt,
    by: By,
    why: Why,
    loan: Annotated[str | None, typer.Option(help="To this loan.")] = None,
    wallet: Annotated[str | None, typer.Option(help="To the wallet of whoever has this phone.")] = None,
    refund: Annotated[bool, typer.Option("--refund", help="Back to whoever paid.")] = False,
    same: Annotated[
        bool, typer.Option("--same", help="Booked already: it leaves the books once, a wallet too.")
    ] = False,
    phone: Annotated[str | None, typer.Option(help="Where M-PESA hides who paid: refund to this phone.")] = None,
    url: Desk = None,
    config: ConfigFile = None,
    data: Data = Path("var"),
) -> None:
    """Say whose it is; a second person confirms before anything moves."""
    from gateway.desk.remote import office
    from gateway.suspense.command import assigned, target_of

    target = target_of(loan, wallet, refund=refund, phone=phone, same=same)
    typer.echo(asyncio.run(assigned(office(config, data, url), receipt, target, by=by, why=why)))


@suspense.command("confirm")
def suspense_confirm(
    receipt: Receipt, by: By, why: Why, url: Desk = None, config: ConfigFile = None, data: Data = Path("var")
) -> None:
    """As a second person: let it go there."""
    from gateway.desk.remote import office
    from gateway.suspense.command import decided

    typer.echo(asyncio.run(decided(office(config, data, url), receipt, is_yes=True, by=by, why=why)))


@suspense.command("decline")
def suspense_decline(
    receipt: Receipt, by: By, why: Why, url: Desk = None, config: ConfigFile = None, data: Data = Path("var")
) -> None:
    """It does not go there, and waits as before."""
    from gateway.desk.remote import office
    from gateway.suspense.command import decided

    typer.echo(asyncio.run(decided(office(config, data, url), receipt, is_yes=False, by=by, why=why)))
