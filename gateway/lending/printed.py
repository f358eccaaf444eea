"""A priced schedule as a table for a terminal."""

from collections.abc import Mapping
from typing import Any

SUMS = ("principal", "interest", "fees", "penalties", "due", "paid", "outstanding")
COLUMNS = ("number", "dueOn", *SUMS)


def table(answer: Mapping[str, Any]) -> str:
    """The answer of `quote_from_terms` as right-aligned columns, with the totals and a summary below."""
    total = ["total", "", *(answer["totals"][column] for column in SUMS)]
    rows = [*([str(row[column]) for column in COLUMNS] for row in answer["instalments"]), total]
    widths = [max(len(text) for text in column) for column in zip(COLUMNS, *rows, strict=True)]
    lines = [
        "  ".join(text.rjust(width) for text, width in zip(line, widths, strict=True)) for line in [COLUMNS, *rows]
    ]
    summary = f"{answer['status']}: total cost {answer['totalCost']}, APR {answer['aprPercent']} %"
    return "\n".join([*lines, summary])
