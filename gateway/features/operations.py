"""The queue as operators see it."""

from gateway.feature import Feature, Tools
from gateway.web.operations import OperationRoutes


def feature(tools: Tools) -> Feature:
    return Feature(routes=OperationRoutes(tools.store).table())
