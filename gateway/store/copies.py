"""Copies of an SQLite database: made while it is written to, proved before they are trusted, put in place of it."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy.engine import make_url

from gateway.errors import Misconfigured

PAGES_AT_ONCE = 2_000
COMPANIONS = ("", "-wal", "-shm")
"""What a database consists of besides its file."""


def file_of(url: str) -> Path:
    """Where an SQLite database is. Raises Misconfigured for any other."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        raise Misconfigured("database.url: only an SQLite file is copied; see docs/how-to/restore.md for PostgreSQL")
    return Path(parsed.database)


def copied(source: Path, target: Path) -> int:
    """Copy what is committed, while others write; bytes of the copy. The copy is there whole or not at all.

    Raises Misconfigured when there is no source, when `target` is there already, or the copy does not hold.
    """
    if not source.exists():
        raise Misconfigured(f"{source}: no such database")
    if target.exists():
        raise Misconfigured(f"{target}: is there already")
    half = target.with_name(f"{target.name}.half")
    half.unlink(missing_ok=True)
    half.touch(mode=0o600)
    try:
        with (
            closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as ours,
            closing(sqlite3.connect(half)) as its,
        ):
            ours.backup(its, pages=PAGES_AT_ONCE)
            its.execute("PRAGMA journal_mode=delete")  # one file, that can be read from anywhere
        proved(half)
        _synced(half)
        half.replace(target)
        _synced(target.parent)
    except sqlite3.Error as error:
        raise Misconfigured(f"{source}: cannot be copied: {error}") from error
    finally:
        half.unlink(missing_ok=True)
    return target.stat().st_size


def proved(path: Path) -> None:
    """Raises Misconfigured for a file that is no sound database."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            [(answer,)] = connection.execute("PRAGMA quick_check(1)").fetchall()
    except sqlite3.Error as error:
        raise Misconfigured(f"{path}: {error}") from error
    if answer != "ok":
        raise Misconfigured(f"{path}: {answer}")


def set_aside(path: Path, suffix: str) -> Path | None:
    """Rename a database that is to be replaced, with all that belongs to it; where it is now, if there was one."""
    aside = path.with_name(f"{path.name}.{suffix}")
    for companion in COMPANIONS:
        part = path.with_name(path.name + companion)
        if part.exists():
            part.replace(aside.with_name(aside.name + companion))
    return aside if aside.exists() else None


def _synced(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
