"""The queue as operators see it, and their hand on it."""

from gateway.clock import HOUR_MS, MINUTE_MS
from gateway.desk.acting import Acting
from gateway.feature import Feature, Tools
from gateway.web.acts import ActRoutes
from gateway.web.operations import OperationRoutes


def feature(tools: Tools) -> Feature:
    settings = tools.config.desk
    acting = Acting(
        tools.outbox,
        tools.callbacks,
        shortcode=tools.config.rails.daraja.collection.shortcode,
        answer_ms=settings.second_hours * HOUR_MS,
        ripe_ms=settings.unpaid_minutes * MINUTE_MS,
        kinds=tools.under_way,
    )
    acts = ActRoutes(tools.store, tools.outbox, acting, tools.clock)
    operations = OperationRoutes(tools.store, acting, tools.clock)
    return Feature(routes=(*acts.table(), *operations.table()))
