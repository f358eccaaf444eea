"""After a restore: pay-outs stopped, what was forgotten asked of the rail, a report for whoever lets them go."""

from typing import Any

from gateway.clock import HOUR_MS, MINUTE_MS
from gateway.feature import Feature, Tools
from gateway.features.reconciling import taking_of
from gateway.playbooks.catch_up import CatchUp, ReceivedStep, Thoroughness
from gateway.restoring import records
from gateway.restoring.asking import asked
from gateway.restoring.noticing import noticed
from gateway.web.restoring import RestoreRoutes


def feature(tools: Tools) -> Feature:
    settings, taking = tools.config.restoring, taking_of(tools)
    thoroughness = Thoroughness(
        questions=settings.questions,
        wait_ms=round(settings.wait_minutes * MINUTE_MS),
        margin_ms=round(settings.margin_minutes * MINUTE_MS),
        every_ms=1000 / settings.a_second,
        look_ms=round(settings.look_seconds * 1000),
        answer_ms=tools.config.organisation.answer_hours * HOUR_MS,
    )
    received = ReceivedStep(tools.rail, tools.store, taking, tools.clock, margin_ms=thoroughness.margin_ms)

    async def opens() -> None:
        """Whoever starts first after a restore has it caught up with, also when nobody has said that there was one."""
        await noticed(tools.store, getattr(tools.rail, "witness", None), tools.clock)
        async with tools.store.read() as connection:
            restore = await records.latest(connection)
        if restore is not None and not restore.is_caught_up:
            async with tools.store.begin() as connection:
                await asked(connection, tools.outbox, restore)

    async def check() -> dict[str, Any]:
        """Degraded until it is caught up with: until then nothing is paid out."""
        async with tools.store.read() as connection:
            restore = await records.latest(connection)
        if restore is None or restore.is_caught_up:
            return {"status": "ok"}
        return {"status": "degraded", "reason": "restored, and not caught up yet"}

    return Feature(
        playbooks=[CatchUp(tools.rail, taking, thoroughness).playbook(received)],
        routes=RestoreRoutes(tools.store, tools.outbox, tools.clock).table(),
        checks={"restore": check},
        opens=opens,
    )
