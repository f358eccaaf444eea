"""The core that the configuration names: `ledger.kind` is the name of a file in this package.

Such a file has a class `Settings`, whose defaults are those of the block `ledger.<kind>`, and a function
`core(settings, timeout_seconds)` that answers a `Core` or raises Misconfigured naming the secret that it lacks.
"""

import json
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError

from gateway.config import Ledger as Settings
from gateway.errors import Misconfigured
from gateway.ledgers.contract import Core

EMBEDDED = "embedded"
TEXTS = (str, SecretStr)


def core_of(settings: Settings) -> Core | None:
    """None when our own books keep the loans. Raises Misconfigured naming the key."""
    blocks = settings_of(settings)
    if settings.kind == EMBEDDED:
        return None
    found: Core = _module(settings.kind).core(blocks[settings.kind], settings.timeout_seconds)
    return found


def settings_of(settings: Settings) -> dict[str, Any]:
    """What is set of the core that is named, and of every other that has a block. Raises Misconfigured."""
    blocks = {name: getattr(block, "root", block) for name, block in (settings.model_extra or {}).items()}
    if settings.kind != EMBEDDED and not _is_core(settings.kind):
        raise Misconfigured(f"ledger.kind: there is no file gateway/ledgers/{settings.kind}.py for it")
    named: dict[str, Any] = {settings.kind: {}} if settings.kind != EMBEDDED else {}
    return {name: _parsed(name, block) for name, block in (named | blocks).items()}


def _parsed(name: str, block: Any) -> BaseModel:
    if isinstance(block, BaseModel):
        return block
    model: type[BaseModel] = _module(name).Settings
    try:
        return model.model_validate({key: _read(model, key, value) for key, value in block.items()})
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(("ledger", name, *map(str, first["loc"])))
        raise Misconfigured(f"{key}: {first['msg']}") from error


def _read(model: type[BaseModel], key: str, value: Any) -> Any:
    """A mapping or list may come as JSON: the environment knows nothing but text."""
    field = model.model_fields.get(key)
    if not isinstance(value, str) or field is None or field.annotation in TEXTS:
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _module(name: str) -> ModuleType:
    if not _is_core(name):
        raise Misconfigured(f"ledger.{name}: there is no such key, and no file gateway/ledgers/{name}.py")
    return import_module(_path(name))


def _is_core(name: str) -> bool:
    if not name.isidentifier() or find_spec(_path(name)) is None:
        return False
    module = import_module(_path(name))
    return all(hasattr(module, each) for each in ("Settings", "core"))


def _path(name: str) -> str:
    return f"{__package__}.{name}"
