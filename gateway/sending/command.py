"""`nyota sms send` and `list`: asks a running gateway, with the operators' token."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import typer

from gateway.desk.remote import Office
from gateway.errors import NyotaError, Rejected
from gateway.terminal import printable

PAGE = 200


def send(desk: Office, body: Mapping[str, str], key: str, *, as_json: bool = False) -> None:
    """Raises Rejected; and Unavailable, after it has said how to ask again without sending twice."""
    try:
        sent = asyncio.run(desk.asked("/api/sms/send", dict(body), key=key))
    except Rejected:
        raise
    except NyotaError:
        typer.echo(f"Whether it was taken is not known. The same once more, sent once: --key {key}", err=True)
        raise
    parts = counted(sent["parts"], "part")
    typer.echo(json.dumps(sent) if as_json else f"{sent['reference']}: {sent['state']}, {parts} ({sent['alphabet']})")


def show(desk: Office, *, phone: str | None, state: str | None, limit: int, as_json: bool = False) -> None:
    """The newest first, page by page. Raises Rejected, Unavailable."""
    rows = asyncio.run(_listed(desk, {"phone": phone, "state": state}, limit))
    if as_json:
        typer.echo(json.dumps(rows))
        return
    for row in rows:
        typer.echo(_line(row))


async def _listed(desk: Office, asked: Mapping[str, str | None], limit: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None and len(found) < limit:
        query = {**asked, "limit": str(min(PAGE, limit - len(found))), "cursor": cursor or None}
        told = {name: value for name, value in query.items() if value is not None}
        page = json.loads(await desk.fetched(f"/api/sms/notifications?{urlencode(told)}"))
        found, cursor = found + page["notifications"], page["cursor"]
    return found


def counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _line(row: Mapping[str, Any]) -> str:
    shown = (
        row["createdAt"],
        row["phone"],
        row["template"],
        row["state"],
        row["provider"],
        row["sender"] and f"from {row['sender']}",
        counted(row["parts"], "part"),
    )
    rest = (row["cost"], row["reason"], row["text"])
    return printable("  ".join(str(part) for part in (*shown, *rest) if part))
