"""The core that the configuration names, and what it keeps for us."""

from collections.abc import Mapping

from gateway.config import Ledger as Settings
from gateway.errors import Misconfigured
from gateway.ledgers.contract import Ledger
from gateway.ledgers.fineract import FineractLedger
from gateway.ledgers.http import HttpLedger


def ledger_of(settings: Settings) -> Ledger | None:
    """None when our own books keep the loans. Raises Misconfigured without the secret that the core asks for."""
    if settings.kind == "fineract":
        if not settings.fineract.password.get_secret_value():
            raise Misconfigured("ledger.fineract.password: needed; set NYOTA_LEDGER__FINERACT__PASSWORD")
        return FineractLedger(settings.fineract, timeout_seconds=settings.timeout_seconds)
    if settings.kind == "http":
        if not settings.http.token.get_secret_value():
            raise Misconfigured("ledger.http.token: needed; set NYOTA_LEDGER__HTTP__TOKEN")
        return HttpLedger(settings.http, timeout_seconds=settings.timeout_seconds)
    return None


def names_of(settings: Settings) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """Our products by what the core calls them, and the accounts of people that it keeps."""
    if settings.kind == "fineract":
        products = {key: str(product.id) for key, product in settings.fineract.products.items()}
        return products, tuple(settings.fineract.savings)
    return dict(settings.http.products), tuple(settings.http.savings)
