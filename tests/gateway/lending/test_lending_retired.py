"""A product that is given up while loans of it still run: nobody gets a new one, and the old ones keep their terms."""

from dataclasses import replace
from typing import cast

import pytest

from gateway.errors import Misconfigured
from gateway.lending.products import Product
from tests.gateway.playbooks.street import PIN, dialled
from tests.house import House


def products_of(house: House) -> dict[str, Product]:
    return cast("dict[str, Product]", house.gateway.tools.portfolio.products)


class TestAProductGivenUp:
    async def test_without_it_nothing_starts_while_loans_of_it_run(self, house: House) -> None:
        """Else no screen, payment or day of these loans would get through, and the days of no other loan."""
        del products_of(house)["quick"]

        with pytest.raises(Misconfigured, match=r"lending\.products\.quick: 1 loans of it are not over"):
            await house.gateway.open()

    async def test_not_offered_it_is_on_no_screen(self, house: House) -> None:
        """The other one is asked for as if it were alone."""
        products = products_of(house)
        with_both = await dialled(house, "2", PIN)
        products["growth"] = replace(products["growth"], is_offered=False)

        without = await dialled(house, "2", PIN)

        assert ("Growth" in with_both, "Growth" in without) == (True, False)
