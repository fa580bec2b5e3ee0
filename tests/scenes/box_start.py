"""What systemd does for a box: `step` before each start, then what is current, and again when it ends.

It ends with its standard input, or by SIGTERM, as a part of a campus does.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

BOX = (sys.executable, "-m", "edge.upgrade")
WAIT_S = 0.2
"""Between two starts; systemd waits two seconds, and counts nothing."""
STARTS_MAX = 40


def main(words: list[str]) -> int:
    """The last exit code."""
    child: subprocess.Popen[bytes] | None = None
    is_ended = False

    def ended(_: int, __: FrameType | None) -> None:
        nonlocal is_ended
        is_ended = True
        if child is not None:
            child.terminate()

    signal.signal(signal.SIGTERM, ended)
    for _ in range(STARTS_MAX):
        subprocess.run((*BOX, "step"), check=True, stdout=sys.stderr)
        child = subprocess.Popen((*BOX, "run", "--", *words))
        code = child.wait()
        if is_ended or (code == 0 and not _is_wanted()):
            return code
        time.sleep(WAIT_S)
    return 1


def _is_wanted() -> bool:
    return (Path(os.environ["OPENYKT_BOX_INCOMING"]) / "wanted.json").exists()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
