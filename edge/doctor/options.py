"""Words of the box's doctor and diagnostics on the command line; the rest is read when it is asked for."""

from shared.input.command_line import Parser
from shared.input.data_folder import add_data
from shared.words.voice import Text


def doctor_options(parser: Parser) -> None:
    """Of `doctor`."""
    add_data(parser)
    parser.add_argument("--box", default="", help=Text("只看这一台", "this one only"))
    broker = Text("消息代理；缺省依 /etc/openykt/edge.conf", "the broker; as /etc/openykt/edge.conf says if not given")
    parser.add_argument("--broker", metavar="HOST:PORT", help=broker)
    parser.add_argument("--tls", action="store_true", help=Text("与消息代理用双向 TLS", "mutual TLS with the broker"))
    parser.add_argument(
        "--json", action="store_true", help=Text("机器可读，一行 JSON", "one line of JSON, for a program")
    )
