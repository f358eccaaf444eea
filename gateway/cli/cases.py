"""`nyota cases`: what people have to answer."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import By, CaseNumber, ConfigFile, Data, Desk, InState, Most, OfPhone

cases = typer.Typer(help="Cases: what people have to answer.", no_args_is_help=True)


@cases.command("list")
def cases_list(
    state: InState = None,
    owner: Annotated[str | None, typer.Option(help="Only this person's.")] = None,
    phone: OfPhone = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those past their day.")] = False,
    limit: Most = 50,
    url: Desk = None,
    config: ConfigFile = None,
    data: Data = Path("var"),
) -> None:
    """Cases, the newest first."""
    from gateway.desk import command

    late = "true" if overdue else None
    asked = {"state": state, "owner": owner, "phone": phone, "overdue": late, "limit": limit}
    for line in command.Desk(config, data, url).cases(asked):
        typer.echo(line)


@cases.command("show")
def cases_show(number: CaseNumber, url: Desk = None, config: ConfigFile = None, data: Data = Path("var")) -> None:
    """One, with its evidence and all that was written to it."""
    from gateway.desk import command

    typer.echo("\n".join(command.Desk(config, data, url).case(number)))


@cases.command("take")
def cases_take(
    number: CaseNumber, by: By, url: Desk = None, config: ConfigFile = None, data: Data = Path("var")
) -> None:
    """Have it in hand from now on."""
    from gateway.desk import command

    typer.echo(command.Desk(config, data, url).worked(number, "take", {"by": by}))


@cases.command("note")
def cases_note(
    number: CaseNumber,
    text: Annotated[str, typer.Option(help="What happened.")],
    by: By,
    waits: Annotated[bool, typer.Option("--waits", help="It waits for somebody else from now on.")] = False,
    url: Desk = None,
    config: ConfigFile = None,
    data: Data = Path("var"),
) -> None:
    """Write something to it."""
    from gateway.desk import command

    typer.echo(command.Desk(config, data, url).worked(number, "note", {"by": by, "text": text, "waits": waits}))


@cases.command("resolve")
def cases_resolve(
    number: CaseNumber,
    answer: Annotated[str, typer.Option(help="In words for the customer, who gets them by SMS.")],
    by: By,
    url: Desk = None,
    config: ConfigFile = None,
    data: Data = Path("var"),
) -> None:
    """Answer it."""
    from gateway.desk import command

    typer.echo(command.Desk(config, data, url).worked(number, "resolve", {"by": by, "answer": answer}))


@cases.command("ignore")
def cases_ignore(
    number: CaseNumber,
    text: Annotated[str, typer.Option(help="Why there is nothing to answer.")],
    by: By,
    url: Desk = None,
    config: ConfigFile = None,
    data: Data = Path("var"),
) -> None:
    """Close it without a word to anybody."""
    from gateway.desk import command

    typer.echo(command.Desk(config, data, url).worked(number, "ignore", {"by": by, "text": text}))
