"""The configuration of a rail whose other end are the stand-ins."""

from typing import Any

from pydantic import SecretStr

from gateway.config import App, Daraja
from simulator.standins.settings import DarajaApp
from tests.simulator.standins.standins_town import Town


def config(town: Town, **changes: Any) -> Daraja:
    def app(settings: DarajaApp) -> App:
        return App(
            consumer_key=SecretStr(settings.key),
            consumer_secret=SecretStr(settings.secret),
            shortcode=settings.shortcode,
        )

    values: dict[str, Any] = {
        "base_url": town.url("/daraja"),
        "collection": app(town.settings.collection),
        "payout": app(town.settings.payout),
        "passkey": SecretStr(town.settings.collection.passkey),
        "security_credential": SecretStr("Y3JlZGVudGlhbA=="),
        "timeout_seconds": 2.0,
    }
    return Daraja(**{**values, **changes})
