"""A campaign from a terminal: written, shown, set going when somebody says so, followed until it is done.

The key of a campaign follows from what it says and to whom, so that the same command again goes on with the same one.
"""

import asyncio
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import typer

from gateway.desk.remote import Office
from gateway.errors import Rejected
from gateway.sending.command import counted
from gateway.terminal import printable

ACTS = ("approve", "pause", "resume", "cancel")
LOOK_SECONDS = 0.5
FAULTS_SHOWN = 20
WELL, BAD, NOT_OVER = 0, 1, 3
"""Exit codes: over and nobody was failed; refused, or somebody was; waits for somebody, or is held."""

MOVING = ("pending", "queued")
FAILED = ("failed", "uncertain")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A campaign as somebody wants it; `texts` by language."""

    name: str
    purpose: str
    texts: Mapping[str, str]
    by: str
    partner: str = ""


@dataclass(frozen=True, slots=True)
class Start:
    """That it shall go, and why; with `is_asked` only after a yes."""

    why: str
    is_asked: bool = True


def ran(
    desk: Office, wanted: Wanted, file: Path, start: Start | None, *, key: str | None = None, out: Path | None = None,
    as_json: bool = False,
) -> int:  # fmt: skip
    """The exit code. Raises Rejected, Unavailable."""
    content = file.read_bytes()
    campaign = asyncio.run(_brought(desk, wanted, content, key or _key(wanted, content)))
    _show(campaign, as_json=as_json and start is not None)
    if campaign["state"] != "draft":
        typer.echo(f"It was set going before and is {campaign['state']}. The same as a new one: --key ...", err=True)
        return watched(desk, campaign["reference"], out=out, as_json=as_json)
    if start is None:
        return _only_shown(campaign, as_json=as_json)
    if not campaign["toSend"]:
        raise Rejected("there is nobody to write to", "nobody")
    if start.is_asked and not typer.confirm(f"Write to {campaign['toSend']} people?", err=as_json):
        return NOT_OVER
    said = {"by": wanted.by, "why": start.why}
    asyncio.run(desk.asked(_path(campaign["reference"], "start"), said))
    return watched(desk, campaign["reference"], out=out, as_json=as_json)


def watched(desk: Office, reference: str, *, out: Path | None = None, as_json: bool = False) -> int:
    """Follow one until it is over or held up, then say what it came to. The exit code."""
    campaign = asyncio.run(_over(desk, reference, shows=not as_json))
    if out is not None:
        out.write_bytes(asyncio.run(desk.fetched(_path(reference, "report"))))
    if as_json:
        typer.echo(json.dumps(campaign))
    else:
        typer.echo("\n".join(_came_to(campaign)))
    if not _is_over(campaign):
        return NOT_OVER
    return BAD if any(campaign["counts"].get(state) for state in FAILED) else WELL


def decided(desk: Office, reference: str, act: str, *, by: str, why: str) -> str:
    """Raises Rejected, Unavailable."""
    if act not in ACTS:
        raise Rejected(f"{act} is none of {', '.join(ACTS)}", "invalid")
    campaign = asyncio.run(desk.asked(_path(reference, act), {"by": by, "why": why}))
    return f"{campaign['reference']}: {campaign['state']}"


async def _brought(desk: Office, wanted: Wanted, content: bytes, key: str) -> dict[str, Any]:
    """Written, with its table; one that was set going before is left as it is."""
    body = {name: value for name, value in asdict(wanted).items() if value}
    campaign = await desk.asked("/api/campaigns", body, key=key)
    if campaign["state"] != "draft":
        return campaign
    return await desk.put(f"{_path(campaign['reference'], 'people')}?by={quote(wanted.by, safe='')}", content)


async def _over(desk: Office, reference: str, *, shows: bool) -> dict[str, Any]:
    """Until it is over, or a person has to do something first."""
    campaign = await _looked(desk, reference)
    if shows and campaign["state"] == "running":
        typer.echo(f"It goes on without this terminal: nyota sms watch {campaign['reference']}")
        typer.echo(await _quiet(desk), nl=False)
    with typer.progressbar(length=max(1, campaign["people"]), label="Sending", hidden=not shows) as bar:
        while True:
            gone = campaign["people"] - sum(campaign["counts"].get(state, 0) for state in MOVING)
            bar.update(gone - bar.pos)
            if campaign["state"] != "running" and (campaign["state"] != "cancelled" or not _moves(campaign)):
                return campaign
            await asyncio.sleep(LOOK_SECONDS)
            campaign = await _looked(desk, reference)


async def _quiet(desk: Office) -> str:
    """When nobody is written to; nothing where that is never. A bar that stands still all night wants a reason."""
    settings = json.loads(await desk.fetched("/api/sms/settings"))
    since, until = settings["quietFrom"], settings["quietUntil"]
    return "" if since == until else f"From {since} to {until} it waits.\n"


async def _looked(desk: Office, reference: str) -> dict[str, Any]:
    return dict(json.loads(await desk.fetched(_path(reference))))


def _is_over(campaign: Mapping[str, Any]) -> bool:
    return campaign["state"] in {"done", "cancelled"}


def _moves(campaign: Mapping[str, Any]) -> bool:
    return any(campaign["counts"].get(state) for state in MOVING)


def _only_shown(campaign: Mapping[str, Any], *, as_json: bool) -> int:
    if as_json:
        typer.echo(json.dumps(campaign))
    elif campaign["toSend"]:
        typer.echo("Nobody was written to. The same again with --start sets it going.")
    return WELL if campaign["toSend"] and not campaign["faults"] else BAD


def _show(campaign: Mapping[str, Any], *, as_json: bool) -> None:
    """What it comes to, for whoever decides; beside JSON on the other stream."""
    typer.echo("\n".join(_preview(campaign)), err=as_json)


def _preview(campaign: Mapping[str, Any]) -> Iterator[str]:
    for fault in campaign["faults"][:FAULTS_SHOWN]:
        yield printable(f"row {fault['row']}, {fault['column']} ({fault['value']}): {fault['message']}")
    if (more := len(campaign["faults"]) - FAULTS_SHOWN) > 0:
        yield f"... and {more} more"
    yield printable(f"{campaign['reference']}  {campaign['name']}  {campaign['purpose']}  {campaign['state']}")
    yield f"{campaign['people']} people in the table, {campaign['toSend']} to write to."
    yield from _reasons(campaign)
    yield f"{counted(campaign['parts'], 'part')}, {campaign['currency']} {campaign['cost']}."
    for sample in campaign["samples"]:
        yield printable(f"  {sample['language']}, {sample['parts']} ({sample['alphabet']}): {sample['text']}")
    if campaign["needsSecondPerson"]:
        yield "To so many people a second person has to agree."


def _came_to(campaign: Mapping[str, Any]) -> Iterator[str]:
    counts = ", ".join(f"{people} {state}" for state, people in campaign["counts"].items())
    yield f"{campaign['reference']}: {campaign['state']}. {counts}."
    yield from _reasons(campaign)
    yield f"Spent {campaign['currency']} {campaign['spent']}."
    if campaign["state"] == "waiting":
        yield f"A second person: nyota sms decide {campaign['reference']} approve --by ... --why ..."
    elif campaign["state"] == "paused":
        yield f"It is held: nyota sms decide {campaign['reference']} resume --by ... --why ..."


def _reasons(campaign: Mapping[str, Any]) -> Sequence[str]:
    return [printable(f"  {each['people']} {each['state']}: {each['reason']}") for each in campaign["reasons"]]


def _key(wanted: Wanted, content: bytes) -> str:
    said = json.dumps([wanted.purpose, wanted.partner, dict(wanted.texts)], sort_keys=True)
    return hashlib.sha256(said.encode() + b"\0" + content).hexdigest()


def _path(reference: str, *more: str) -> str:
    return "/".join(("/api/campaigns", quote(reference, safe=""), *more))
