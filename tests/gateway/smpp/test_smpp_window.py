"""How many messages are under way at once."""

import pytest

from gateway.errors import Throttled
from gateway.smpp.window import Window


class TestTheWindow:
    @pytest.mark.parametrize("is_screen", [False, True])
    async def test_what_finds_no_place_has_not_left(self, is_screen: bool) -> None:
        """So it may leave later."""
        window = Window(1, for_screens=1)
        async with window.place(0.01, is_screen=not is_screen):
            with pytest.raises(Throttled):
                async with window.place(0.01, is_screen=is_screen):
                    pytest.fail("there is no second place")

    async def test_a_screen_waits_for_no_text(self) -> None:
        """Some places are kept for screens, and texts may not take them."""
        window = Window(2, for_screens=1)
        async with window.place(0.01, is_screen=False):
            with pytest.raises(Throttled):
                async with window.place(0.01, is_screen=False):
                    pytest.fail("the second place is for screens")
            async with window.place(0.01, is_screen=True):
                pass

    async def test_a_place_is_given_back(self) -> None:
        """Also by whoever failed in it, and by whoever found none."""
        window = Window(1, for_screens=0)
        with pytest.raises(ZeroDivisionError):
            async with window.place(0.01, is_screen=False):
                raise ZeroDivisionError
        with pytest.raises(Throttled):
            async with window.place(0.01, is_screen=True), window.place(0.01, is_screen=False):
                pytest.fail("there is one place")

        async with window.place(0.01, is_screen=False):
            pass
