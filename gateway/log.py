"""Logs: one canonical line per turn, attempt and callback; facts as fields; pretty on a terminal, JSON elsewhere.

Never a PIN, a typed text, a token, a message body or a whole phone number: those fields are not passed in the first
place, and a last processor masks whatever still looks like a phone number.
"""

import logging
import re
import sys
from typing import Any, TextIO

import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor, WrappedLogger

from gateway.config import Logs

_PHONE = re.compile(r"(?<!\d)(?:\+?254|0)([17]\d{2})\d{3}(\d{3})(?!\d)")


def masked(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Phone numbers in any text field as `0711***001`."""
    return {key: _PHONE.sub(r"0\1***\2", value) if isinstance(value, str) else value for key, value in event.items()}


def configure(settings: Logs, stream: TextIO | None = None) -> None:
    """Set up once, at start. Foreign libraries only speak from warnings on."""
    target = stream or sys.stderr
    pretty = settings.format == "pretty" or (settings.format == "auto" and target.isatty())
    level = getattr(logging, settings.level.upper())
    processors: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    renderer: Any = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if pretty
        else structlog.processors.JSONRenderer()
    )
    if not pretty:
        without_locals = ExceptionDictTransformer(show_locals=False)  # they may hold what a person typed
        processors.append(structlog.processors.ExceptionRenderer(without_locals))
    structlog.configure(
        processors=[*processors, masked, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(target),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(stream=target, level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
