"""`nyota operations` and `nyota cases`: the operators' desk from a terminal. Asks a running gateway with the operators'
token, because acting on an operation takes its playbook; each command imports what it needs when it runs."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer

operations = typer.Typer(help="The queue: what is stuck, and the hand that moves it.", no_args_is_help=True)
cases = typer.Typer(help="Cases: what people have to answer.", no_args_is_help=True)

ConfigFile = Annotated[Path | None, typer.Option("--config", help="Configuration file; default config.yaml.")]
Data = Annotated[Path, typer.Option("--data", help="Where `nyota up` keeps its data, with the operators' token.")]
Url = Annotated[str | None, typer.Option("--url", help="Address of the gateway; default: as configured.")]
By = Annotated[str, typer.Option(help="Who does it, for the record.")]
Why = Annotated[str, typer.Option(help="Why, for the record and for whoever looks next.")]
State = Annotated[str | None, typer.Option(help="Only those in this state.")]
Phone = Annotated[str | None, typer.Option(help="Only this customer's.")]
Limit = Annotated[int, typer.Option(help="How many at most.")]
VAR = Path("var")


@operations.command("list")
def list_operations(
    state: State = None,
    kind: Annotated[str | None, typer.Option(help="Only of this kind: loan.disburse.")] = None,
    phone: Phone = None,
    since: Annotated[str | None, typer.Option(help="Asked for since this day or moment.")] = None,
    limit: Limit = 50,
    url: Url = None,
    config: ConfigFile = None,
    data: Data = VAR,
) -> None:
    """Operations, the newest first. What needs a person: --state parked, --state dead."""
    asked = {"state": state, "kind": kind, "phone": phone, "since": since, "limit": limit}
    found = _Desk(config, data, url).read("/api/operations", asked)
    for row in found["operations"]:
        typer.echo(_line(row["reference"], row["kind"], row["state"], row["step"], row["createdAt"], row["reason"]))
    if found["cursor"]:
        typer.echo(f"... and older ones: --limit, or GET /api/operations?cursor={found['cursor']}")


@operations.command("show")
def show_operation(reference: str, url: Url = None, config: ConfigFile = None, data: Data = VAR) -> None:
    """What became of one, what we believe and why, and what may be done to it now."""
    found = _Desk(config, data, url).read(f"/api/operations/{_part(reference)}")
    typer.echo("\n".join(_story(found)))


@operations.command("retry")
def retry_operation(
    reference: str, by: By, why: Why, url: Url = None, config: ConfigFile = None, data: Data = VAR
) -> None:
    """The same step again, now. What was sent is asked about, never sent anew."""
    _act(_Desk(config, data, url), reference, "retry", {"by": by, "why": why})


@operations.command("cancel")
def cancel_operation(
    reference: str, by: By, why: Why, url: Url = None, config: ConfigFile = None, data: Data = VAR
) -> None:
    """End what has moved nothing yet. What it holds is given back, its customer is told."""
    _act(_Desk(config, data, url), reference, "cancel", {"by": by, "why": why})


@operations.command("resolve")
def resolve_operation(
    reference: str,
    outcome: Annotated[str, typer.Option(help="What became of the money: paid or unpaid.")],
    evidence: Annotated[str, typer.Option(help="What proves it: which statement, which line.")],
    by: By,
    why: Why,
    receipt: Annotated[str | None, typer.Option(help="The rail's receipt; needed for paid.")] = None,
    url: Url = None,
    config: ConfigFile = None,
    data: Data = VAR,
) -> None:
    """Say what became of money that nobody could vouch for. A second person confirms it."""
    body = {"by": by, "why": why, "outcome": outcome, "evidence": evidence}
    if receipt:
        body["receipt"] = receipt
    desk = _Desk(config, data, url)
    done = desk.write(f"/api/operations/{_part(reference)}/resolve", body)
    typer.echo(f"{done['act']} waits for a second person: nyota operations confirm {done['act']} --by ...")


@operations.command("acts")
def waiting_acts(url: Url = None, config: ConfigFile = None, data: Data = VAR) -> None:
    """What waits for a second person."""
    for row in _Desk(config, data, url).read("/api/operations/acts")["acts"]:
        said = f"{row['outcome']} {row['receipt'] or ''}".strip()
        typer.echo(_line(row["act"], row["reference"], said, f"by {row['by']}", row["until"], row["evidence"]))


@operations.command("confirm")
def confirm_act(act: str, by: By, url: Url = None, config: ConfigFile = None, data: Data = VAR) -> None:
    """Agree, as the second person: from now on it is so."""
    done = _Desk(config, data, url).write(f"/api/operations/acts/{_part(act)}/confirm", {"by": by})
    typer.echo(f"{done['reference']}: {done['done']} as {done['outcome']}")


@operations.command("decline")
def decline_act(act: str, by: By, url: Url = None, config: ConfigFile = None, data: Data = VAR) -> None:
    """Say no to what somebody has proposed."""
    done = _Desk(config, data, url).write(f"/api/operations/acts/{_part(act)}/decline", {"by": by})
    typer.echo(f"{done['reference']}: {done['done']}")


@operations.command("export")
def export_operations(
    out: Annotated[Path, typer.Option(help="Where to write the CSV.")],
    state: State = None,
    kind: Annotated[str | None, typer.Option(help="Only of this kind.")] = None,
    phone: Phone = None,
    since: Annotated[str | None, typer.Option(help="Asked for since this day or moment.")] = None,
    url: Url = None,
    config: ConfigFile = None,
    data: Data = VAR,
) -> None:
    """All of them as CSV."""
    asked = {"state": state, "kind": kind, "phone": phone, "since": since}
    content = _Desk(config, data, url).file("/api/operations/export", asked)
    out.write_bytes(content)
    typer.echo(f"Written: {out}")


@cases.command("list")
def list_cases(
    state: State = None,
    owner: Annotated[str | None, typer.Option(help="Only this person's.")] = None,
    phone: Phone = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those past their day.")] = False,
    limit: Limit = 50,
    url: Url = None,
    config: ConfigFile = None,
    data: Data = VAR,
) -> None:
    """Cases, the newest first."""
    asked = {"state": state, "owner": owner, "phone": phone, "overdue": "true" if overdue else None, "limit": limit}
    found = _Desk(config, data, url).read("/api/cases", asked)
    for row in found["cases"]:
        whose = row["owner"] or "nobody's"
        late = "OVERDUE" if row["isOverdue"] else ""
        typer.echo(_line(row["reference"], row["topic"], row["state"], whose, row["answerBy"], row["operation"], late))


@cases.command("show")
def show_case(reference: str, url: Url = None, config: ConfigFile = None, data: Data = VAR) -> None:
    """One, with its evidence and all that was written to it."""
    typer.echo("\n".join(_case(_Desk(config, data, url).read(f"/api/cases/{_part(reference)}"))))


@cases.command("take")
def take_case(reference: str, by: By, url: Url = None, config: ConfigFile = None, data: Data = VAR) -> None:
    """Have it in hand from now on."""
    _case_act(_Desk(config, data, url), reference, "take", {"by": by})


@cases.command("note")
def note_case(
    reference: str,
    text: Annotated[str, typer.Option(help="What happened.")],
    by: By,
    waits: Annotated[bool, typer.Option("--waits", help="It waits for somebody else from now on.")] = False,
    url: Url = None,
    config: ConfigFile = None,
    data: Data = VAR,
) -> None:
    """Write something to it."""
    _case_act(_Desk(config, data, url), reference, "note", {"by": by, "text": text, "waits": waits})


@cases.command("resolve")
def resolve_case(
    reference: str,
    answer: Annotated[str, typer.Option(help="In words for the customer, who gets them by SMS.")],
    by: By,
    url: Url = None,
    config: ConfigFile = None,
    data: Data = VAR,
) -> None:
    """Answer it."""
    _case_act(_Desk(config, data, url), reference, "resolve", {"by": by, "answer": answer})


@cases.command("ignore")
def ignore_case(
    reference: str,
    text: Annotated[str, typer.Option(help="Why there is nothing to answer.")],
    by: By,
    url: Url = None,
    config: ConfigFile = None,
    data: Data = VAR,
) -> None:
    """Close it without a word to anybody."""
    _case_act(_Desk(config, data, url), reference, "ignore", {"by": by, "text": text})


class _Desk:
    """A gateway's desk, over HTTP."""

    def __init__(self, config: Path | None, data: Path, url: str | None) -> None:
        from gateway.desk.remote import office

        self._office = office(config, data, url)

    def file(self, path: str, query: Mapping[str, object] | None = None) -> bytes:
        asked = {key: value for key, value in (query or {}).items() if value is not None}
        return asyncio.run(self._office.fetched(f"{path}?{urlencode(asked)}" if asked else path))

    def read(self, path: str, query: Mapping[str, object] | None = None) -> dict[str, Any]:
        return dict(json.loads(self.file(path, query)))

    def write(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return asyncio.run(self._office.asked(path, body))


def _act(desk: _Desk, reference: str, act: str, body: dict[str, Any]) -> None:
    done = desk.write(f"/api/operations/{_part(reference)}/{act}", body)
    typer.echo(f"{done['reference']}: {done['done']}; it is {done['state']} at {done['step']}")


def _case_act(desk: _Desk, reference: str, act: str, body: dict[str, Any]) -> None:
    done = desk.write(f"/api/cases/{_part(reference)}/{act}", body)
    typer.echo(f"{done['reference']}: {done['state']}, {done['owner'] or 'nobody'} has it")


def _story(found: Mapping[str, Any]) -> Iterator[str]:
    yield f"{found['reference']}  {found['kind']}  {found['state']} at {found['step']}"
    for event in found["events"]:
        rest = {key: value for key, value in event.items() if key not in {"at", "what"} and value not in (None, "", {})}
        yield _line(f"  {event['at']}", f"{event['what']:<9}", *(f"{key} {value}" for key, value in rest.items()))
    yield found["belief"]
    for act, answer in found["acts"].items():
        yield f"{act}: {answer}"


def _case(found: Mapping[str, Any]) -> Iterator[str]:
    yield _line(found["reference"], found["topic"], found["state"], found["owner"] or "nobody's")
    yield _line(f"answer by {found['answerBy']}", found["phone"], found["operation"])
    for key, value in found["evidence"].items():
        yield _line(f"  {key}", value)
    for note in found["notes"]:
        yield _line(f"  {note['at']}", note["act"], note["by"], note["text"])


def _part(name: str) -> str:
    """A name as a part of an address."""
    return quote(name, safe="")


def _line(*parts: object) -> str:
    """What people typed is shown, never obeyed: no escape reaches the terminal."""
    text = "  ".join(str(part) for part in parts if part not in (None, ""))
    return "".join(letter if letter.isprintable() else "?" for letter in text)
