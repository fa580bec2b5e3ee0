"""--health PORT: where a service tells whoever looks after it how it is. One form and one help for all of them."""

from shared.input.command_line import Parser
from shared.input.endpoint import listening_port
from shared.words.voice import Text

HEALTH_HELP = Text(
    "在本机此端口提供 /healthz、/readyz、/metrics；0：任选",
    "serve /healthz, /readyz and /metrics at this port of loopback; 0: any",
)


def add_health(parser: Parser) -> None:
    """Nothing is served without."""
    parser.add_argument("--health", type=listening_port, metavar="PORT", help=HEALTH_HELP)
