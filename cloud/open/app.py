"""`./ykt cloud open`: to serve, as the front of the platform does; or one command of the operator (commands/)."""

import asyncio
from collections.abc import Sequence

from cloud.open.commands.command_line import parser
from cloud.open.front.app import serve
from shared.errors import ConfigFault
from shared.words.voice import Text


def main(arguments: Sequence[str]) -> int:
    """Serve until told to end; or one command."""
    given = parser().parse_args(arguments)
    if given.run is not None:
        code: int = given.run(given)
        return code
    for name in ("port", "accounts"):
        if getattr(given, name) is None:
            lacks = Text(f"缺少 --{name}（docs/open-platform.md）", f"--{name} is missing (docs/open-platform.md)")
            raise ConfigFault(lacks)
    asyncio.run(serve(given))
    return 0
