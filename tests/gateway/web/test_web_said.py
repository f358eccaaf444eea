"""Who says what at the desk: a name that is none answers nothing, and nobody is two people by a blank."""

import pytest
from pydantic import BaseModel, ValidationError

from gateway.web.approvals import No
from gateway.web.borrowing import NewLimit, Thing
from gateway.web.said import By, Said, Second


class TestNames:
    @pytest.mark.parametrize("shape", [By, Said, Second, No, NewLimit, Thing])
    @pytest.mark.parametrize("name", ["", "   ", "j", " j ", "x" * 37])
    def test_a_name_that_is_none_is_refused(self, shape: type[BaseModel], name: str) -> None:
        """The record would name nobody."""
        with pytest.raises(ValidationError) as refused:
            shape.model_validate({"by": name, "why": "they called"})

        assert ("by",) in {error["loc"] for error in refused.value.errors()}

    def test_blanks_around_it_are_not_of_it(self) -> None:
        """As everywhere."""
        assert Said(by=" jane ", why=" they called ") == Said(by="jane", why="they called")
