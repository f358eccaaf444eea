"""Times as the services write them. Inside the stand-ins a time is seconds since the epoch."""

from datetime import UTC, datetime, timedelta, timezone

EAT = timezone(timedelta(hours=3), "EAT")
_COMPACT = "%Y%m%d%H%M%S"
_SPACED = "%Y-%m-%d %H:%M:%S"


def eat(at: float) -> datetime:
    """The moment on a clock in Nairobi."""
    return datetime.fromtimestamp(at, EAT)


def iso(at: float) -> str:
    """`2026-01-02T03:04:31+03:00`, as the control side writes times."""
    return eat(at).isoformat(timespec="milliseconds")


def compact(at: float) -> str:
    """`20260102030431`, as callbacks and most results write times."""
    return eat(at).strftime(_COMPACT)


def dotted(at: float) -> str:
    """`02.01.2026 03:04:31`, as B2C results write times."""
    return eat(at).strftime("%d.%m.%Y %H:%M:%S")


def zulu(at: float) -> str:
    """`2026-01-02T00:04:31Z`, as the pull API and incoming SMS write times."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_compact(text: str) -> float:
    """Raises ValueError unless the text is a real `YYYYMMDDHHmmss`, read in East Africa Time."""
    if len(text) != 14 or not (text.isascii() and text.isdigit()):
        raise ValueError(f"{text!r} is not a time")
    return _parse(text, _COMPACT)


def parse_spaced(text: str) -> float:
    """Raises ValueError unless the text is a real `YYYY-MM-DD HH:MM:SS`, read in East Africa Time."""
    return _parse(text, _SPACED)


def _parse(text: str, form: str) -> float:
    try:
        return datetime.strptime(text, form).replace(tzinfo=EAT).timestamp()
    except ValueError as error:
        raise ValueError(f"{text!r} is not a time") from error
