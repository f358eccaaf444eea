"""The `nyota` command. Each subcommand imports what it needs when it runs, so that `--help` is quick."""

import asyncio
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from gateway.desk.command import cases, operations
from gateway.errors import Misconfigured, NyotaError

cli = typer.Typer(
    help="Nyota: borrow, repay, save and see your money by dialling *383#.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
books = typer.Typer(help="The double-entry books.", no_args_is_help=True)
lending = typer.Typer(help="Loans: prices and schedules.", no_args_is_help=True)
loans = typer.Typer(help="The loan book: bring one from elsewhere, read how late it is.", no_args_is_help=True)
statements = typer.Typer(help="The organisation's M-PESA statements.", no_args_is_help=True)
suspense = typer.Typer(help="Money that nobody knows the owner of: list it, assign it.", no_args_is_help=True)
rails = typer.Typer(help="Rails: pause them, let them go, see what was found away.", no_args_is_help=True)
sms = typer.Typer(help="SMS that people write to us.", no_args_is_help=True)
bench = typer.Typer(help="Benchmarks: ratios measured side by side in one run.", invoke_without_command=True)
cli.add_typer(books, name="books")
cli.add_typer(lending, name="lending")
cli.add_typer(loans, name="loans")
cli.add_typer(statements, name="statements")
cli.add_typer(rails, name="rails")
cli.add_typer(suspense, name="suspense")
cli.add_typer(operations, name="operations")
cli.add_typer(cases, name="cases")
cli.add_typer(bench, name="bench")
cli.add_typer(sms, name="sms")

DAY = ["%Y-%m-%d"]
ConfigFile = Annotated[Path | None, typer.Option("--config", help="Configuration file; default config.yaml.")]
Url = Annotated[str, typer.Option(help="Address of the gateway.")]
Password = Annotated[bool, typer.Option("--password", help="Ask for the password of an encrypted PDF.")]
Data = Annotated[Path, typer.Option("--data", help="Where everything of this machine is kept.")]
Rail = Annotated[str, typer.Argument(help="daraja, or all of them: all.")]
Direction = Annotated[str, typer.Option(help="collect, disburse or both.")]
By = Annotated[str, typer.Option(help="Who does it, for the record.")]
Why = Annotated[str, typer.Option(help="Why, for the record and for whoever looks next.")]
Receipt = Annotated[str, typer.Argument(help="The receipt of M-PESA: UA12BC34DE.")]
Desk = Annotated[str | None, typer.Option("--url", help="Address of the gateway; default: as configured.")]
OnDay = Annotated[str | None, typer.Option("--on", help="A day that is over, like 2026-08-31; default: today.")]


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
) -> None:
    """A feature phone in the terminal."""
    from simulator.phone import main as run

    raise typer.Exit(run(url, standins, msisdn, script, secret or ()))


@cli.command()
def standins(
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8384,
    data: Data = Path("var/standins"),
    gateway_url: Annotated[str, typer.Option(help="Address of the gateway.")] = "http://127.0.0.1:8383",
) -> None:
    """The pretend outside world alone: Daraja and Africa's Talking."""
    from simulator.standins.app import run

    run(port=port, data=data, gateway_url=gateway_url)


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
def explain(reference: str, config: ConfigFile = None, data: Data = Path("var")) -> None:
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


@rails.command("status")
def rails_status(config: ConfigFile = None, data: Data = Path("var")) -> None:
    """What holds rails back now, and how much waits for it."""
    from gateway.rails.command import status

    typer.echo("\n".join(asyncio.run(status(config, data))))


@rails.command("float")
def rails_float(config: ConfigFile = None, data: Data = Path("var")) -> None:
    """What our shortcodes hold, as M-PESA told it last, and how long it will last."""
    from gateway.payouts.command import shown

    typer.echo("\n".join(asyncio.run(shown(config, data))))


@rails.command("pause")
def rails_pause(
    rail: Rail, by: By, why: Why, direction: Direction = "both", config: ConfigFile = None, data: Data = Path("var")
) -> None:
    """Send nothing new from now on; what was sent is asked about all the same. `all` and `disburse`: no pay-outs."""
    from gateway.rails.command import moved

    done = moved(config, data, rail, direction, pauses=True, by=by, why=why)
    typer.echo("\n".join(asyncio.run(done)))


@rails.command("resume")
def rails_resume(
    rail: Rail,
    by: By,
    why: Why,
    direction: Direction = "both",
    anyway: Annotated[bool, typer.Option("--anyway", help="Though a restore is not caught up with.")] = False,
    config: ConfigFile = None,
    data: Data = Path("var"),
) -> None:
    """Let it go again, one after another, the longest waiting first."""
    from gateway.rails.command import moved

    done = moved(config, data, rail, direction, pauses=False, by=by, why=why, anyway=anyway)
    typer.echo("\n".join(asyncio.run(done)))


@suspense.command("list")
def suspense_list(
    state: Annotated[str, typer.Option(help="held, asked, assigned or refunded.")] = "held",
    url: Desk = None,
    config: ConfigFile = None,
    data: Data = Path("var"),
) -> None:
    """What came to the paybill for nobody we know, the newest first."""
    from gateway.suspense.command import Where, listed

    typer.echo("\n".join(asyncio.run(listed(Where(config, data, url), state))))


@suspense.command("assign")
def suspense_assign(
    receipt: Receipt,
    by: By,
    why: Why,
    loan: Annotated[str | None, typer.Option(help="To this loan.")] = None,
    wallet: Annotated[str | None, typer.Option(help="To the wallet of whoever has this phone.")] = None,
    refund: Annotated[bool, typer.Option("--refund", help="Back to whoever paid.")] = False,
    phone: Annotated[str | None, typer.Option(help="Where M-PESA hides who paid: refund to this phone.")] = None,
    url: Desk = None,
    config: ConfigFile = None,
    data: Data = Path("var"),
) -> None:
    """Say whose it is; a second person confirms before anything moves."""
    from gateway.suspense.command import Where, assigned, target_of

    target = target_of(loan, wallet, refund=refund, phone=phone)
    typer.echo(asyncio.run(assigned(Where(config, data, url), receipt, target, by=by, why=why)))


@suspense.command("confirm")
def suspense_confirm(
    receipt: Receipt, by: By, why: Why, url: Desk = None, config: ConfigFile = None, data: Data = Path("var")
) -> None:
    """As a second person: let it go there."""
    from gateway.suspense.command import Where, decided

    typer.echo(asyncio.run(decided(Where(config, data, url), receipt, is_yes=True, by=by, why=why)))


@suspense.command("decline")
def suspense_decline(
    receipt: Receipt, by: By, why: Why, url: Desk = None, config: ConfigFile = None, data: Data = Path("var")
) -> None:
    """It does not go there, and waits as before."""
    from gateway.suspense.command import Where, decided

    typer.echo(asyncio.run(decided(Where(config, data, url), receipt, is_yes=False, by=by, why=why)))


@sms.command("simulate")
def sms_simulate(
    text: Annotated[str, typer.Argument(help="What somebody writes: LOAN 5000.")],
    msisdn: Annotated[str | None, typer.Option(help="From which line; a gateway must run for that.")] = None,
    url: Desk = None,
    config: ConfigFile = None,
    data: Data = Path("var"),
) -> None:
    """How a message is understood, and what it would lead to. Nothing is kept, sent or moved."""
    from gateway.texting.command import simulated

    typer.echo("\n".join(asyncio.run(simulated(config, data, text, line=msisdn, url=url))))


@lending.command("quote")
def lending_quote(
    terms: Annotated[Path, typer.Option(help="Terms as JSON.")],
    form: Annotated[str, typer.Option("--format", help="json or table.")] = "table",
) -> None:
    """Price a loan from its terms; needs no server and no database."""
    from gateway.lending.errors import InvalidTerms, UnsupportedTerms
    from gateway.lending.quote import quote_from_terms

    try:
        answer = quote_from_terms(json.loads(terms.read_text(encoding="utf-8")))
    except (OSError, ValueError, InvalidTerms, UnsupportedTerms) as error:
        raise Misconfigured(f"{terms}: {error}") from error
    if form == "json":
        typer.echo(json.dumps(answer, indent=2))
    else:
        from gateway.lending.printed import table

        typer.echo(table(answer))


@loans.command("template")
def loans_template(out: Annotated[Path, typer.Argument(help="Where to write it: a .csv or an .xlsx.")]) -> None:
    """Write the empty table that a loan book is brought in. Needs no server."""
    from gateway.loanbook.command import write_template

    write_template(out)


@loans.command("upload")
def loans_upload(
    file: Annotated[Path, typer.Argument(help="The loan book, CSV or XLSX.", exists=True, dir_okay=False)],
    by: Annotated[str, typer.Option(help="Who brings it, for the record.")],
    yes: Annotated[bool, typer.Option("--yes", help="Bring it in without asking.")] = False,
    preview: Annotated[bool, typer.Option("--preview", help="Only say what it comes to.")] = False,
    url: Desk = None,
    config: ConfigFile = None,
    data: Data = Path("var"),
) -> None:
    """Check a loan book, show what it comes to, bring it in whole. Exit 1 when anything is wrong with it."""
    from gateway.loanbook.command import upload
    from gateway.loanbook.remote import office

    raise typer.Exit(upload(office(config, data, url), file, by, yes=yes, preview=preview))


@loans.command("report")
def loans_report(
    name: Annotated[str, typer.Argument(help="ageing, par, kpis or collections.")],
    form: Annotated[str, typer.Option("--format", help="csv, xlsx or json.")] = "csv",
    out: Annotated[Path | None, typer.Option(help="Where to write it; needed for xlsx.")] = None,
    since: Annotated[str | None, typer.Option(help="First day of the period, for kpis.")] = None,
    until: Annotated[str | None, typer.Option(help="Last day of the period, for kpis.")] = None,
    on: OnDay = None,
    url: Desk = None,
    config: ConfigFile = None,
    data: Data = Path("var"),
) -> None:
    """A report of the loan book as it stands, or as it was known at the end of another day."""
    from gateway.loanbook.command import report
    from gateway.loanbook.remote import office

    days = {key: day for key, day in (("from", since), ("to", until), ("on", on)) if day}
    report(office(config, data, url), name, form, out, days)


@loans.command("kpis")
def loans_kpis(
    on: OnDay = None,
    url: Desk = None,
    config: ConfigFile = None,
    data: Data = Path("var"),
) -> None:
    """The figures of a month until a day, and the portfolio at risk on that day, as they were known then."""
    from gateway.loanbook.command import report
    from gateway.loanbook.remote import office

    desk, days = office(config, data, url), {"on": on} if on else {}
    for name in ("kpis", "par"):
        report(desk, name, "csv", None, days)


cli.add_typer(statements, name="statements")


def main() -> None:
    """Entry point. What we know to be wrong is one line on stderr and exit 1."""
    try:
        cli()
    except NyotaError as error:
        sys.exit(f"nyota: {error}")


if __name__ == "__main__":
    main()
