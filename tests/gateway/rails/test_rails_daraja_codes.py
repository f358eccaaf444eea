"""The tables of result codes: written out once more, so that a change of any row is meant."""

import pytest

from gateway.rails.daraja_codes import RESULT, STK, Table, meaning_of

STK_ROWS = {
    ("done", "paid"): {"0"},
    ("pending", "uncertain"): {"4999"},
    ("refused", "low"): {"1"},
    ("refused", "cancelled"): {"1019", "1032"},
    ("refused", "wrong_pin"): {"2001"},
    ("refused", "busy"): {"1001"},
    ("refused", "refused"): {"2", "3", "4", "8", "1025", "2006", "2028", "8006", "9999", "SFC_IC0003"},
    ("uncertain", "timeout"): {"1036", "1037", "2026"},
    ("uncertain", "busy"): {"17", "26"},
}
RESULT_ROWS = {
    ("done", "paid"): {"0"},
    ("refused", "unpaid"): {"2", "3", "4", "8", "10", "2040", "SFC_IC0003"},
    ("refused", "refused"): {
        "1", "11", "18", "20", "21", "22", "24", "25", "2001", "2006", "2028", "8006", "TP40153",
    },
    ("uncertain", "uncertain"): {"5", "6", "7", "12", "13", "14", "15", "17", "19", "26", "29"},
}  # fmt: skip


class TestTables:
    @pytest.mark.parametrize(("table", "expected"), [(STK, STK_ROWS), (RESULT, RESULT_ROWS)])
    def test_every_row_is_as_decided(self, table: Table, expected: dict[tuple[str, str], set[str]]) -> None:
        """Kind and words of each code, and no other codes."""
        found: dict[tuple[str, str], set[str]] = {}
        for code, meaning in table.items():
            found.setdefault((meaning.kind, meaning.words), set()).add(code)

        assert found == expected

    @pytest.mark.parametrize("table", [STK, RESULT])
    def test_every_row_says_why(self, table: Table) -> None:
        """A meaning and a reason for people, in a row each."""
        assert all(meaning.text and meaning.why for meaning in table.values())

    @pytest.mark.parametrize("table", [STK, RESULT])
    @pytest.mark.parametrize("code", ["2029", "100000000", "100000011", "R000001", "00", "0.0", " 0", "", "zero"])
    def test_a_code_on_no_list_settles_nothing(self, table: Table, code: str) -> None:
        """Not knowing is not a refusal, and what only looks like zero is not paid."""
        meaning = meaning_of(code, table)

        assert (meaning.kind, meaning.words) == ("uncertain", "uncertain")
