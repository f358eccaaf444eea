"""The `nyota` command. Each subcommand imports what it needs when it runs, so that `--help` is quick."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.books import books
from gateway.cli.cases import cases
from gateway.cli.lines import lines
from gateway.cli.loans import lending, loans
from gateway.cli.operations import operations
from gateway.cli.options import By, ConfigFile, Data, Why
from gateway.cli.rails import rails
from gateway.cli.sms import sms
from gateway.cli.statements import reconcile, statements
from gateway.cli.suspense import suspense
from gateway.errors import Misconfigured, NyotaError

cli = typer.Typer(
    help="Nyota: borrow, repay, save and see your money by dialling *383#.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
bench = typer.Typer(help="Benchmarks: ratios measured side by side in one run.", invoke_without_command=True)
cli.add_typer(books, name="books")
cli.add_typer(lending, name="lending")
cli.add_typer(loans, name="loans")
cli.add_typer(statements, name="statements")
cli.command()(reconcile)
cli.add_typer(rails, name="rails")
cli.add_typer(suspense, name="suspense")
cli.add_typer(operations, name="operations")
cli.add_typer(cases, name="cases")
cli.add_typer(bench, name="bench")
cli.add_typer(sms, name="sms")
cli.add_typer(lines, name="lines")


@cli.command()
def up(
    port: Annotated[int | None, typer.Option(help="Port of the gateway; default 8383.")] = None,
    data: Data = Path("var"),
    config: ConfigFile = None,
    headless: Annotated[bool, typer.Option("--headless", help="Never open the terminal phone.")] = False,
    standins: Annotated[str | None, typer.Option(help="Address of stand-ins that run already.")] = None,
) -> None:
    """Run all of Nyota on this machine: gateway, worker, Redis, SQLite, stand-ins and the terminal phone."""
    from gateway.up import Wishes, run

    run(Wishes(data, port, config, headless, standins))


@cli.command()
def serve(config: ConfigFile = None, data: Data = Path("var")) -> None:
    """Answer callbacks. A production process: needs PostgreSQL, Redis and its secrets in the environment."""
    from gateway.processes import serve as run

    run(config, data)


@cli.command()
def worker(config: ConfigFile = None, data: Data = Path("var")) -> None:
    """Work the queue off. A production process: run as many as you like."""
    from gateway.processes import work as run

    run(config, data)


@cli.command()
def phone(
    url: Annotated[str, typer.Option(help="Address of the gateway.")] = "http://127.0.0.1:8383",
    standins: Annotated[str | None, typer.Option(help="Address of the stand-ins; default: the port after.")] = None,
    msisdn: Annotated[str | None, typer.Option(help="The line to call from.")] = None,
    script: Annotated[Path | None, typer.Option(help="Play a dialogue without a screen.")] = None,
    secret: Annotated[list[str] | None, typer.Option(help="What the dialogue leaves out: pin=4826.")] = None,
    over: Annotated[str, typer.Option(help="http, or smpp: through the message centre of the stand-ins.")] = "http",
) -> None:
    """A feature phone in the terminal."""
    from simulator.phone import main as run

    raise typer.Exit(run(url, standins, msisdn, script, secret or (), over))


@cli.command()
def standins(
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8384,
    data: Data = Path("var/standins"),
    gateway_url: Annotated[str, typer.Option(help="Address of the gateway.")] = "http://127.0.0.1:8383",
    smsc_port: Annotated[int | None, typer.Option(help="Also a message centre, over SMPP, on this port.")] = None,
    mail_port: Annotated[int | None, typer.Option(help="Also a mail server, on this port.")] = None,
) -> None:
    """The pretend outside world alone: Daraja, Africa's Talking and, if wanted, a message centre and a mail server."""
    from simulator.standins.app import run

    run(port=port, data=data, gateway_url=gateway_url, smsc_port=smsc_port, mail_port=mail_port)


@cli.command()
def check(
    config: ConfigFile = None,
    diagrams: Annotated[Path | None, typer.Option(help="Also draw the flows into this Markdown file.")] = None,
) -> None:
    """Prove configuration, menus, flows, languages and screen fit; exit 1 with file:line of each finding."""
    from gateway.checks import findings, flow_diagrams

    if diagrams:
        diagrams.write_text(flow_diagrams(), encoding="utf-8")
    found = findings(config)
    for finding in found:
        typer.echo(str(finding))
    if found:
        raise typer.Exit(1)
    typer.echo("All is well: configuration, menus, flows, languages and screens.")


@cli.command()
def migrate(config: ConfigFile = None) -> None:
    """Bring the database to this version's schema."""
    from gateway.config import load
    from gateway.store.migrate import migrate as run

    typer.echo(f"schema at {asyncio.run(run(load(config).database.url))}")


@cli.command()
def backup(
    to: Annotated[Path, typer.Option("--to", help="Where to write the copy; must not be there yet.")],
    config: ConfigFile = None,
    data: Data = Path("var"),
) -> None:
    """Copy the SQLite database while it works, and prove the copy."""
    from gateway.restoring.command import backup as run

    typer.echo(run(config, data, to))


@cli.command()
def restore(
    copy: Annotated[Path, typer.Option("--from", help="A copy that `backup` has made.")],
    by: By,
    why: Why,
    config: ConfigFile = None,
    data: Data = Path("var"),
) -> None:
    """Put a copy in place of the SQLite database. Nothing is paid out until the rail was asked what is missing."""
    from gateway.restoring.command import restore as run

    typer.echo("\n".join(asyncio.run(run(config, data, copy, by=by, why=why))))


@cli.command()
def restored(by: By, why: Why, config: ConfigFile = None, data: Data = Path("var")) -> None:
    """Say that the database (PostgreSQL) was restored; before anything is started again."""
    from gateway.restoring.command import restored as run

    typer.echo("\n".join(asyncio.run(run(config, data, by=by, why=why))))


@cli.command()
def explain(
    reference: Annotated[str, typer.Argument(help="Our reference, a case's number, or a receipt of M-PESA.")],
    config: ConfigFile = None,
    data: Data = Path("var"),
) -> None:
    """What became of an operation, case or receipt, in order of time, and what we believe and why."""
    from gateway.checks import explained

    found = asyncio.run(explained(config, data, reference))
    if not found:
        raise Misconfigured(f"{reference}: no operation, case or receipt of this name")
    typer.echo("\n".join(found))


@cli.command()
def campaign(
    seconds: Annotated[float, typer.Option(help="How long to break things.")] = 60.0,
    seed: Annotated[int | None, typer.Option(help="Repeat the plan of an earlier run.")] = None,
    customers: Annotated[int, typer.Option(help="How many people dial at once.")] = 12,
    out: Annotated[Path | None, typer.Option(help="Where to keep the report and the driver's log.")] = None,
    database: Annotated[str | None, typer.Option(help="An empty PostgreSQL: gateway and workers apart.")] = None,
    redis: Annotated[str | None, typer.Option(help="An empty Redis, needed with --database.")] = None,
) -> None:
    """Kill the gateway at random under scripted dialogues and a faulty world, then let the judge compare."""
    from secrets import randbelow

    from simulator.campaign import Servers, run

    if bool(database) != bool(redis):
        raise Misconfigured("--database and --redis: give both, or none of them")
    servers = Servers(database, redis) if database and redis else None
    raise typer.Exit(run(seconds, randbelow(1_000_000) if seed is None else seed, customers, out, servers))


@cli.command()
def simulate(
    days: Annotated[int, typer.Option(help="How many days of business.")] = 90,
    seed: Annotated[int | None, typer.Option(help="Repeat an earlier run.")] = None,
    people: Annotated[int, typer.Option(help="How many people dial.")] = 8,
    calls: Annotated[float, typer.Option(help="How often each of them dials in a day.")] = 0.5,
    harsh: Annotated[bool, typer.Option("--harsh", help="A rail that loses two answers of five.")] = False,
    out: Annotated[Path | None, typer.Option(help="Where to keep everything.")] = None,
) -> None:
    """Years of business in minutes of virtual time, with every fault, and judged. A failure shrinks to dialogues."""
    from secrets import randbelow

    from simulator.virtual import run

    raise typer.Exit(run(days, randbelow(1_000_000) if seed is None else seed, people, calls, out, is_harsh=harsh))


@bench.callback()
def bench_all(context: typer.Context) -> None:
    """Without a name: all of them."""
    if context.invoked_subcommand is None:
        bench_ussd()


@bench.command("ussd")
def bench_ussd(
    seconds: Annotated[float, typer.Option(help="About how long to measure.")] = 30.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Full dialogues against a bare handler of the same form, in turn, in one run."""
    from simulator.load.ussd import run

    raise typer.Exit(run(seconds, as_json))


@bench.command("sms")
def bench_sms(
    seconds: Annotated[float, typer.Option(help="About how long to measure.")] = 40.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Messages accepted and dispatched, beside a bare loop that posts the same requests."""
    from simulator.load.sms import run

    raise typer.Exit(run(seconds, as_json))


def main() -> None:
    """Entry point. What we know to be wrong is one line on stderr and exit 1."""
    try:
        cli()
    except NyotaError as error:
        sys.exit(f"nyota: {error}")


if __name__ == "__main__":
    main()
