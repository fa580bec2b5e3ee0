"""`python -m edge.conform terminal`. Exit 0 conforms, 1 does not, 2 wrong use or not judged."""

import asyncio
import os
import sys

from edge.conform import options, subject
from edge.conform.bench import examine
from edge.files.disk import keep_private
from edge.life import exit_code
from shared.errors import ConfigFault
from shared.words.ending import end, reader_is_gone
from shared.words.voice import Text, speak, wanted

NOT_JUDGED = 2


def main(arguments: list[str]) -> int:
    """The exit code."""
    return exit_code(lambda: _do(arguments))


def _do(arguments: list[str]) -> int:
    given = options.parse(arguments)
    if given.json is not None and not given.json.parent.is_dir():
        raise ConfigFault(Text(f"--json: 没有目录 {given.json.parent}", f"--json: no folder {given.json.parent}"))
    try:
        return asyncio.run(examine(given, subject.load(given.terminal)))
    except OSError as fault:
        if reader_is_gone(fault):
            raise
        raise ConfigFault(Text(f"不能用：{fault}", f"cannot be used: {fault}")) from fault
    except KeyboardInterrupt:
        return NOT_JUDGED


if __name__ == "__main__":
    keep_private()
    speak(wanted(sys.argv[1:], os.environ))
    end(lambda: main(sys.argv[1:]))
