"""Which carriers are there: those the configuration names, and each refusal says which key."""

import pytest

from gateway.config import Providers
from gateway.errors import Misconfigured
from gateway.providers.loading import providers_of, settings_of

CODES = ("*383#",)
SMS = {"api_key": "key", "open_callbacks": True}


class TestCarriers:
    """A block each, and a file of that name."""

    def test_a_carrier_that_is_named_is_there(self) -> None:
        """With the defaults of its own file."""
        found = providers_of(
            Providers.model_validate({"africastalking": SMS, "comviva": {"open_callbacks": True}}), CODES
        )

        assert list(found) == ["africastalking", "comviva"]
        assert found["comviva"].open_callbacks

    def test_one_that_is_not_named_is_not(self) -> None:
        """Nothing answers on its address."""
        assert list(settings_of(Providers())) == ["africastalking"]

    @pytest.mark.parametrize(
        ("blocks", "key"),
        [
            ({"africastalking": {"open_callbacks": True}}, "providers.africastalking.api_key: needed"),
            ({"africastalking": {"api_key": "key"}}, "providers.africastalking.callback_token: needed"),
            ({"africastalking": SMS, "comviva": {}}, "providers.comviva.callback_token: needed"),
            ({"africastalking": SMS, "comviva": {"tone": 3}}, "providers.comviva.tone: "),
            ({"africastalking": SMS, "generic": {"repeats_within_ms": -1}}, "providers.generic.repeats_within_ms: "),
            ({"africastalking": SMS, "nobody": {}}, "providers.nobody: there is no file"),
            ({"africastalking": SMS, "n" * 21: {}}, "providers.nnnnnnnnnnnnnnnnnnnnn: at most 20 characters"),
            ({"africastalking": SMS, "contract": {}}, "providers.contract: there is no file"),
            ({"africastalking": SMS, "../x": {}}, "providers.../x: there is no file"),
        ],
    )
    def test_what_is_wrong_is_refused_by_its_key(self, blocks: dict[str, object], key: str) -> None:
        """Before anything starts."""
        with pytest.raises(Misconfigured) as refused:
            providers_of(Providers.model_validate(blocks), CODES)

        assert str(refused.value).startswith(key)
