"""Where this checkout is, whom its files are for, and what a wrong command line raises: for every verb of the launcher.

Standard library and shared/words only: `./ykt` asks the verbs before there is a venv.
"""

import os
from pathlib import Path

from shared.words.voice import Text

ROOT = Path(__file__).resolve().parents[1]
DATA_HELP = Text("数据目录，缺省 var/", "data folder (var/)")
"""Of the launcher's verbs, whose folder is not that of the parts."""


PASSABLE = 0o711
"""A folder that a server's own user must be able to pass through, and cannot look around in."""


def keep_private() -> None:
    """What this process and its children make from now on is its owner's alone; see make_passable."""
    os.umask(0o077)


def make_passable(folder: Path) -> None:
    """Make a folder through which others may pass, and those above it; one that is there stays as it is."""
    if not folder.is_dir():
        make_passable(folder.parent)
        folder.mkdir(exist_ok=True)
        folder.chmod(PASSABLE)


class WrongUse(Exception):
    """The command line asks for something that does not exist: exit code 2."""

    exit_code = 2
