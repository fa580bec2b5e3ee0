"""Where this checkout is, and what a wrong command line raises: for every verb of the launcher.

Standard library only: `./ykt` asks the verbs before there is a venv.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


class WrongUse(Exception):
    """The command line asks for something that does not exist: exit code 2."""

    exit_code = 2
