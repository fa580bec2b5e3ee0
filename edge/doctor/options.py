"""Words of the box's doctor and diagnostics on the command line; the rest is read when it is asked for."""

from shared.input.command_line import Parser
from shared.input.data_folder import add_data
from shared.support.bundle_options import add_bundle
from shared.words.voice import Text


def doctor_options(parser: Parser) -> None:
    """Of `doctor`."""
    _asked(parser)
    told = Text("机器可读，一行 JSON", "one line of JSON, for a program")
    parser.add_argument("--json", action="store_true", help=told)


def diagnostics_options(parser: Parser) -> None:
    """Of `diagnostics`."""
    _asked(parser)
    add_bundle(parser)


def _asked(parser: Parser) -> None:
    add_data(parser)
    parser.add_argument("--box", default="", help=Text("只看这一台", "this one only"))
    broker = Text("消息代理；缺省依 /etc/openykt/edge.conf", "the broker; as /etc/openykt/edge.conf says if not given")
    parser.add_argument("--broker", metavar="HOST:PORT", help=broker)
    parser.add_argument("--tls", action="store_true", help=Text("与消息代理用双向 TLS", "mutual TLS with the broker"))
