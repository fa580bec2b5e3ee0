"""HOST:PORT and ports of a command line, for every part that takes one. Pure."""

from shared.errors import ConfigFault
from shared.words.voice import Text

PORT_MAX = 0xFFFF


def host_port(text: str, option: str) -> tuple[str, int]:
    """Host, without the brackets of an IPv6 address, and port; ConfigFault naming the option."""
    host, _, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdecimal()) or not 0 < int(port[:6]) <= PORT_MAX:
        raise ConfigFault(Text(f"{option}: 应为 HOST:PORT", f"{option}: must be HOST:PORT"))
    return host.strip("[]"), int(port)


def listening_port(text: str) -> int:
    """A port to listen on, 0 for any: a type of argparse, so ValueError for what is none."""
    port = int(text)
    if not 0 <= port <= PORT_MAX:
        raise ValueError(f"port {port}")
    return port
