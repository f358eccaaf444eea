"""Logs say where something broke, and nothing that anybody typed or that stands in a row."""

import io
import logging
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
import structlog
from sqlalchemy import text

from gateway.config import Logs
from gateway.errors import Unavailable
from gateway.log import Foreign, configure, trace
from gateway.store.engine import Store

PHONE, SECRET = "+254711000001", "28345671"
INSERT = text("INSERT INTO customers (id, msisdn, national_id) VALUES (:id, :msisdn, :national_id)")
ROW = {"id": "x", "msisdn": PHONE, "national_id": SECRET}


@pytest.fixture(params=["json", "pretty"])
def log(request: pytest.FixtureRequest) -> Iterator[Callable[[], str]]:
    """What was logged so far, as it is written on a server and on a terminal."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    configure(Logs(format=request.param), stream)
    structlog.configure(cache_logger_on_first_use=False)

    def so_far() -> str:
        stream.seek(0)
        return stream.read()

    yield so_far
    structlog.reset_defaults()


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = Store(database_url)
    yield store
    await store.close()


class TestErrors:
    async def test_a_refused_statement_shows_no_row(self, store: Store, log: Callable[[], str]) -> None:
        """Which error it was, and where, but no phone and no identity number."""
        try:
            async with store.begin() as connection:
                await connection.execute(INSERT, ROW)
        except Exception as error:
            structlog.get_logger("web").exception("broken")
            said = str(error)
        written = log()

        assert "IntegrityError: " in written
        assert "test_log.py" in written
        for words in (written, said):
            assert PHONE not in words
        assert SECRET not in written

    def test_our_own_words_are_told_and_no_others(self, log: Callable[[], str]) -> None:
        """However deep: a number that was no number was typed by somebody."""
        try:
            try:
                int(f"pin {SECRET}")
            except ValueError as error:
                raise Unavailable("redis: away") from error
        except Unavailable:
            structlog.get_logger("web").exception("broken", phone=PHONE)
        written = log()

        assert "builtins.ValueError" in written
        assert "gateway.errors.Unavailable: redis: away" in written
        assert "0711***001" in written
        assert SECRET not in written

    def test_of_several_at_once_each_is_told(self) -> None:
        """As tasks that fail together do."""
        group = ExceptionGroup("both", [ValueError(SECRET), Unavailable("away")])

        told = trace((type(group), group, None))

        assert "builtins.ValueError\n" in told
        assert "Unavailable: away" in told
        assert SECRET not in told

    def test_one_that_is_its_own_cause_is_told_once(self) -> None:
        """Telling of it must come to an end."""
        error = Unavailable("away")
        error.__cause__ = error

        assert trace((Unavailable, error, None)).count("away") == 1


class TestLibraries:
    def test_what_they_say_by_themselves_is_masked_too(self) -> None:
        """Their errors too."""
        error = ValueError(SECRET)
        record = logging.LogRecord(
            "aiohttp", logging.ERROR, "x.py", 1, "bad path /%s", (PHONE,), (ValueError, error, None)
        )

        assert Foreign("%(message)s").format(record) == "bad path /0711***001\nbuiltins.ValueError"

    def test_what_the_event_loop_quotes_of_an_error_is_left_out(self) -> None:
        """Of a task that nobody has waited for."""
        said = f"Task exception was never retrieved\nfuture: <Task finished exception=ValueError('pin {SECRET}')>"
        record = logging.LogRecord("asyncio", logging.ERROR, "x.py", 1, said, (), None)

        assert Foreign("%(message)s").format(record).endswith("exception=ValueError")
