"""A core that is away for a day, and what it finds when it comes back: an experiment of as many operations as wanted.

    .venv/bin/python -m tests.gateway.ledgers.drain 20000 [folder of its databases]

Loans are paid out and repaid all day long. When the core is back it loses one answer in five, fails after the fact in
one case of ten, says "still at it" now and then, and refuses some items for good. Then the two sides are compared.
"""

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from gateway.ledgers.gate import Width
from gateway.mirror.telling import LOAN, REPAY
from gateway.store.migrate import migrate
from tests.gateway.ledgers.branch import HOUR_MS, Branch, branch_on

A_LOAN = 10
"""Operations about one loan: the loan itself, and repayments."""
REPAYMENTS_MAX = 20
"""So many do not repay a loan: what is too much is nothing that the core hears of."""
OPEN_LOANS = 400
POISONED = 5
HOURS = 24
FAULTS = (("lost-answer", 0.2), ("http-500-after", 0.1), ("425", 0.05), ("409-locked", 0.02), ("stored-500", 0.02))
SEED = 383
TICK_MS = 300_000


@dataclass
class Course:
    """What was done, in order, and what it came to."""

    count: int
    told: dict[str, list[str]] = field(default_factory=dict)
    poisoned: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    held: int = 0
    attempts: int = 0
    seconds: float = 0.0
    simulated_seconds: float = 0.0


async def experiment(branch: Branch, count: int) -> Course:
    """Runs it all. `wrong` of the answer says where the two sides differ; empty when all is well."""
    course = Course(count)
    await branch.bank.fault("down")
    await branch.polling()
    await _the_day(branch, course)
    course.held = sum(1 for row in await branch.rows(LOAN, REPAY) if row.is_open)
    await _poisoned(branch, course)
    await branch.bank.well()
    for kind, rate in FAULTS:
        await branch.bank.fault(kind, rate, api="fineract-writes", seed=SEED)
    started, began = time.perf_counter(), branch.clock()
    await branch.polling()
    await branch.settled(tick_ms=1_000)
    course.seconds, course.simulated_seconds = time.perf_counter() - started, (branch.clock() - began) / 1000
    await branch.bank.well()
    await _compared(branch, course)
    return course


async def _the_day(branch: Branch, course: Course) -> None:
    """Every hour its share; what comes due meanwhile finds nobody there."""
    draw, loans = random.Random(SEED), list[str]()
    customers = [await branch.person() for _ in range(max(1, course.count // A_LOAN // 2))]
    left = course.count
    for hour in range(HOURS):
        share = left // (HOURS - hour)
        for _ in range(share):
            open_loans = [loan for loan in loans[-OPEN_LOANS:] if len(course.told[loan]) < REPAYMENTS_MAX]
            if len(loans) * A_LOAN <= course.count - left or not open_loans:
                loans.append(await branch.lent(draw.choice(customers)))
                course.told[loans[-1]] = []
            else:
                loan_id = draw.choice(open_loans)
                course.told[loan_id].append(await branch.repaid(loan_id, draw.randint(1, 9) * 10_25))
            left -= 1
        await branch.until(branch.clock() + HOUR_MS, tick_ms=TICK_MS)


async def _poisoned(branch: Branch, course: Course) -> None:
    """The last repayments of some loans are ones that the core will never take."""
    fit = [operations[-1] for operations in course.told.values() if operations]
    course.poisoned = set(random.Random(SEED).sample(fit, min(POISONED, len(fit))))
    for identity in course.poisoned:
        await branch.bank.control("POST", "core/poison", {"externalId": identity})


async def _compared(branch: Branch, course: Course) -> None:
    states = {row.id: row.state for row in await branch.rows(LOAN, REPAY)}
    for identity, state in states.items():
        if state != ("parked" if identity in course.poisoned else "done"):
            course.wrong.append(f"{identity} is {state}")
    theirs = {loan["externalId"]: loan for loan in (await branch.bank.truth())["loans"]}
    for loan_id, told in course.told.items():
        expected = [identity for identity in told if identity not in course.poisoned]
        loan = theirs.get(loan_id, {"transactions": []})
        course.wrong += _order(loan_id, loan["transactions"], expected)
        if expected == told:
            course.wrong += await _schedules(branch, loan_id)
    course.attempts = sum([len(await branch.tried(identity)) for identity in states])


def _order(loan_id: str, transactions: Sequence[Any], expected: list[str]) -> list[str]:
    """What the core applied, in its own order, is what it was told, in ours, each once."""
    applied = [each["externalId"] for each in transactions]
    is_right = len(applied) == len(expected) + 1 and applied[1:] == expected
    return (
        []
        if is_right
        else [f"{loan_id}: told {len(expected)} repayments, applied {len(applied) - 1}, or in another order"]
    )


async def _schedules(branch: Branch, loan_id: str) -> list[str]:
    """Row by row, part by part; and the mirror says the same."""
    read, ours = await branch.ledger.find_loan(loan_id), (await branch.standing(loan_id)).loan.rows
    mirrored = await branch.mirrored(loan_id)
    if read is None or mirrored is None:
        return [f"{loan_id}: not at the core, or not in the mirror"]
    at_core = [(row.number, row.due_on, row.due, row.paid) for row in read.schedule]
    with_us = [(row.number, row.due_on, row.owed, row.paid) for row in ours]
    wrong = [] if at_core == with_us else [f"{loan_id}: schedules differ"]
    return wrong if mirrored.owed_cents == read.owed_cents else [*wrong, f"{loan_id}: the mirror differs"]


async def main(count: int, folder_for_it: str | None) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with tempfile.TemporaryDirectory(dir=folder_for_it) as folder:
        url = f"sqlite+aiosqlite:///{folder}/nyota.db"
        await migrate(url)
        width = Width(at_once=8, calls_a_second=0, probe_ms=30_000)
        async with branch_on(url, Path(folder), width=width, workers=8) as branch:
            course = await experiment(branch, count)
    print(f"{course.count} operations, {course.held} waiting when the core came back, {len(course.poisoned)} poisoned")
    print(f"drained in {course.seconds:.0f} s ({course.count / course.seconds:.0f} operations a second),")
    print(f"{course.simulated_seconds / 60:.0f} minutes by its own clock, {course.attempts} attempts in all")
    print(f"differences: {len(course.wrong)}")
    for line in course.wrong[:20]:
        print(f"  {line}")
    sys.exit(1 if course.wrong else 0)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None))
