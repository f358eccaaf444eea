"""Who calls, and whether they may: by networks, through proxies of ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gateway.config import Daraja, Server, load
from gateway.errors import Misconfigured
from gateway.sources import Sources, networks

SAFARICOM, PROXY, STRANGER = "196.201.214.200", "10.0.0.7", "203.0.113.9"
BEHIND = Sources(("196.201.214.0/24", "196.201.213.114"), ("10.0.0.0/8", "::1"))


class TestCaller:
    @pytest.mark.parametrize(
        ("remote", "forwarded", "caller"),
        [
            (SAFARICOM, [], SAFARICOM),
            (PROXY, [SAFARICOM], SAFARICOM),
            (PROXY, [f"{SAFARICOM}, 10.0.0.8"], SAFARICOM),
            (PROXY, [SAFARICOM, "10.0.0.8"], SAFARICOM),
            (PROXY, [f"{SAFARICOM}, {STRANGER}"], STRANGER),
            (PROXY, [f"{STRANGER}, {SAFARICOM}"], SAFARICOM),
            (STRANGER, [SAFARICOM], STRANGER),
            ("::ffff:10.0.0.7", [SAFARICOM], SAFARICOM),
            (PROXY, [], PROXY),
            (PROXY, ["unknown"], "unknown"),
            (None, [SAFARICOM], ""),
        ],
    )
    def test_is_the_rightmost_that_is_no_proxy_of_ours(
        self, remote: str | None, forwarded: list[str], caller: str
    ) -> None:
        """What is left of it anybody may have written; a peer that is no proxy is believed nothing."""
        assert BEHIND.caller(remote, forwarded) == caller

    @given(st.lists(st.text(max_size=40), max_size=5))
    def test_nobody_writes_themselves_in_from_outside(self, forwarded: list[str]) -> None:
        """Whatever a stranger sends along."""
        assert BEHIND.caller(STRANGER, forwarded) == STRANGER
        assert not BEHIND.allow(BEHIND.caller(PROXY, [*forwarded, STRANGER]))


class TestAllow:
    @pytest.mark.parametrize("address", [SAFARICOM, "196.201.213.114", "::ffff:196.201.214.1"])
    def test_addresses_and_networks(self, address: str) -> None:
        """An IPv4 address as IPv6 writes it, too."""
        assert BEHIND.allow(address)

    @pytest.mark.parametrize("address", [STRANGER, "196.201.213.115", "", "unknown", "::1", "196.201.214.200:443"])
    def test_nobody_else(self, address: str) -> None:
        """And nothing that is no address."""
        assert not BEHIND.allow(address)

    def test_without_a_list_anybody(self) -> None:
        """The token alone decides then."""
        assert Sources().allow("")


class TestSettings:
    @pytest.mark.parametrize("written", ["196.201.214.300", "safaricom", "196.201.214.200/24", ""])
    def test_what_is_no_network_stops_the_start_naming_the_key(self, written: str) -> None:
        """A list that is read wrongly would let in everybody, or nobody."""
        with pytest.raises(ValueError, match="no address and no network"):
            networks((written,))
        with pytest.raises(ValidationError) as refused:
            Daraja(allow_addresses=(written,))
        assert refused.value.errors()[0]["loc"] == ("allow_addresses",)
        with pytest.raises(ValidationError) as refused:
            Server(trusted_proxies=(written,))
        assert refused.value.errors()[0]["loc"] == ("trusted_proxies",)

    def test_tokens_are_the_new_one_and_those_before_it(self) -> None:
        """The new one first: it is the one that is given out."""
        server = Server.model_validate({"callback_token": "a" * 32, "callback_tokens_old": f"{'b' * 32}, {'c' * 16}"})

        assert server.callback_tokens == ("a" * 32, "b" * 32, "c" * 16)
        assert "b" * 16 not in repr(server)

    @pytest.mark.parametrize("old", ["mpesa-token-of-2025", "abc", "a" * 65])
    def test_what_is_no_token_stops_the_start_without_being_shown(self, old: str) -> None:
        """It is a secret that is almost right."""
        with pytest.raises(Misconfigured, match=r"server\.callback_tokens_old") as refused:
            load(None, {"server": {"callback_tokens_old": old}})

        assert old not in str(refused.value)
