"""The floats from a terminal, through the database: it works while nothing else of Nyota runs."""

from pathlib import Path

from gateway.clock import iso, system
from gateway.config import load
from gateway.lending.fields import amount_text
from gateway.payouts.standing import Paying, Standing
from gateway.store.engine import Store


async def shown(config_path: Path | None, data: Path) -> list[str]:
    """What the shortcodes hold, line by line."""
    config = load(config_path, {"database": {"url": f"sqlite+aiosqlite:///{data / 'nyota.db'}"}})
    paying = Paying(config.rails.daraja.payout.shortcode, config.rails.float)
    store = Store(config.database.url, busy_seconds=30)
    try:
        async with store.read() as connection:
            found = await paying.standing(connection, system())
    finally:
        await store.close()
    return [_line(each) for each in found] or ["M-PESA has not said yet what the shortcodes hold"]


def _line(standing: Standing) -> str:
    known = standing.known
    line = f"{known.shortcode} {known.account}: KES {amount_text(known.available_cents)} at {iso(known.at)}"
    if standing.is_stale:
        line += ", old"
    if not standing.pays_out:
        return line
    hours = standing.hours_left
    lasts = "lasts more than two weeks" if hours is None else f"lasts about {hours:.1f} h"
    return f"{line}; {known.level}, KES {amount_text(standing.in_flight_cents)} on its way out, {lasts}"
