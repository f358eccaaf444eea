"""Logs: one canonical line per turn, attempt and callback; facts as fields; pretty on a terminal, JSON elsewhere.

Never a PIN, a typed text, a token, a message body or a whole phone number: those fields are not passed in the first
place, and a last processor masks whatever still looks like a phone number.
"""

import logging
import re
import sys
from typing import Any, BinaryIO, TextIO, cast

import msgspec
import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor, WrappedLogger

from gateway.config import Logs

_DIGITS = re.compile(r"\d{9}")
"""What every phone number has, and hardly any other field: a glance that spares the careful look."""
_PHONE = re.compile(r"(?<!\d)(?:\+?254|0)([17]\d{2})\d{3}(\d{3})(?!\d)")


def masked(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Phone numbers in any text field as `0711***001`."""
    for key, value in event.items():
        if isinstance(value, str) and _DIGITS.search(value):
            event[key] = _PHONE.sub(r"0\1***\2", value)
    return event


def configure(settings: Logs, stream: TextIO | None = None) -> None:
    """Set up once, at start. Foreign libraries only speak from warnings on."""
    target = stream or sys.stderr
    pretty = settings.format == "pretty" or (settings.format == "auto" and target.isatty())
    level = getattr(logging, settings.level.upper())
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *(_PRETTY if pretty else _JSON),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(target)
        if pretty
        else structlog.BytesLoggerFactory(cast("BinaryIO", target.buffer)),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(stream=target, level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")


def _encoded(event: EventDict, **_: Any) -> bytes:
    return msgspec.json.encode(event, enc_hook=repr)


_PRETTY: list[Processor] = [
    masked,
    structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
]
_JSON: list[Processor] = [
    # Without locals: they may hold what a person typed.
    structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
    masked,
    structlog.processors.JSONRenderer(serializer=_encoded),
]
