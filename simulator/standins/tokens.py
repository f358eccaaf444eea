"""Access tokens: one alive for each app. A new one kills the one before, and they outlive a restart."""

import base64
import binascii
import secrets
from hmac import compare_digest

from simulator.standins.calls import DarajaError
from simulator.standins.settings import DarajaApp
from simulator.standins.world import World

_REFUSALS = {
    "c2b": (400, "400.003.01", "Invalid Access Token"),
    "status": (400, "400.003.01", "Invalid Access Token"),
    "balance": (401, "401.002.01", "Error Occurred - Invalid Access Token - {token}"),
    "b2c": (401, "401.002.01", "Error Occurred - Invalid Access Token - {token}"),
}
_USUAL_REFUSAL = (404, "404.001.03", "Invalid Access Token")


def issue(world: World, authorization: str, grant_type: str) -> str:
    """A fresh token for the app whose key and secret came by Basic. Raises DarajaError for anybody else."""
    app = _app_of(world, authorization)
    if app is None:
        raise DarajaError(400, "400.008.01", "Invalid Authentication passed")
    if grant_type != "client_credentials":
        raise DarajaError(400, "400.008.02", "Invalid grant type passed")
    token = secrets.token_hex(14)
    with world.change() as book:
        book.execute(
            "INSERT INTO tokens (app, token, expires_at) VALUES (?, ?, ?)"
            " ON CONFLICT (app) DO UPDATE SET token = excluded.token, expires_at = excluded.expires_at",
            app.key,
            token,
            world.now() + world.settings.token_seconds,
        )
    return token


def owner(world: World, authorization: str, api: str) -> DarajaApp:
    """The app whose living token this is. Raises DarajaError in the words of the API that was called."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise DarajaError(404, "404.001.04", "Invalid Authorization Header")
    key = world.book.value("SELECT app FROM tokens WHERE token = ? AND expires_at > ?", token, world.now())
    for app in _apps(world):
        if app.key == key:
            return app
    status, code, message = _REFUSALS.get(api, _USUAL_REFUSAL)
    raise DarajaError(status, code, message.format(token=token))


def _app_of(world: World, authorization: str) -> DarajaApp | None:
    scheme, _, credentials = authorization.partition(" ")
    try:
        given = base64.b64decode(credentials, validate=True)
    except (binascii.Error, ValueError):
        return None
    for app in _apps(world):
        if scheme.lower() == "basic" and compare_digest(given, f"{app.key}:{app.secret}".encode()):
            return app
    return None


def _apps(world: World) -> tuple[DarajaApp, DarajaApp]:
    return world.settings.collection, world.settings.payout
