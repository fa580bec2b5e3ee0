"""--health PORT|SOCKET: where a service tells whoever looks after it how it is. One form for all of them."""

from pathlib import Path

from shared.input.command_line import Parser
from shared.input.endpoint import listening_port
from shared.words.voice import Text

HEALTH_HELP = Text(
    "在本机此端口（0：任选）或套接字提供 /healthz、/readyz、/metrics",
    "serve /healthz, /readyz and /metrics at this port of loopback (0: any), or at a socket",
)


def add_health(parser: Parser) -> None:
    """Nothing is served without."""
    parser.add_argument("--health", type=health_place, metavar="PORT|SOCKET", help=HEALTH_HELP)


def health_place(text: str) -> int | Path:
    """A port of loopback, or a socket's path, which begins with a slash. As listening_port raises."""
    return Path(text) if text.startswith("/") else listening_port(text)
