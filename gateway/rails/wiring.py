"""The rail as the configuration has it, and what of its patience others have to know."""

from gateway.clock import Clock
from gateway.config import Config, Daraja
from gateway.rails.breakers import Trip
from gateway.rails.bucket import Buckets
from gateway.rails.daraja import DarajaRail
from gateway.rails.door import Door
from gateway.rails.steps import Patience
from gateway.rails.token_shelf import TokenShelves
from gateway.rails.witness import Witness
from gateway.store.engine import Store


def rail_of(config: Config, store: Store, clock: Clock) -> DarajaRail:
    """Ready to be spoken to; opens no connection yet."""
    return DarajaRail(
        config.rails.daraja,
        clock,
        shelves=_shelves(config),
        door=_door(config, store, clock),
        witness=_witness(config),
    )


def patience_of(daraja: Daraja) -> Patience:
    """How long is waited for what."""
    return Patience(
        callback_ms=_ms(daraja.callback_seconds),
        ask_ms=_ms(daraja.ask_seconds),
        ask_max_ms=_ms(daraja.ask_max_seconds),
        slow_ms=_ms(daraja.slow_seconds),
        give_up_ms=_ms(daraja.give_up_seconds),
        prompt_expires_ms=_ms(daraja.prompt_expires_seconds),
    )


def doubt_ms_of(daraja: Daraja) -> int:
    """By then a prompt has been answered or has expired, and the rail's list has been asked once more."""
    patience = patience_of(daraja)
    return patience.prompt_expires_ms + 2 * patience.ask_max_ms


def shortcodes_of(daraja: Daraja) -> frozenset[str]:
    """Every one that a payment to us may name."""
    return frozenset((daraja.collection.shortcode, daraja.payout.shortcode, *daraja.shortcodes_also))


def _shelves(config: Config) -> TokenShelves:
    """Where all processes share the rail's tokens."""
    return TokenShelves(
        config.redis.url,
        timeout_seconds=config.redis.timeout_seconds,
        claim_seconds=2 * config.rails.daraja.timeout_seconds,
    )


def _witness(config: Config) -> Witness:
    """What knows of the last pay-out when the database does not."""
    name = f"{DarajaRail.name}:{config.rails.daraja.payout.shortcode}"
    return Witness(config.redis.url, name, timeout_seconds=config.redis.timeout_seconds)


def _door(config: Config, store: Store, clock: Clock) -> Door:
    """What every call to the rail goes through, of all processes together."""
    daraja, name = config.rails.daraja, DarajaRail.name
    buckets = Buckets(config.redis.url, f"rail:{name}", daraja.limits, timeout_seconds=config.redis.timeout_seconds)
    trip = Trip(daraja.breaker_failures, _ms(daraja.breaker_seconds), _ms(daraja.breaker_max_seconds))
    return Door(name, store, clock, buckets, trip)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
