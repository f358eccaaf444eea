"""`nyota sms`: send, see what became of it, campaigns, what people write."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import AsJson, By, CampaignName, ConfigFile, Data, Desk, Partner, Report, Why
from gateway.errors import Misconfigured

sms = typer.Typer(help="SMS: send, see what became of it, campaigns, what people write.", no_args_is_help=True)


@sms.command("send")
def sms_send(
    to: Annotated[str, typer.Argument(help="The customer's phone.")],
    text: Annotated[str, typer.Argument(help="What to say.")],
    by: By,
    purpose: Annotated[str, typer.Option(help="alert: must be known; offer: to who has chosen offers.")] = "alert",
    partner: Partner = "",
    key: Annotated[str | None, typer.Option(help="The same key again is the same message; default: a new one.")] = None,
    as_json: AsJson = False,
    url: Desk = None,
    config: ConfigFile = None,
    data: Data = Path("var"),
) -> None:
    """Send one message to a customer."""
    from uuid import uuid4

    from gateway.desk.remote import office
    from gateway.sending.command import send

    body = {"to": to, "text": text, "by": by, "purpose": purpose, "partner": partner}
    send(office(config, data, url), body, key or uuid4().hex, as_json=as_json)


@sms.command("list")
def sms_list(
    phone: Annotated[str | None, typer.Option(help="Only to this phone.")] = None,
    state: Annotated[str | None, typer.Option(help="queued, sent, delivered, failed or uncertain.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
    as_json: AsJson = False,
    url: Desk = None,
    config: ConfigFile = None,
    data: Data = Path("var"),
) -> None:
    """What was sent and what became of it, the newest first."""
    from gateway.desk.remote import office
    from gateway.sending.command import show

    show(office(config, data, url), phone=phone, state=state, limit=limit, as_json=as_json)


@sms.command("campaign")
def sms_campaign(
    file: Annotated[Path, typer.Argument(help="Who gets it: a table, CSV or XLSX.", exists=True, dir_okay=False)],
    by: By,
    text_en: Annotated[str, typer.Option("--text-en", help="In English, with columns in braces: {name}.")] = "",
    text_sw: Annotated[str, typer.Option("--text-sw", help="In Swahili.")] = "",
    name: Annotated[str | None, typer.Option(help="What it is called; default: the file's name.")] = None,
    purpose: Annotated[
        str, typer.Option(help="notice: to every customer; offer: to who has chosen offers.")
    ] = "notice",
    partner: Partner = "",
    start: Annotated[bool, typer.Option("--start", help="Set it going, after a question.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Without the question.")] = False,
    why: Why = "as shown before the start",
    key: Annotated[str | None, typer.Option(help="The same key is the same campaign; default: from all of it.")] = None,
    out: Report = None,
    as_json: AsJson = False,
    url: Desk = None,
    config: ConfigFile = None,
    data: Data = Path("var"),
) -> None:
    """One text to many people: what it comes to; with --start until all is sent. The same again goes on with the same.

    Exit 1 when it is refused or anybody did not get it, 3 when it is not over."""
    from gateway.desk.remote import office
    from gateway.sending.campaigning import Start, Wanted, ran

    texts = {code: text for code, text in (("en", text_en), ("sw", text_sw)) if text}
    if not texts:
        raise Misconfigured("--text-en, --text-sw: at least one of them")
    wanted = Wanted(name or file.stem, purpose, texts, by, partner)
    starting = Start(why, is_asked=not yes) if start else None
    raise typer.Exit(ran(office(config, data, url), wanted, file, starting, key=key, out=out, as_json=as_json))


@sms.command("watch")
def sms_watch(
    campaign: CampaignName,
    out: Report = None,
    as_json: AsJson = False,
    url: Desk = None,
    config: ConfigFile = None,
    data: Data = Path("var"),
) -> None:
    """Follow a campaign until all is sent. Exit 1 when anybody did not get it, 3 when it is not over."""
    from gateway.desk.remote import office
    from gateway.sending.campaigning import watched

    raise typer.Exit(watched(office(config, data, url), campaign, out=out, as_json=as_json))


@sms.command("decide")
def sms_decide(
    campaign: CampaignName,
    act: Annotated[str, typer.Argument(help="approve (as the second person), pause, resume or cancel.")],
    by: By,
    why: Why,
    url: Desk = None,
    config: ConfigFile = None,
    data: Data = Path("var"),
) -> None:
    """Hold a campaign, let it go on, end it, or agree to one that writes to many."""
    from gateway.desk.remote import office
    from gateway.sending.campaigning import decided

    typer.echo(decided(office(config, data, url), campaign, act, by=by, why=why))


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
