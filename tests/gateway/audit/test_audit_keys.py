"""Keys and their marks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.audit.keys import Keys, keys_of
from gateway.config import Audit
from tests.gateway.audit.vault import KEY


class TestKeys:
    @given(st.text(), st.text())
    def test_a_mark_is_of_one_content(self, content: str, other: str) -> None:
        """And of one purpose."""
        keys = Keys(KEY)
        mark = keys.mark("seal", content)

        assert keys.agrees("seal", content, mark)
        assert not keys.agrees("journal", content, mark)
        assert keys.agrees("seal", other, mark) is (other == content)

    @given(st.one_of(st.none(), st.integers(), st.text(), st.binary()))
    def test_whatever_else_stands_there_is_no_mark(self, mark: object) -> None:
        """Nothing that somebody writes into the database raises."""
        assert not Keys(KEY).agrees("seal", "content", mark)

    def test_old_keys_verify_and_do_not_mark(self) -> None:
        """The newest marks."""
        old, new = Keys(KEY), Keys("another key that is long enough too", [KEY])

        assert new.agrees("seal", "x", old.mark("seal", "x"))
        assert not old.agrees("seal", "x", new.mark("seal", "x"))

    def test_what_is_in_it_is_in_no_repr(self) -> None:
        """Not even when it is logged by mistake."""
        assert KEY not in repr(Keys(KEY))
        assert KEY not in repr(Audit(key=KEY))

    def test_without_a_key_there_are_none(self) -> None:
        """And a short one is refused."""
        assert keys_of(Audit()) is None
        with pytest.raises(ValueError, match="at least 32"):
            Audit(key="short")
        with pytest.raises(ValueError, match="at least 32"):
            Audit(key=KEY, keys_old=["short"])
