"""Logs: one canonical line per turn, attempt and callback; facts as fields; pretty on a terminal, JSON elsewhere.

Never a PIN, a typed text, a token, a message body or a whole phone number: those fields are not passed in the first
place, of an error that is not ours only its name is told, and a last processor masks whatever still looks like a phone
number.
"""

import logging
import re
import sys
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import Any, BinaryIO, TextIO, cast

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from gateway.config import Logs

_DIGITS = re.compile(r"\d{9}")
"""What every phone number has, and hardly any other field: a glance that spares the careful look."""
_PHONE = re.compile(r"(?<!\d)(?:\+?254|0)([17]\d{2})\d{3}(\d{3})(?!\d)")


_QUOTED = re.compile(r"(exception=\w+)\([^\n]*")
"""How the event loop tells of a task whose error nobody has looked at."""

OURS = frozenset({"gateway", "flows", "menus"})
"""Packages whose errors are written to be read. Any other one may quote a row, or what a person typed."""

ErrorInfo = tuple[type[BaseException], BaseException, TracebackType | None]


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
    foreign = logging.StreamHandler(target)
    foreign.setFormatter(Foreign("%(levelname)s %(name)s %(message)s"))
    logging.basicConfig(handlers=[foreign], level=logging.WARNING)


def trace(exc_info: ErrorInfo) -> str:
    """Where an error came from, innermost last, and what it is: the words of ours, of any other one the name alone."""
    return "".join(_traced(exc_info[1], set())).rstrip()


class Foreign(logging.Formatter):
    """What libraries log by themselves, held to the same rules."""

    def format(self, record: logging.LogRecord) -> str:
        """An error is told by `trace`: what stands on the record already is not written anew."""
        if record.exc_info and record.exc_info[1] is not None:
            record.exc_text = trace(record.exc_info)
        return _PHONE.sub(r"0\1***\2", _QUOTED.sub(r"\1", super().format(record)))


def _traced(error: BaseException, told: set[int]) -> Iterator[str]:
    """Each once: an error may be its own cause."""
    if id(error) in told:
        return
    told.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield from _traced(before, told)
        yield "and then\n"
    for each in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
        yield from _traced(each, told)
        yield "and with it\n"
    yield from traceback.format_tb(error.__traceback__)
    yield f"{type(error).__module__}.{type(error).__qualname__}{_said(error)}\n"


def _said(error: BaseException) -> str:
    if type(error).__module__.partition(".")[0] in OURS:
        return f": {error}"
    origin = getattr(error, "orig", None)  # a database says which of its errors it is
    code = getattr(origin, "sqlstate", None) or getattr(origin, "sqlite_errorname", None)
    return f": {code}" if code else ""


def _encoded(event: EventDict, **_: Any) -> bytes:
    return msgspec.json.encode(event, enc_hook=repr)


_PRETTY: list[Processor] = [
    structlog.processors.ExceptionRenderer(trace),
    masked,
    structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
]
_JSON: list[Processor] = [
    structlog.processors.ExceptionRenderer(trace),
    masked,
    structlog.processors.JSONRenderer(serializer=_encoded),
]
