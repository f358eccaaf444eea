"""A simulation from its seed to its verdict. Nothing is kept unless a promise was broken, or a directory was named."""

import asyncio
import logging
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import structlog
from rich.console import Console
from rich.progress import Progress

from gateway.embedded.valkey import EmbeddedValkey
from simulator.campaign.facts import Difference
from simulator.campaign.judge import counts, judge
from simulator.campaign.ledger import MOVES
from simulator.virtual.life import Outcome, Tell, lived
from simulator.virtual.plan import HARSH, USUAL, Act, Plan, drawn
from simulator.virtual.shrink import smallest

SHRINK_TRIES = 40


def run(days: int, seed: int, people: int, calls: float, out: Path | None, *, is_harsh: bool = False) -> int:
    """Run and judge. Exit code 0 when every promise was kept, 1 when not."""
    directory = out or Path(tempfile.mkdtemp(prefix="nyota-simulation-"))
    directory.mkdir(parents=True, exist_ok=True)
    if any(directory.iterdir()):
        print(f"{directory} is not empty; name a new directory", file=sys.stderr)
        return 1
    plan = drawn(seed, days, people, calls, HARSH if is_harsh else USUAL)
    print(f"simulation: seed {seed}, {days} days, {people} people, {len(plan.acts)} calls", flush=True)
    valkey = EmbeddedValkey(directory / "valkey")
    valkey.start()
    try:
        with _silence():
            differences = asyncio.run(_judged(plan, directory, valkey.url))
    finally:
        valkey.stop()
    if differences or out:
        print(f"kept in {directory}")
    else:
        shutil.rmtree(directory)
    return 1 if differences else 0


async def _judged(plan: Plan, directory: Path, redis_url: str) -> Sequence[Difference]:
    started = time.perf_counter()
    with _progress(plan.days) as tell:
        outcome = await _tried(plan, directory / "data", redis_url, tell)
    differences = judge(outcome.facts)
    summary = {**counts(outcome.facts), "kills": outcome.kills}
    print("  " + ", ".join(f"{count} {name}" for name, count in summary.items()))
    print(f"  {plan.days} days in {time.perf_counter() - started:.1f} s")
    print(f"  {_paid_out(outcome)}")
    for difference in differences:
        print(f"DIFFERENCE (seed {plan.seed}) {difference}")
    print("every promise was kept" if not differences else f"{len(differences)} differences")
    if differences:
        await _shrunk(plan, differences[0], directory, redis_url)
    return differences


async def _shrunk(plan: Plan, wanted: Difference, directory: Path, redis_url: str) -> None:
    """Write down the fewest calls that break the same promise."""
    print(f"looking for the fewest calls that break: {wanted.promise}", flush=True)

    async def still_fails(acts: Sequence[Act]) -> bool:
        found = await _tried(replace(plan, acts=tuple(acts)), directory / "try", redis_url)
        return any(difference.promise == wanted.promise for difference in judge(found.facts))

    acts = await smallest(plan.acts, still_fails, SHRINK_TRIES)
    outcome = await _tried(replace(plan, acts=tuple(acts)), directory / "smallest", redis_url)
    files = outcome.record.write(directory)
    print(f"{len(acts)} of {len(plan.acts)} calls break it; written to:", *files, sep="\n  ")


async def _tried(plan: Plan, data: Path, redis_url: str, tell: Tell = lambda _day: None) -> Outcome:
    await asyncio.to_thread(_emptied, data)
    return await lived(plan, data, redis_url, tell)


def _paid_out(outcome: Outcome) -> str:
    """How often a pay-out was asked for and how often one moved money twice, with the bound that such a run gives.

    None in n: the rate is below 3/n with 95 % confidence (rule of three; Hanley and Lippman-Hand, JAMA 1983).
    """
    asked = sum(MOVES.get(operation.kind) == "b2c" for operation in outcome.facts.operations)
    times = Counter(outcome.facts.requests.get(moved.reference) for moved in outcome.facts.moved if moved.kind == "b2c")
    twice = sum(count > 1 for count in times.values())
    bound = f" (below {3 / asked:.2%} with 95 % confidence)" if asked and not twice else ""
    return f"{asked} pay-outs asked for, {sum(times.values())} made, {twice} made twice{bound}"


def _emptied(directory: Path) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)


@contextmanager
def _silence() -> Iterator[None]:
    """Years of log lines are of no use to anybody."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(**before)


@contextmanager
def _progress(days: int) -> Iterator[Tell]:
    """A bar on a terminal, nothing elsewhere."""
    console = Console(stderr=True)
    with Progress(console=console, disable=not sys.stderr.isatty(), transient=True) as bar:
        task = bar.add_task("days", total=days)
        yield lambda day: bar.update(task, completed=day)
