"""Where a request comes from, and whether somebody there may call: by networks, through proxies that we know.

Every proxy adds to the right of `X-Forwarded-For` whom it was called by; what is further left anybody may have written.
So the caller is the rightmost address that is none of our proxies.
"""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network

FORWARDED = "X-Forwarded-For"
HOPS_MAX = 20


class Sources:
    """`allowed`: who may call, empty: anybody. `proxies`: whose word about the caller is believed."""

    def __init__(self, allowed: Sequence[str] = (), proxies: Sequence[str] = ()) -> None:
        self._allowed = networks(allowed)
        self._proxies = networks(proxies)

    def caller(self, remote: str | None, forwarded: Sequence[str] = ()) -> str:
        """The address of whoever calls: `remote` is the peer, `forwarded` the headers in their order."""
        chain = [hop.strip() for header in forwarded for hop in header.split(",")][-HOPS_MAX:]
        caller = remote or ""
        while chain and _is_in(caller, self._proxies):
            caller = chain.pop()
        return caller

    def allow(self, caller: str) -> bool:
        return not self._allowed or _is_in(caller, self._allowed)


def networks(written: Sequence[str]) -> tuple[Network, ...]:
    """Addresses and networks: `196.201.214.200`, `196.201.212.0/24`. Raises ValueError for anything else."""
    found = []
    for each in written:
        try:
            found.append(ip_network(each.strip()))
        except ValueError as error:
            raise ValueError(f"{each!r} is no address and no network: {error}") from error
    return tuple(found)


def _is_in(address: str, among: Sequence[Network]) -> bool:
    """Whether it is in one of them; what is no address is nowhere. An IPv4 address in IPv6's clothes is one."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return any(found.version == network.version and found in network for network in among)
