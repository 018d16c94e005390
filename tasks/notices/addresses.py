"""Where a webhook may go: to a public address. Ours may stand beside services that trust whoever reaches them."""

import ipaddress
import re
import socket
from urllib.parse import SplitResult, urlsplit

from django.utils.translation import gettext_noop

from tasks import conf

LONGEST = 2000

# Of the special addresses of IANA's registries those that `ipaddress` takes for global, and those that stand for IPv4
# ones: site-local, NAT64 of a network's own, IPv4-compatible, IPv4-translated, SRv6, documentation; the rest of
# 192.0.0.0/24, relays of 6to4.
_SPECIAL = [
    ipaddress.ip_network(text)
    for text in (
        "fec0::/10", "64:ff9b:1::/48", "::/96", "::ffff:0:0:0/96", "5f00::/16", "3fff::/20", "192.0.0.0/24",
        "192.88.99.0/24",
    )
]  # fmt: skip
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class BadAddress(ValueError):
    """The URL is none that a webhook may have, or does not lead to a machine that it may reach."""


def parse(url: str) -> SplitResult:
    """The parts of a webhook's URL. Raises BadAddress."""
    if len(url) > LONGEST or re.search(r"[\x00-\x20\x7f\\]", url):
        raise BadAddress(gettext_noop("This is no URL."))
    try:
        parts = urlsplit(url)
        has_port = parts.port != 0
    except ValueError:
        raise BadAddress(gettext_noop("This is no URL.")) from None
    if parts.scheme not in ("http", "https"):
        raise BadAddress(gettext_noop("The URL has to begin with https:// or http://."))
    if parts.username is not None or parts.password is not None:
        raise BadAddress(gettext_noop("A name or a password in the URL is not sent: leave them out."))
    if not parts.hostname or not has_port:
        raise BadAddress(gettext_noop("This is no URL."))
    return parts


def port_of(parts: SplitResult) -> int:
    """The port of a URL, also where it stands for itself."""
    return parts.port or (443 if parts.scheme == "https" else 80)


def resolve(parts: SplitResult) -> list[str]:
    """The IP addresses of a URL's host, at least one. Raises BadAddress where a single one of them must not be reached:
    a name that leads to several may be somebody's try to slip in."""
    try:
        found = socket.getaddrinfo(parts.hostname, port_of(parts), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise BadAddress(gettext_noop("No machine of this name was found.")) from None
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    for text in addresses:
        if not _may_be_reached(ipaddress.ip_address(text)):
            raise BadAddress(gettext_noop("This leads to a private address, to which webhooks are not sent."))
    return addresses


def _may_be_reached(address: _Address) -> bool:
    address = _inner(address)
    if conf.webhooks_to_private():
        # Even so: under link-local addresses clouds hand out their machines' credentials.
        return not (address.is_link_local or address.is_multicast or address.is_unspecified)
    return address.is_global and not address.is_multicast and not any(address in network for network in _SPECIAL)


def _inner(address: _Address) -> _Address:
    """The IPv4 address that an IPv6 address stands for, if it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)
