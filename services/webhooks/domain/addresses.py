"""Which addresses a webhook may have: of the public internet, unless the operator has named a network.

A name is checked again at every attempt, by what it resolves to then, and that very address is connected to: a name
that is changed between check and use (rebinding) gains nothing.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from libs.contracts.errors import InvalidError

Address = IPv4Address | IPv6Address
Networks = Iterable[IPv4Network | IPv6Network]
LONGEST_URL = 2_000
NOT_PUBLIC = tuple(map(IPv4Network, ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32")))
"""What Python's table counts as global, in some versions: protocol assignments, a relay, and where a cloud answers."""
GLOBAL_UNICAST = IPv6Network("2000::/3")
NAT64 = IPv6Network("64:ff9b::/96")
REFUSED = (
    "leads to an address that is not of the public internet (REHEARSAL_WEBHOOKS_ALLOWED_NETWORKS names exceptions)"
)


def check_url(url: str, allowed: Networks, *, allow_http: bool) -> None:
    """Raise `InvalidError` for an address that no webhook may have, whatever its name resolves to."""
    try:
        parts = urlsplit(url)
        port_is_real = parts.port != 0
    except ValueError:
        raise InvalidError("url", "is no URL") from None
    schemes = ("https", "http") if allow_http else ("https",)
    if parts.scheme not in schemes:
        raise InvalidError("url", "must begin with one of these", [f"{scheme}://" for scheme in schemes])
    if not parts.hostname or not port_is_real or not url.isascii() or any(c <= " " or c in "\\\x7f" for c in url):
        raise InvalidError("url", "must name a host, in ASCII (international names as xn--…) and without spaces")
    if parts.username is not None or parts.password is not None or "#" in url:
        raise InvalidError("url", "may hold neither a user, nor a password, nor a fragment")
    if (literal := literal_of(parts)) is not None and not may_reach(literal, allowed):
        raise InvalidError("url", REFUSED)


def literal_of(parts: SplitResult) -> Address | None:
    """The address that stands in a URL instead of a name."""
    try:
        return ip_address((parts.hostname or "").partition("%")[0])
    except ValueError:
        return None


def may_reach(address: Address, allowed: Networks) -> bool:
    """Whether a webhook may be sent to this address, and to those that it stands for."""
    networks = tuple(allowed)
    return all(_is_public(each) or any(each in network for network in networks) for each in _meant(address))


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address not in GLOBAL_UNICAST:
        return False
    return address.is_global and not address.is_multicast and not any(address in network for network in NOT_PUBLIC)


def _meant(address: Address) -> list[Address]:
    """Where a packet to this address ends: mapped, translated and tunnelled addresses have others inside."""
    if isinstance(address, IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if address.sixtofour is not None:
        return [address.sixtofour]
    if address.teredo is not None:
        return list(address.teredo)
    if address in NAT64:
        return [IPv4Address(int(address) & 0xFFFFFFFF)]
    return [address]
