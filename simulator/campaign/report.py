"""What a campaign found: a line per difference and a summary, and all of it as JSON beside the driver's diary."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from simulator.campaign.facts import Difference, Facts
from simulator.campaign.judge import counts, judge
from simulator.campaign.plan import FAULTS, Plan

FILE = "report.json"

Tell = Callable[[str, float | None], None]
"""Says what is being done, and how many seconds of it are over, if that is known."""


@contextmanager
def progress(seconds: float) -> Iterator[Tell]:
    """A bar on a terminal, nothing elsewhere."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not sys.stderr.isatty(), transient=True) as bar:
        task = bar.add_task("starting", total=seconds)

        def tell(doing: str, done: float | None) -> None:
            bar.update(task, description=doing, completed=done)

        yield tell


def told(plan: Plan, seconds: float, facts: Facts, directory: Path) -> Sequence[Difference]:
    """Judge, write the report, print what a person wants to know. The differences."""
    differences = judge(facts)
    summary = dict(counts(facts))
    content = {
        "seed": plan.seed,
        "seconds": seconds,
        "customers": len(plan.people),
        "counts": summary,
        "faults": [asdict(fault) for fault in FAULTS],
        "lives": [asdict(life) for life in facts.lives],
        "differences": [asdict(difference) for difference in differences],
    }
    (directory / FILE).write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")
    print("  " + ", ".join(f"{count} {name}" for name, count in summary.items()))
    for difference in differences:
        print(f"DIFFERENCE (seed {plan.seed}) {difference}")
    print("every promise was kept" if not differences else f"{len(differences)} differences")
    return differences
