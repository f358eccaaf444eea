"""`docs/daraja-codes.md`, written from the one table of codes: what operators read is what the gateway does."""

from gateway.rails.daraja_codes import RESULT, STK, UNKNOWN, Meaning, Table

WHAT_WE_DO = {
    "done": "booked",
    "pending": "asked again later",
    "refused": "ended: nothing moved, the customer is told",
    "uncertain": "asked about until it is known; never sent again on doubt",
}
SURE = {"proven": "proven by records", "several": "several sources", "one": "one source", "conflict": "sources differ"}

HEAD = """# Result codes of M-PESA

What each code means for us, per family of APIs: a number means different things in each. Written from
`gateway/rails/daraja_codes.py` by `python -m gateway.rails.daraja_page`; a test compares.

`refused` is only said where the code proves that nothing moved and nothing still can. A code on no list is
`{unknown}`: {why}. *Told* is the sentence that the customer gets."""


def page() -> str:
    """The whole page."""
    parts = [
        HEAD.format(unknown=UNKNOWN.kind, why=UNKNOWN.why),
        _section("Requests for money (STK push): callback and query", STK),
        _section("Pay-outs and the other `Result` envelopes", RESULT),
        "## What follows from each\n\n" + "\n".join(f"- `{kind}`: {does}" for kind, does in WHAT_WE_DO.items()),
    ]
    return "\n\n".join(parts) + "\n"


def _section(title: str, table: Table) -> str:
    rows = [_row(code, table[code]) for code in sorted(table, key=_by_number)]
    head = ["| code | means | so it is | told | how sure | why |", "|---|---|---|---|---|---|"]
    return "\n".join([f"## {title}", "", *head, *rows])


def _row(code: str, meaning: Meaning) -> str:
    return f"| {code} | {meaning.text} | `{meaning.kind}` | `{meaning.words}` | {SURE[meaning.sure]} | {meaning.why} |"


def _by_number(code: str) -> tuple[int, str]:
    """Numbers by size, the rest after them."""
    return (int(code), code) if code.isdigit() else (10**12, code)


if __name__ == "__main__":
    print(page(), end="")
