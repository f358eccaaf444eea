"""Several calls in one: each for itself, or all of them or none.

POST /fineract-provider/api/v1/batches?enclosingTransaction=true
[{"requestId": 1, "relativeUrl": "loans/77?command=approve", "method": "POST",
  "headers": [{"name": "Idempotency-Key", "value": "op-1"}], "body": "{\\"approvedOnDate\\": ...}"},
 {"requestId": 2, "reference": 1, "relativeUrl": "loans/$.loanId?command=disburse", "method": "POST", "body": "..."}]
200 [{"requestId": 1, "statusCode": 200, "headers": [...], "body": "{...}"}, ...]
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from simulator.standins.core import commands, hooks, wire
from simulator.standins.core.calls import Core
from simulator.standins.core.commands import Answer, Command
from simulator.standins.core.errors import ApiError, detail, invalid
from simulator.standins.core.fields import read_json
from simulator.standins.faults import NOTHING_WRONG

ITEMS_MAX = 100
_FIELD = re.compile(r"\$\.([A-Za-z0-9_]+)")

Part = Callable[[Core, str, str, Mapping[str, str], bytes], Command | Answer]
"""What one item asks for by method, URL, headers and body: a command, or the answer if it only reads."""


class _FailedError(Exception):
    def __init__(self, item: Mapping[str, Any], answer: Answer) -> None:
        super().__init__(str(answer.status))
        self.item = item
        self.answer = answer


async def perform(core: Core, query: Mapping[str, str], raw: bytes, *, part: Part) -> Answer:
    """Each item in its order. `part` finds out what one of them asks for."""
    items = _items(raw)
    if query.get("enclosingTransaction") == "true":
        return await _together(core, items, part)
    answers: dict[Any, Answer] = {}
    for item in items:
        answers[item.get("requestId")] = await _alone(core, item, answers, part)
    return _all(items, answers)


async def _alone(core: Core, item: Mapping[str, Any], before: Mapping[Any, Answer], part: Part) -> Answer:
    try:
        asked = _asked(core, item, before, part)
        return asked if isinstance(asked, Answer) else await commands.perform(core, asked)
    except ApiError as refusal:
        return Answer(refusal.status, wire.encode(refusal.body))


async def _together(core: Core, items: list[Mapping[str, Any]], part: Part) -> Answer:
    """One failure undoes everything, and is the only answer."""
    answers: dict[Any, Answer] = {}
    try:
        events = _all_or_none(core, items, answers, part)
    except _FailedError as failed:
        return Answer(400, wire.encode([_shown(failed.item, failed.answer)]))
    await core.store.settled()
    for event in events:
        hooks.tell(core, event, NOTHING_WRONG)
    return _all(items, answers)


def _all_or_none(
    core: Core, items: list[Mapping[str, Any]], answers: dict[Any, Answer], part: Part
) -> list[hooks.Event]:
    events: list[hooks.Event] = []
    with core.store.change() as rows:
        for item in items:
            try:
                asked = _asked(core, item, answers, part)
                answer, event = (asked, None) if isinstance(asked, Answer) else commands.execute_in(rows, core, asked)
            except ApiError as refusal:
                raise _FailedError(item, Answer(refusal.status, wire.encode(refusal.body))) from refusal
            answers[item.get("requestId")] = answer
            events += [] if event is None else [event]
    return events


def _asked(core: Core, item: Mapping[str, Any], before: Mapping[Any, Answer], part: Part) -> Command | Answer:
    url, body = (_filled(str(item.get(name) or ""), item, before) for name in ("relativeUrl", "body"))
    headers = {
        str(one.get("name")): str(one.get("value")) for one in item.get("headers") or [] if isinstance(one, dict)
    }
    return part(core, str(item.get("method")), url, headers, body.encode(errors="replace"))


def _filled(text: str, item: Mapping[str, Any], before: Mapping[Any, Answer]) -> str:
    """With the fields of the answer that this item refers to."""
    reference = before.get(item.get("reference"))
    if reference is None:
        return text
    values = json.loads(reference.body)
    return _FIELD.sub(lambda match: str(values.get(match[1], match[0])), text)


def _items(raw: bytes) -> list[Mapping[str, Any]]:
    items = read_json(raw)
    if not isinstance(items, list) or len(items) > ITEMS_MAX or not all(isinstance(item, dict) for item in items):
        raise _not_a_list()
    return items


def _not_a_list() -> ApiError:
    return invalid([detail("validation.msg.batch.invalid", f"A list of at most {ITEMS_MAX} requests.", "batch")])


def _all(items: list[Mapping[str, Any]], answers: Mapping[Any, Answer]) -> Answer:
    return Answer(200, wire.encode([_shown(item, answers[item.get("requestId")]) for item in items]))


def _shown(item: Mapping[str, Any], answer: Answer) -> dict[str, Any]:
    cached = [{"name": "x-served-from-cache", "value": "true"}] if answer.is_from_cache else []
    return {
        "requestId": item.get("requestId"),
        "statusCode": answer.status,
        "headers": [*(item.get("headers") or []), *cached],
        "body": answer.body.decode(),
    }
