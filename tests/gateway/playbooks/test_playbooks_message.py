"""What a message takes, as it leaves."""

import pytest

from gateway.playbooks.message import parts_of


class TestParts:
    @pytest.mark.parametrize(
        ("intent", "text", "parts"),
        [
            ({"code": "c"}, f"{{code}}{'n' * 154}", 1),
            ({"code": "c"}, f"{{code}}{'n' * 155}", 2),
            ({"link": "l"}, f"{{link}}{'n' * 96}", 1),
            ({"link": "l"}, f"{{link}}{'n' * 97}", 2),
            ({}, f"{{code}}{'n' * 152}", 1),
            ({}, f"{{code}}{'n' * 153}", 2),
        ],
    )
    def test_a_secret_takes_the_room_of_its_digits_or_its_address(
        self, intent: dict[str, str], text: str, parts: int
    ) -> None:
        """Not that of what is kept in its place; braces that somebody wrote are their own."""
        assert parts_of(intent, text) == parts
