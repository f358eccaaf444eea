"""`nyota lending` and `nyota loans`: prices, and the loan book."""

import json
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import ConfigFile, Data, Desk, OnDay
from gateway.errors import Misconfigured

lending = typer.Typer(help="Loans: prices and schedules.", no_args_is_help=True)
loans = typer.Typer(help="The loan book: bring one from elsewhere, read how late it is.", no_args_is_help=True)

QUOTE_FORMS = ("table", "json")


@lending.command("quote")
def lending_quote(
    terms: Annotated[Path, typer.Option(help="Terms as JSON: docs/how-to/price-a-loan.md.")],
    form: Annotated[str, typer.Option("--format", help="json or table.")] = "table",
) -> None:
    """Price a loan from its terms; needs no server and no database."""
    from gateway.lending.errors import InvalidTerms, UnsupportedTerms
    from gateway.lending.printed import table
    from gateway.lending.quote import quote_from_terms

    if form not in QUOTE_FORMS:
        raise Misconfigured(f"--format {form}: {' or '.join(QUOTE_FORMS)}")
    try:
        answer = quote_from_terms(json.loads(terms.read_text(encoding="utf-8")))
    except OSError as error:
        raise Misconfigured(f"--terms {terms}: {error.strerror}") from error
    except (ValueError, InvalidTerms, UnsupportedTerms) as error:
        raise Misconfigured(f"{terms}: {error}") from error
    typer.echo(json.dumps(answer, indent=2) if form == "json" else table(answer))


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
    from gateway.desk.remote import office
    from gateway.loanbook.command import upload

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
    from gateway.desk.remote import office
    from gateway.loanbook.command import report

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
    from gateway.desk.remote import office
    from gateway.loanbook.command import report

    desk, days = office(config, data, url), {"on": on} if on else {}
    for name in ("kpis", "par"):
        report(desk, name, "csv", None, days)
