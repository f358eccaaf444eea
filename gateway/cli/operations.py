"""`nyota operations`: what is stuck in the queue, and the hand that moves it."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import By, ConfigFile, Data, Desk, InState, Most, OfPhone, Reference, Why

operations = typer.Typer(help="The queue: what is stuck, and the hand that moves it.", no_args_is_help=True)

Act = Annotated[str, typer.Argument(help="What the first person proposed: OA7K2QD.")]
Kind = Annotated[str | None, typer.Option(help="Only of this kind: loan.disburse.")]
Since = Annotated[str | None, typer.Option(help="Asked for since this day or moment.")]


@operations.command("list")
def operations_list(
    state: InState = None,
    kind: Kind = None,
    phone: OfPhone = None,
    since: Since = None,
    limit: Most = 50,
    url: Desk = None,
    config: ConfigFile = None,
    data: Data = Path("var"),
) -> None:
    """Operations, the newest first. What needs a person: --state parked, --state dead."""
    from gateway.desk import command

    asked = {"state": state, "kind": kind, "phone": phone, "since": since, "limit": limit}
    for line in command.Desk(config, data, url).operations(asked):
        typer.echo(line)


@operations.command("show")
def operations_show(
    reference: Reference, url: Desk = None, config: ConfigFile = None, data: Data = Path("var")
) -> None:
    """What became of one, what we believe and why, and what may be done to it now."""
    from gateway.desk import command

    typer.echo("\n".join(command.Desk(config, data, url).story(reference)))


@operations.command("retry")
def operations_retry(
    reference: Reference, by: By, why: Why, url: Desk = None, config: ConfigFile = None, data: Data = Path("var")
) -> None:
    """The same step again, now. What was sent is asked about, never sent anew."""
    from gateway.desk import command

    typer.echo(command.Desk(config, data, url).acted(reference, "retry", by=by, why=why))


@operations.command("cancel")
def operations_cancel(
    reference: Reference, by: By, why: Why, url: Desk = None, config: ConfigFile = None, data: Data = Path("var")
) -> None:
    """End what has moved nothing yet. What it holds is given back, its customer is told."""
    from gateway.desk import command

    typer.echo(command.Desk(config, data, url).acted(reference, "cancel", by=by, why=why))


@operations.command("resolve")
def operations_resolve(
    reference: Reference,
    outcome: Annotated[str, typer.Option(help="What became of the money: paid or unpaid.")],
    evidence: Annotated[str, typer.Option(help="What proves it: which statement, which line.")],
    by: By,
    why: Why,
    receipt: Annotated[str | None, typer.Option(help="The rail's receipt; needed for paid.")] = None,
    url: Desk = None,
    config: ConfigFile = None,
    data: Data = Path("var"),
) -> None:
    """Say what became of money that nobody could vouch for. A second person confirms it."""
    from gateway.desk import command

    said = {"by": by, "why": why, "outcome": outcome, "evidence": evidence}
    proof = {"receipt": receipt} if receipt else {}
    typer.echo(command.Desk(config, data, url).proposed(reference, {**said, **proof}))


@operations.command("acts")
def operations_acts(url: Desk = None, config: ConfigFile = None, data: Data = Path("var")) -> None:
    """What waits for a second person."""
    from gateway.desk import command

    for line in command.Desk(config, data, url).acts():
        typer.echo(line)


@operations.command("confirm")
def operations_confirm(act: Act, by: By, url: Desk = None, config: ConfigFile = None, data: Data = Path("var")) -> None:
    """Agree, as the second person: from now on it is so."""
    from gateway.desk import command

    typer.echo(command.Desk(config, data, url).confirmed(act, by=by))


@operations.command("decline")
def operations_decline(act: Act, by: By, url: Desk = None, config: ConfigFile = None, data: Data = Path("var")) -> None:
    """Say no to what somebody has proposed."""
    from gateway.desk import command

    typer.echo(command.Desk(config, data, url).declined(act, by=by))


@operations.command("export")
def operations_export(
    out: Annotated[Path, typer.Option(help="Where to write the CSV.")],
    state: InState = None,
    kind: Kind = None,
    phone: OfPhone = None,
    since: Since = None,
    url: Desk = None,
    config: ConfigFile = None,
    data: Data = Path("var"),
) -> None:
    """All of them as CSV."""
    from gateway.desk import command

    asked = {"state": state, "kind": kind, "phone": phone, "since": since}
    out.write_bytes(command.Desk(config, data, url).exported(asked))
    typer.echo(f"Written: {out}")
