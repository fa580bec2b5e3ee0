"""Where a webhook may lead: HTTPS, to a public address, unless the operator has allowed that host by its name. Pure.

Judged twice: as it is written when it is set, and by every address that its name has, each time before it is called;
the call then goes to that very address, so a name that answers differently a moment later leads nowhere else.
"""

import ipaddress
import re
from typing import NamedTuple
from urllib.parse import urlsplit

from shared.errors import ConfigFault
from shared.words.voice import Text

URL_MAX = 500
URL = (
    r"https://[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}))?"
    r"(?:/[!$-\[\]-~]*)?"
)
"""How it is written: a name or an address of IPv4, in small letters; no user, no fragment. In words that Python and
JSON Schema both have."""
_URL = re.compile(URL, re.ASCII)


class Target(NamedTuple):
    """path: with its query."""

    host: str
    port: int
    path: str


class AddressRefused(ConfigFault):
    """Happens when a webhook would lead where none may."""


def target_of(url: str) -> Target:
    """As it is written. AddressRefused."""
    if len(url) > URL_MAX or _URL.fullmatch(url) is None:
        raise AddressRefused(_FORM)
    found = urlsplit(url)
    return Target(
        found.hostname or "", found.port or 443, (found.path or "/") + (f"?{found.query}" if found.query else "")
    )


def require_reachable(host: str, addresses: list[str], allowed: frozenset[str]) -> str:
    """The address to call. AddressRefused: it has none, or one of them is none of the public net."""
    if not addresses:
        raise AddressRefused(Text("主机名没有地址", "the name has no address"))
    if host not in allowed and not all(map(is_public, addresses)):
        raise AddressRefused(Text("内网地址须由管理员允许", "a private address is for the operator to allow"))
    return addresses[0]


def is_public(address: str) -> bool:
    """One of the public net, also as IPv6 writes IPv4."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        found = found.ipv4_mapped or found.sixtofour or (found.teredo or (found,))[-1]
    is_nat64 = found.version == 6 and found in _NAT64
    return found.is_global and not found.is_multicast and not found.is_reserved and not is_nat64


_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_FORM = Text(
    f"回调地址应为 https://主机[:端口]/…，至多 {URL_MAX} 字节",
    f"a webhook is https://HOST[:PORT]/… of {URL_MAX} octets at most",
)
