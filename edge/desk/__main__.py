"""`python -m edge.desk VERB`: the card desk 卡务台. Exit 0 done, 1 refused, unknown or broken, 2 wrong use."""

from __future__ import annotations

import gc

if __name__ == "__main__":
    gc.disable()  # until `end`

import os
import sys

from edge.desk import options
from edge.desk.deeds import run
from edge.files.disk import InUse, keep_private
from shared.errors import ConfigFault, YktError
from shared.purse.errors import CardLost
from shared.words.ending import end, reader_is_gone
from shared.words.refused import why_not
from shared.words.voice import Text, speak, wanted

GONE = Text("卡已离开或读不出，请重新放卡", "the card is gone or not readable: present it again")


def main(arguments: list[str]) -> int:
    """The exit code."""
    try:
        return run(options.parse(arguments))
    except (ConfigFault, InUse) as wrong:
        sys.stderr.write(f"{wrong}\n")
        return 2
    except CardLost:
        sys.stderr.write(f"{GONE}\n")
        return 1
    except YktError as fault:
        sys.stderr.write(f"{Text('错误：', 'error: ')}{type(fault).__name__}: {fault}\n")
        return 1
    except OSError as fault:
        if reader_is_gone(fault):
            raise
        sys.stderr.write(f"{Text('无法读写：', 'cannot read or write: ')}{fault.filename or ''}: {why_not(fault).zh}\n")
        return 1
    except KeyboardInterrupt:
        return 1


if __name__ == "__main__":
    keep_private()
    speak(wanted(sys.argv[1:], os.environ))
    end(lambda: main(sys.argv[1:]))
