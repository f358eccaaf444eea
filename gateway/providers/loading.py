"""Which carriers there are: a block of `providers:` in the configuration each, read by the file of that name.

A file in this package has a class `Settings`, whose defaults are those of the block, and a class `Provider`.
"""

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from pydantic import BaseModel, ValidationError

from gateway.config import Block, Providers
from gateway.errors import Misconfigured
from gateway.providers.contract import UssdProvider

NAME_CHARACTERS_MAX = 20
"""It is kept with each message."""


def settings_of(providers: Providers) -> dict[str, Any]:
    """The settings of every carrier that is named. Raises Misconfigured naming the key."""
    return {name: _parsed(name, block) for name, block in providers}


def providers_of(providers: Providers, codes: tuple[str, ...]) -> dict[str, Any]:
    """Every carrier, ready. Raises Misconfigured naming what is missing."""
    return {name: _ready(name, settings, codes) for name, settings in settings_of(providers).items()}


def _parsed(name: str, block: Any) -> BaseModel:
    if isinstance(block, BaseModel) and not isinstance(block, Block):
        return block
    model: type[BaseModel] = _module(name).Settings
    try:
        return model.model_validate(block.root if block else {})
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(("providers", name, *map(str, first["loc"])))
        raise Misconfigured(f"{key}: {first['msg']}") from error


def _ready(name: str, settings: Any, codes: tuple[str, ...]) -> UssdProvider:
    variable = f"NYOTA_PROVIDERS__{name.upper()}__"
    if hasattr(settings, "api_key") and not settings.api_key.get_secret_value():
        raise Misconfigured(f"providers.{name}.api_key: needed; set {variable}API_KEY")
    provider: UssdProvider = _module(name).Provider(settings, codes)
    if not provider.callback_token and not provider.open_callbacks:
        raise Misconfigured(f"providers.{name}.callback_token: needed, or say providers.{name}.open_callbacks: true")
    return provider


def _module(name: str) -> ModuleType:
    path = f"{__package__}.{name}"
    if len(name) > NAME_CHARACTERS_MAX:
        raise Misconfigured(f"providers.{name}: at most {NAME_CHARACTERS_MAX} characters")
    if not name.isidentifier() or find_spec(path) is None or not hasattr(import_module(path), "Provider"):
        raise Misconfigured(f"providers.{name}: there is no file gateway/providers/{name}.py for it")
    return import_module(path)
