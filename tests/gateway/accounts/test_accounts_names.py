"""Whether two names in the record of staff are one person's: what two people have to agree to rests on it."""

import pytest

from gateway.accounts.audit import is_same


class TestIsSame:
    @pytest.mark.parametrize(
        "written", ["Jane Doe", " jane  doe ", "JANE.DOE", "jane-doe", "jané doe", "ｊａｎｅ doe", "jane\u200b doe"]
    )
    def test_one_person_however_written(self, written: str) -> None:
        """In capitals, with signs, accents, wide letters or letters that nobody sees."""
        assert is_same("jane doe", written)

    @pytest.mark.parametrize("other", ["omar", "jane", "jane doe 2", "jane roe"])
    def test_two_people(self, other: str) -> None:
        """A letter or a digit more is another one."""
        assert not is_same("jane doe", other)
