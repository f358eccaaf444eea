"""Hooks are hints: whatever they are, they are read without an error."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ledgers.hints import Hint, hint

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


class TestAHint:
    def test_names_the_loan_of_the_response(self) -> None:
        """By headers where there are any, else by the body."""
        body = json.dumps({"entityName": "LOAN", "actionName": "APPROVE", "response": {"loanId": 77}})

        assert hint({}, body) == Hint("LOAN APPROVE", "77")
        assert hint({"X-Fineract-Entity": "CLIENT", "X-Fineract-Action": "CREATE"}, body).purpose == "CLIENT CREATE"

    @pytest.mark.parametrize("response", [None, [], {}, {"loanId": True}, {"loanId": {}}, "77"])
    def test_without_a_loan_is_about_nothing(self, response: Any) -> None:
        """Without a response nothing happened."""
        assert hint({}, json.dumps({"response": response})).loan_id == ""

    @given(st.text() | JSON.map(json.dumps) | JSON.map(lambda value: json.dumps({"response": value})))
    def test_is_read_whatever_comes(self, body: str) -> None:
        """And what is kept of it is short."""
        told = hint({}, body)

        assert len(told.purpose) <= 30
        assert len(told.loan_id) <= 64
