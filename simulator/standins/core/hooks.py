"""Hooks: what happened is told to whoever registered, at most once, unsigned, from beside the work.

POST <url>/     X-Fineract-Entity: LOAN     X-Fineract-Action: DISBURSE     Fineract-Platform-TenantId: default
{"entityName": "LOAN", "actionName": "DISBURSE", "createdBy": 1, "createdByName": "mifos",
 "createdByFullName": "App Admin", "request": {"transactionAmount": "9000", ...}, "officeId": 1, "clientId": 41,
 "response": {"clientId": 41, "loanId": 77, "resourceId": 77, ...}, "timestamp": "2026-03-02T08:15:30.120Z"}

A command that failed is told too, without `response`. What nobody hears is never told again. The server remembers
only whether anybody at all listens: a receiver gets events that it did not ask for.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from sqlite3 import Row
from typing import Any
from urllib.parse import urlencode

import aiohttp
import structlog

from simulator.standins.book import Rows
from simulator.standins.core import wire
from simulator.standins.core.calls import OFFICE, Act, Ask, Core, Read, Result, Write, whole
from simulator.standins.core.errors import detail, invalid, missing
from simulator.standins.faults import Drawn
from simulator.standins.settings import is_loopback_url

log = structlog.get_logger()

_FIELDS = ("name", "displayName", "isActive", "events", "config")
_TYPES = {"json": "application/json", "form": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class Event:
    """What is told. `response` is None when nothing happened."""

    entity: str
    action: str
    request: Any
    response: Mapping[str, Any] | None


def routes() -> tuple[Read | Write, ...]:
    one = "hooks/{hook}"
    return (
        Write("POST", "hooks", "", "CREATE", "HOOK", _FIELDS, _create),
        Write("PUT", one, "", "UPDATE", "HOOK", _FIELDS, _update),
        Write("DELETE", one, "", "DELETE", "HOOK", (), _delete),
        Read("GET", one, lambda ask: _shown(_row(ask.rows, ask.refs["hook"]))),
        Read("GET", "hooks", _list),
    )


def tell(core: Core, event: Event, drawn: Drawn) -> None:
    """Have everybody told, later or not at all where a fault wants so. Returns at once."""
    if "lost-hook" in drawn:
        return
    for row in core.store.rows.all("SELECT * FROM hooks WHERE is_active ORDER BY id"):
        task = asyncio.create_task(_deliver(core, row, event, drawn.of("late-hook")))
        core.tasks.add(task)
        task.add_done_callback(core.tasks.discard)


async def tell_first(core: Core, event: Event, seconds: float) -> None:
    """Have everybody told and wait until they have heard, for at most so long."""
    listeners = core.store.rows.all("SELECT * FROM hooks WHERE is_active ORDER BY id")
    tasks = [asyncio.create_task(_deliver(core, row, event, 0.0)) for row in listeners]
    if tasks:
        core.tasks.update(tasks)
        await asyncio.wait(tasks, timeout=seconds)
        core.tasks.difference_update(tasks)


async def _deliver(core: Core, row: Row, event: Event, after_seconds: float) -> None:
    if after_seconds:
        await core.world.pulse.until(lambda: core.world.is_stopping, after_seconds)
    if core.world.is_stopping or not is_loopback_url(row["url"]):
        return
    headers = {
        "X-Fineract-Entity": event.entity,
        "X-Fineract-Action": event.action,
        "Fineract-Platform-TenantId": core.server.tenant,
        "Content-Type": _TYPES[row["content_type"]],
    }
    timeout = aiohttp.ClientTimeout(total=core.world.settings.send_timeout_seconds)
    outcome = "sent"
    try:
        async with core.world.client.post(
            row["url"], data=_body(core, row, event), headers=headers, timeout=timeout, allow_redirects=False
        ) as answer:
            outcome = str(answer.status)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        outcome = type(error).__name__
    log.info("hook", entity=event.entity, action=event.action, outcome=outcome)


def _body(core: Core, row: Row, event: Event) -> bytes:
    told: dict[str, Any] = {
        "entityName": event.entity,
        "actionName": event.action,
        "createdBy": 1,
        "createdByName": core.server.user,
        "createdByFullName": "App Admin",
        "request": event.request,
        "timestamp": datetime.fromtimestamp(core.world.now(), UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
    }
    if event.response is not None:
        told |= {name: event.response[name] for name in ("officeId", "clientId") if name in event.response}
        told["response"] = event.response
    if row["content_type"] == "form":
        return urlencode({name: _flat(value) for name, value in told.items()}).encode()
    return wire.encode(told)


def _flat(value: Any) -> str:
    return value if isinstance(value, str) else wire.encode(value).decode()


def _create(act: Act) -> Result:
    fields = act.fields
    if fields.text("name") != "Web":
        raise invalid([detail("validation.msg.hook.name.invalid", "Only the template Web is kept here.", "name")])
    values = _checked(act)
    number = act.rows.execute(
        "INSERT INTO hooks (name, display_name, is_active, url, content_type, events) VALUES (?, ?, ?, ?, ?, ?)",
        "Web",
        *values,
    ).lastrowid
    return {"officeId": OFFICE, "resourceId": number}


def _update(act: Act) -> Result:
    row = _row(act.rows, act.refs["hook"])
    act.rows.execute(
        "UPDATE hooks SET display_name = ?, is_active = ?, url = ?, content_type = ?, events = ? WHERE id = ?",
        *_checked(act),
        row["id"],
    )
    return {"resourceId": row["id"], "changes": {}}


def _delete(act: Act) -> Result:
    row = _row(act.rows, act.refs["hook"])
    act.rows.execute("DELETE FROM hooks WHERE id = ?", row["id"])
    return {"resourceId": row["id"]}


def _checked(act: Act) -> tuple[object, ...]:
    """Display name, whether it is active, URL, content type and events, as they are kept."""
    fields = act.fields
    config, events = fields.values.get("config"), fields.values.get("events")
    if not isinstance(config, dict) or config.get("Content Type") not in _TYPES:
        message = "config needs a Content Type of json or form."
        raise invalid([detail("validation.msg.hook.Content Type.invalid", message, "config")])
    url = config.get("Payload URL")
    if not isinstance(url, str) or not is_loopback_url(url) or not url.endswith("/"):
        message = "config needs a Payload URL on this machine that ends in a slash."
        raise invalid([detail("validation.msg.hook.Payload URL.invalid", message, "config")])
    if not isinstance(events, list) or not events or not all(_is_event(event) for event in events):
        message = "events is a list of entityName and actionName."
        raise invalid([detail("validation.msg.hook.events.invalid", message, "events")])
    return (
        fields.optional("displayName") or "",
        fields.flag("isActive"),
        url,
        config["Content Type"],
        json.dumps(events),
    )


def _is_event(event: object) -> bool:
    return isinstance(event, dict) and all(isinstance(event.get(name), str) for name in ("entityName", "actionName"))


def _row(rows: Rows, ref: str) -> Row:
    row = rows.one("SELECT * FROM hooks WHERE id = ?", whole(ref))
    if row is None:
        raise missing("error.msg.hook.identifier.not.found", f"Hook with identifier {ref} does not exist", ref)
    return row


def _list(ask: Ask) -> list[dict[str, Any]]:
    return [_shown(row) for row in ask.rows.all("SELECT * FROM hooks ORDER BY id")]


def _shown(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "name": row["name"],
        "displayName": row["display_name"],
        "isActive": bool(row["is_active"]),
        "events": json.loads(row["events"]),
        "config": [
            {"fieldName": "Payload URL", "fieldValue": row["url"]},
            {"fieldName": "Content Type", "fieldValue": row["content_type"]},
        ],
    }
